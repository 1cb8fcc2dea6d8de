// <button data-opens="id"> opens a dialog, <button data-closes> closes the one it stands in.
// A dialog that htmx brings with data-show opens by itself, and leaves the page when it is closed;
// one with data-show-now is open when the page arrives. data-address is where the page is without.

function leave(dialog: HTMLElement): void {
  if (dialog.dataset.address) history.replaceState(null, "", dialog.dataset.address);
  dialog.remove();
}

function open(dialog: Element | null): void {
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

export function dialogs(): void {
  open(document.querySelector("dialog[data-show-now]"));
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const opener = target.closest<HTMLElement>("[data-opens]");
    if (opener) open(document.getElementById(opener.dataset.opens ?? ""));
    if (target.closest("[data-closes]")) target.closest("dialog")?.close();
  });
  document.addEventListener("htmx:load", (event) => {
    const element = event.target as Element;
    const shown = element.matches("dialog[data-show]")
      ? (element as HTMLElement)
      : element.querySelector<HTMLElement>("dialog[data-show]");
    open(shown);
    shown?.addEventListener("close", () => leave(shown));
  });
}
