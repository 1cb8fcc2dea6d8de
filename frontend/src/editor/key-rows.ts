// Rows in which secrets are entered: a name and a value each.

import { byId, h, icon } from "./elements";
import type { Look } from "./shapes";

export interface Entered {
  name: string;
  value: string;
}

interface Row {
  element: HTMLElement;
  name: HTMLInputElement;
  value: HTMLTextAreaElement;
  about: HTMLElement;
  fault: HTMLElement;
}

const NAMESPACE = /^(oauth|authFields|connection|actionFields|urlFields)\./;
let made = 0;

function faultOf(row: Row, taken: Set<string>, names: string[]): string {
  const name = row.name.value;
  if (!name && !row.value.value) return "";
  if (!name.trim()) return "Give it a name.";
  if (name !== name.trim()) return "A name has no spaces around it.";
  if (/[{}]/.test(name)) return "A name has no braces: write it without them here.";
  if (NAMESPACE.test(name)) return "A name does not begin with a namespace such as oauth.";
  if (taken.has(name)) return "It is stored already. A value never changes: delete it above, then enter it anew.";
  if (names.filter((each) => each === name).length > 1) return "This name is given twice.";
  return "";
}

export class EnteredRows {
  private rows: Row[] = [];
  isGood = true;

  constructor(private readonly changed: () => void) {}

  add(name: string, browser = false): { focus: () => void } {
    const row = this.make(name, browser);
    this.rows.push(row);
    byId("key-rows").append(row.element);
    this.changed();
    return { focus: () => row.name.focus() };
  }

  /** Put a value into the row of a name, or into a row of its own. */
  fill(name: string, value: string): void {
    if (!this.rows.some((each) => each.name.value === name)) this.add(name);
    const row = this.rows.find((each) => each.name.value === name);
    if (row) row.value.value = value;
    this.changed();
  }

  /** Forget every value that was typed. */
  clear(): void {
    for (const row of this.rows) row.value.value = "";
    this.rows = [];
    byId("key-rows").replaceChildren();
  }

  focusOn(name: string): void {
    const row = this.rows.find((each) => each.name.value === name) ?? this.rows[0];
    const field = row && (row.name.value ? row.value : row.name);
    (field ?? byId("add-pair")).focus();
  }

  entered(): Entered[] {
    return this.rows
      .filter((each) => each.name.value && each.value.value)
      .map((each) => ({ name: each.name.value, value: each.value.value }));
  }

  check(taken: Set<string>, look: Look): void {
    const names = this.rows.map((each) => each.name.value).filter(Boolean);
    this.isGood = true;
    for (const row of this.rows) {
      const fault = faultOf(row, taken, names);
      row.fault.textContent = fault;
      row.name.setAttribute("aria-invalid", String(fault !== ""));
      const named = look.secrets.find((each) => each.name === row.name.value);
      row.about.textContent = named?.browser ? "the browser sees this one" : "";
      if (fault) this.isGood = false;
    }
  }

  private make(name: string, browser: boolean): Row {
    made += 1;
    const [nameId, valueId, faultId, aboutId] = ["name", "value", "fault", "about"].map((each) => `key-${each}-${made}`) as [string, string, string, string];
    const input = { input: () => this.changed() };
    const row = {
      name: h("input", {
        id: nameId, class: "input mono", value: name, autocomplete: "off", spellcheck: "false",
        autocapitalize: "off", "aria-describedby": `${faultId} ${aboutId}`, maxlength: "200", ...input,
      }),
      value: h("textarea", {
        id: valueId, class: "input mono secret-value", rows: "1", autocomplete: "off", spellcheck: "false",
        autocapitalize: "off", autocorrect: "off", "data-1p-ignore": true, "data-lpignore": "true", ...input,
      }),
      fault: h("p", { id: faultId, class: "error" }),
      about: h("p", { id: aboutId, class: "hint" }, browser ? "the browser sees this one" : ""),
    };
    const remove = h("button", { type: "button", class: "button plain icon", "aria-label": "Remove this row", click: () => this.remove(element) }, icon("close"));
    const show = h("button", { type: "button", class: "button small", "aria-pressed": "false", click: () => reveal(row.value, show) }, "Show");
    const element = h(
      "li",
      { class: "key-row" },
      h("div", { class: "field" }, h("label", { for: nameId }, "Secret Name"), row.name, row.about),
      h("div", { class: "field" }, h("label", { for: valueId }, "Secret Value"), h("div", { class: "with-button" }, row.value, show)),
      remove,
      row.fault,
    );
    return { element, ...row };
  }

  private remove(element: HTMLElement): void {
    const at = this.rows.findIndex((each) => each.element === element);
    for (const row of this.rows.splice(at, 1)) row.value.value = "";
    element.remove();
    this.changed();
    (this.rows[Math.max(0, at - 1)]?.name ?? byId("add-pair")).focus();
  }
}

function reveal(value: HTMLTextAreaElement, button: HTMLElement): void {
  const shown = value.classList.toggle("shown");
  button.setAttribute("aria-pressed", String(shown));
  button.textContent = shown ? "Hide" : "Show";
}
