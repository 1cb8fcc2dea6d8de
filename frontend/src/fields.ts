// <input type="file" data-reads-into="id"> puts a file's text into a field, and
// <button data-reveals="id"> shows what was typed into a password field.

import { toast } from "./toasts";

const LARGEST = 1024 * 1024;

async function read(input: HTMLInputElement): Promise<void> {
  const file = input.files?.[0];
  const into = document.getElementById(input.dataset.readsInto ?? "");
  if (!file || !(into instanceof HTMLTextAreaElement)) return;
  if (file.size > LARGEST) {
    toast(`${file.name} is larger than 1 MiB, which is more than a definition may have.`);
    return;
  }
  into.value = await file.text();
  into.dispatchEvent(new Event("input", { bubbles: true }));
  into.focus();
}

function reveal(button: HTMLElement): void {
  const field = document.getElementById(button.dataset.reveals ?? "");
  if (!(field instanceof HTMLInputElement)) return;
  const shown = field.type === "text";
  field.type = shown ? "password" : "text";
  button.setAttribute("aria-pressed", String(!shown));
}

export function fields(): void {
  document.addEventListener("change", (event) => {
    const target = event.target;
    if (target instanceof HTMLInputElement && target.dataset.readsInto) void read(target);
  });
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-reveals]");
    if (button) reveal(button);
  });
}
