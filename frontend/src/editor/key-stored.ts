// The secrets that are stored: everything about them but their values.

import { ago, byId, counted, h, icon } from "./elements";
import type { KeyRing, Look, StoredSecret } from "./shapes";

export interface Staged {
  deleted: Set<string>;
  confirmed: Set<string>;
}

/** Called after a change; `again` moves the focus, once the list was made anew. */
type Changed = (again?: () => void) => void;

interface Context {
  staged: Staged;
  origins: string[];
  look: Look;
  changed: Changed;
}

function focusOn(id: string): void {
  byId("stored-keys").querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] button`)?.focus();
}

function toggle(set: Set<string>, id: string, changed: Changed): void {
  if (!set.delete(id)) set.add(id);
  changed(() => focusOn(id));
}

function times(secret: StoredSecret): HTMLElement {
  const used = secret.last_used_at ? ["last used ", ago(secret.last_used_at)] : ["never used yet"];
  return h("p", { class: "hint" }, "Added ", ago(secret.created_at), ", ", ...used);
}

function destinations(secret: StoredSecret, context: Context): HTMLElement[] {
  const where = secret.origins.length ? secret.origins.join(", ") : "nowhere yet";
  const lines = [h("p", { class: "hint" }, "May go to ", h("span", { class: "origins" }, where))];
  const missing = context.origins.filter((each) => !secret.origins.includes(each));
  const named = context.look.secrets.some((each) => each.name === secret.name);
  if (!named || !missing.length || context.staged.deleted.has(secret.id)) return lines;
  const confirmed = context.staged.confirmed.has(secret.id);
  lines.push(
    h(
      "div",
      { class: "row" },
      h("span", { class: "hint" }, confirmed ? `Allowed on Save, in place of the above: ${context.origins.join(", ")}` : `The text now sends it to ${missing.join(", ")} as well; that is refused until you allow it.`),
      h("button", { type: "button", class: "button small", click: () => toggle(context.staged.confirmed, secret.id, context.changed) }, confirmed ? "Undo" : "Allow"),
    ),
  );
  return lines;
}

function consequence(secret: StoredSecret): string {
  if (!secret.renewing) return "Deleted on Save.";
  return `Deleted on Save: ${counted(secret.renewing, "connection")} will stop renewing.`;
}

function stored(secret: StoredSecret, context: Context): HTMLElement {
  const deleted = context.staged.deleted.has(secret.id);
  const button = h(
    "button",
    {
      type: "button",
      class: `button small ${deleted ? "" : "danger on-hover"}`,
      "aria-label": `${deleted ? "Undo: keep" : "Delete"} ${secret.name}`,
      click: () => toggle(context.staged.deleted, secret.id, context.changed),
    },
    ...(deleted ? ["Undo"] : [icon("trash"), "Delete"]),
  );
  return h(
    "li",
    { class: `stored-key ${deleted ? "going" : ""}`, "data-id": secret.id },
    h(
      "div",
      { class: "grow" },
      h("p", { class: "row" }, h("strong", { class: "key-name" }, secret.name), secret.browser ? h("span", { class: "hint" }, "the browser sees this one") : null),
      ...(deleted ? [h("p", { class: "error", role: "status" }, consequence(secret))] : [times(secret), ...destinations(secret, context)]),
    ),
    button,
  );
}

export function showStored(ring: KeyRing, staged: Staged, origins: string[], look: Look, changed: Changed): void {
  const context = { staged, origins, look, changed };
  byId("stored-keys").replaceChildren(...ring.secrets.map((each) => stored(each, context)));
}
