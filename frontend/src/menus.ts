// <details class="menu"> opens by click, Enter, Space and arrow keys, and closes like any menu.
// With data-hover it opens under the mouse too, and when Tab comes to it; a click then keeps open
// what hovering opened, and the next click closes it.

const ITEMS = "a[href], button:not([disabled])";
const HOVERS = "details.menu[data-hover]";

/** Menus that the mouse opened by lying over them, and nobody clicked since. */
const hovered = new WeakSet<HTMLDetailsElement>();
/** Whether Tab is down: what gets the focus otherwise, from Escape or a dialog, stays closed. */
let tabbing = false;

function itemsOf(menu: HTMLDetailsElement): HTMLElement[] {
  const list = menu.querySelector(":scope > .menu-items");
  return list ? [...list.querySelectorAll<HTMLElement>(ITEMS)] : [];
}

function close(menu: HTMLDetailsElement, { focus }: { focus: boolean }): void {
  menu.open = false;
  hovered.delete(menu);
  if (focus) menu.querySelector<HTMLElement>(":scope > summary")?.focus();
}

function move(menu: HTMLDetailsElement, step: number): void {
  const items = itemsOf(menu);
  const at = items.indexOf(document.activeElement as HTMLElement);
  const next = at < 0 ? (step > 0 ? 0 : items.length - 1) : (at + step + items.length) % items.length;
  items[next]?.focus();
}

function onKey(event: KeyboardEvent): void {
  tabbing = event.key === "Tab";
  const menu = (event.target as Element).closest<HTMLDetailsElement>("details.menu") ?? lying(event);
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

/** Return what Escape is for when the keyboard is elsewhere: a menu that lies open by hovering. */
function lying(event: KeyboardEvent): HTMLDetailsElement | null {
  return event.key === "Escape" ? document.querySelector(`${HOVERS}[open]`) : null;
}

function closeOthers(within: EventTarget | null): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
    if (!(within instanceof Node && menu.contains(within))) close(menu, { focus: false });
  }
}

function onFocus(event: FocusEvent): void {
  closeOthers(event.target);
  const menu = (event.target as Element).closest(`${HOVERS} > summary`)?.parentElement;
  if (menu instanceof HTMLDetailsElement && tabbing) menu.open = true;
}

function onHover(event: PointerEvent): void {
  if (event.pointerType !== "mouse") return;
  const menu = (event.target as Element).closest<HTMLDetailsElement>(HOVERS);
  closeHovered(menu);
  if (!menu || menu.open) return;
  menu.open = true;
  hovered.add(menu);
}

/** Close what hovering opened, unless the keyboard is in it. */
function closeHovered(except: HTMLDetailsElement | null): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>(`${HOVERS}[open]`)) {
    if (menu !== except && !menu.contains(document.activeElement)) close(menu, { focus: false });
  }
}

function onClick(event: MouseEvent): void {
  const target = event.target as Element;
  const menu = target.closest<HTMLDetailsElement>("details.menu");
  if (!menu) return;
  if (target.closest(".menu-items a, .menu-items button")) close(menu, { focus: false });
  // Enter and Space click too, with a detail of 0: they toggle whatever opened the menu.
  else if (target.closest("summary") && hovered.delete(menu) && event.detail > 0) {
    event.preventDefault();
  }
}

export function menus(): void {
  document.addEventListener("keydown", onKey);
  document.addEventListener("pointerdown", (event) => closeOthers(event.target));
  document.addEventListener("keyup", () => (tabbing = false));
  document.addEventListener("focusin", onFocus);
  document.addEventListener("pointerover", onHover);
  document.addEventListener("click", onClick);
}
