// Beside the text: the secrets that it names, and its actions.

import { byId, h, icon } from "./elements";
import type { Look, NamedSecret, OutlinedAction } from "./shapes";

export interface SideActs {
  jump: (at: number) => void;
  addSecret: (name: string) => void;
}

function secretLine(secret: NamedSecret, acts: SideActs): HTMLElement {
  return h(
    "li",
    { class: "side-line" },
    h(
      "div",
      { class: "side-text" },
      h("button", { type: "button", class: "side-name", title: "Go to where it stands", click: () => acts.jump(secret.start) }, secret.name),
      secret.browser ? h("span", { class: "hint" }, "the browser sees this one") : null,
    ),
    secret.stored
      ? h("span", { class: "badge good" }, icon("check"), "Present")
      : h(
          "button",
          { type: "button", class: "button small", click: () => acts.addSecret(secret.name) },
          icon("plus"),
          "Missing: add",
          h("span", { class: "visually-hidden" }, ` the secret ${secret.name}`),
        ),
  );
}

function actionLine(action: OutlinedAction, acts: SideActs): HTMLElement {
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "action-line", click: () => acts.jump(action.start) },
      h("span", { class: "method" }, action.method || "?"),
      h("span", { class: "action-text" }, h("span", {}, action.label || action.name), h("span", { class: "hint" }, action.name)),
    ),
  );
}

export function showSide(look: Look, acts: SideActs): void {
  const secrets = look.secrets.map((each) => secretLine(each, acts));
  byId("secret-list").replaceChildren(...secrets);
  byId("no-secrets").hidden = secrets.length > 0;
  const actions = look.actions.map((each) => actionLine(each, acts));
  byId("action-list").replaceChildren(...actions);
  byId("no-actions").hidden = actions.length > 0;
  byId("editor").dataset.filled = "true";
  byId("action-count").textContent = actions.length ? String(actions.length) : "";
}
