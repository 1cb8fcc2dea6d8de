// <details class="menu"> becomes a menu button: one stop for Tab. Click, Enter, Space and the arrow
// keys open it; the arrow keys, Home and End go through its items, Escape and Tab leave it. With
// data-hover it opens under the mouse too; a click then keeps open what hovering opened, and the
// next click closes it. Without this script it is a list that opens and closes.

const ITEMS = "a[href], button:not([disabled])";
const HOVERS = "details.menu[data-hover]";

/** Menus that the mouse opened by lying over them, and nobody clicked since. */
const hovered = new WeakSet<HTMLDetailsElement>();

function itemsOf(menu: HTMLDetailsElement): HTMLElement[] {
  const list = menu.querySelector(":scope > .menu-items");
  return list ? [...list.querySelectorAll<HTMLElement>(ITEMS)] : [];
}

function summaryOf(menu: HTMLDetailsElement): HTMLElement | null {
  return menu.querySelector<HTMLElement>(":scope > summary");
}

function prepare(menu: HTMLDetailsElement): void {
  const list = menu.querySelector(":scope > .menu-items");
  const summary = summaryOf(menu);
  if (!list || !summary || list.role === "menu") return;
  summary.ariaHasPopup = "menu";
  list.role = "menu";
  list.ariaLabel = "Actions";
  for (const between of list.querySelectorAll("form, p")) between.role = "none";
  for (const item of list.querySelectorAll<HTMLElement>(ITEMS)) {
    item.role = "menuitem";
    item.tabIndex = -1;
  }
}

function prepareIn(within: ParentNode): void {
  within.querySelectorAll<HTMLDetailsElement>("details.menu").forEach(prepare);
}

function close(menu: HTMLDetailsElement, { focus }: { focus: boolean }): void {
  menu.open = false;
  hovered.delete(menu);
  if (focus) summaryOf(menu)?.focus();
}

/** Open a menu, and put the focus on its first item, or on the last for -1. */
function enter(menu: HTMLDetailsElement, at: 0 | -1): void {
  menu.open = true;
  itemsOf(menu).at(at)?.focus();
}

function move(menu: HTMLDetailsElement, step: 1 | -1): void {
  const items = itemsOf(menu);
  const at = items.indexOf(document.activeElement as HTMLElement);
  if (at < 0) enter(menu, step > 0 ? 0 : -1);
  else items[(at + step + items.length) % items.length]?.focus();
}

/** Do what a key means in a menu; tell whether it meant something. */
function did(key: string, menu: HTMLDetailsElement): boolean {
  if (key === "ArrowDown") move(menu, 1);
  else if (key === "ArrowUp") move(menu, -1);
  else if (!menu.open) return false;
  else if (key === "Home") enter(menu, 0);
  else if (key === "End") enter(menu, -1);
  else if (key === "Escape") close(menu, { focus: true });
  else return false;
  return true;
}

function onKey(event: KeyboardEvent): void {
  const menu = (event.target as Element).closest<HTMLDetailsElement>("details.menu") ?? lying(event);
  if (!menu) return;
  // From the button on, whichever item had the focus.
  if (event.key === "Tab" && menu.open) close(menu, { focus: true });
  else if (did(event.key, menu)) event.preventDefault();
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
  // What an item opens gives the focus back to the button: the item is not there any more.
  if (target.closest(".menu-items a, .menu-items button")) close(menu, { focus: true });
  else if (target.closest("summary")) onButton(event, menu);
}

function onButton(event: MouseEvent, menu: HTMLDetailsElement): void {
  const byKey = event.detail === 0; // Enter and Space click too
  const stays = hovered.delete(menu) && !byKey;
  if (stays || (byKey && !menu.open)) event.preventDefault();
  if (byKey && !menu.open) enter(menu, 0);
}

export function menus(): void {
  prepareIn(document);
  document.addEventListener("htmx:load", (event) => prepareIn(event.target as Element));
  document.addEventListener("keydown", onKey);
  document.addEventListener("pointerdown", (event) => closeOthers(event.target));
  document.addEventListener("focusin", (event) => closeOthers(event.target));
  document.addEventListener("pointerover", onHover);
  document.addEventListener("click", onClick);
}
