// <input type="file" data-carried-by="id"> puts a file into a hidden field as base64, with its name
// and media type in the two fields that follow.

import { toast } from "./toasts";

const LARGEST = 10 * 1024 * 1024;

function base64(content: ArrayBuffer): string {
  const bytes = new Uint8Array(content);
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(text);
}

function sibling(field: HTMLInputElement, ending: string): HTMLInputElement | null {
  const name = CSS.escape(field.name + ending);
  return field.form?.querySelector<HTMLInputElement>(`input[name="${name}"]`) ?? null;
}

async function carry(input: HTMLInputElement): Promise<void> {
  const field = document.getElementById(input.dataset.carriedBy ?? "");
  if (!(field instanceof HTMLInputElement)) return;
  const file = input.files?.[0];
  if (file && file.size > LARGEST) {
    toast(`${file.name} is larger than 10 MiB, which is more than a form carries.`);
    input.value = "";
  }
  const taken = input.files?.[0];
  field.value = taken ? base64(await taken.arrayBuffer()) : "";
  const name = sibling(field, "-name");
  const type = sibling(field, "-type");
  if (name) name.value = taken?.name ?? "";
  if (type) type.value = taken?.type ?? "";
}

export function carriedFiles(): void {
  document.addEventListener("change", (event) => {
    const target = event.target;
    if (target instanceof HTMLInputElement && target.dataset.carriedBy) void carry(target);
  });
}
