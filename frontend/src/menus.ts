// <details class="menu"> opens by hover, click, Enter and arrow keys, and closes like any menu.

const ITEMS = "a[href], button:not([disabled])";

function itemsOf(menu: HTMLDetailsElement): HTMLElement[] {
  const list = menu.querySelector(":scope > .menu-items");
  return list ? [...list.querySelectorAll<HTMLElement>(ITEMS)] : [];
}

function close(menu: HTMLDetailsElement, { focus }: { focus: boolean }): void {
  menu.open = false;
  if (focus) menu.querySelector<HTMLElement>(":scope > summary")?.focus();
}

function move(menu: HTMLDetailsElement, step: number): void {
  const items = itemsOf(menu);
  const at = items.indexOf(document.activeElement as HTMLElement);
  const next = at < 0 ? (step > 0 ? 0 : items.length - 1) : (at + step + items.length) % items.length;
  items[next]?.focus();
}

function onKey(event: KeyboardEvent): void {
  const menu = (event.target as Element).closest<HTMLDetailsElement>("details.menu");
  if (!menu) return;
  if (event.key === "Escape" && menu.open) {
    close(menu, { focus: true });
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    menu.open = true;
    move(menu, event.key === "ArrowDown" ? 1 : -1);
  } else {
    return;
  }
  event.preventDefault();
}

function closeOthers(within: EventTarget | null): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
    if (!(within instanceof Node && menu.contains(within))) close(menu, { focus: false });
  }
}

export function menus(): void {
  document.addEventListener("keydown", onKey);
  document.addEventListener("pointerdown", (event) => closeOthers(event.target));
  document.addEventListener("focusin", (event) => closeOthers(event.target));
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const menu = (event.target as Element).closest<HTMLDetailsElement>("details.menu[data-hover]");
    if (menu) menu.open = true;
    else closeHovered();
  });
  document.addEventListener("click", (event) => {
    const item = (event.target as Element).closest(".menu-items a, .menu-items button");
    const menu = item?.closest<HTMLDetailsElement>("details.menu");
    if (menu) close(menu, { focus: false });
  });
}

/** Close what hovering opened, unless the keyboard is in it. */
function closeHovered(): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[data-hover][open]")) {
    if (!menu.contains(document.activeElement)) close(menu, { focus: false });
  }
}
