// <button data-copy="text"> and <button data-copy-from="id of an element"> fill the clipboard.

import { toast } from "./toasts";

function textOf(button: HTMLElement): string {
  const place = button.dataset.copyFrom;
  if (place === undefined) return button.dataset.copy ?? "";
  const source = document.getElementById(place);
  const typed = source instanceof HTMLInputElement || source instanceof HTMLTextAreaElement;
  return typed ? source.value : (source?.textContent ?? "");
}

/** Copy without the clipboard API, which plain http has on loopback only. */
function copyBySelection(text: string): boolean {
  const box = document.createElement("textarea");
  box.value = text;
  box.className = "visually-hidden";
  const within = document.querySelector("dialog[open]") ?? document.body;
  const focused = document.activeElement;
  within.append(box);
  box.select();
  const copied = document.execCommand("copy");
  box.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
}

export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

export function copying(): void {
  document.addEventListener("click", async (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-copy], [data-copy-from]");
    if (!button) return;
    const copied = await copy(textOf(button));
    toast(copied ? "Copied." : "The browser did not let this be copied. Select it and press Ctrl+C.");
  });
}
