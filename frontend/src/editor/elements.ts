// Make elements without HTML: whatever a text holds, it stays a text.

type Child = Node | string | null;
type Attributes = Record<string, string | boolean | ((event: Event) => void)>;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((each) => each !== null));
  return element;
}

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}.`);
  return found;
}

/** An icon that the page holds as a template; it says nothing to screen readers. */
export function icon(name: string): Node {
  const template = document.getElementById(`icon-${name}`);
  if (!(template instanceof HTMLTemplateElement)) return document.createTextNode("");
  return template.content.cloneNode(true);
}

export function counted(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

const AGES: [number, string][] = [
  [31_536_000, "year"],
  [2_592_000, "month"],
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
];

/** "3 minutes ago", with the exact time on hover. */
export function ago(moment: string): HTMLTimeElement {
  const then = new Date(moment);
  const seconds = Math.max(0, (Date.now() - then.getTime()) / 1000);
  const unit = AGES.find(([length]) => seconds >= length);
  const text = unit ? `${counted(Math.floor(seconds / unit[0]), unit[1])} ago` : "just now";
  const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
  return h("time", { datetime: moment, title: exact.format(then) }, text);
}
