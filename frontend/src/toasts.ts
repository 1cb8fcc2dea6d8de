// Short notices at the edge of the page: said to screen readers, gone by themselves.
// Errors stay until they are closed.

const SHOWN_FOR = 6000;

function region(): HTMLElement | null {
  return document.getElementById("toasts");
}

export function toast(text: string): void {
  const box = document.createElement("div");
  box.className = "toast";
  box.textContent = text;
  region()?.append(box);
  window.setTimeout(() => box.remove(), SHOWN_FOR);
}

export function toasts(): void {
  document.addEventListener("toast", (event) => {
    if (event instanceof CustomEvent) toast(String(event.detail));
  });
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest("[data-dismisses]");
    button?.closest(".toast, .notice")?.remove();
  });
  for (const box of document.querySelectorAll("#toasts > .toast:not(.bad)")) {
    window.setTimeout(() => box.remove(), SHOWN_FOR);
  }
}
