// Notices above the text: what happened, and what can be done. One of each kind at a time.

import { byId, h } from "./elements";

export interface Choice {
  label: string;
  run: () => void;
}

export function notice(kind: string, tone: "" | "warn" | "bad", title: string, text: string, choices: Choice[] = []): void {
  withdraw(kind);
  const buttons = choices.map((each) =>
    h("button", { type: "button", class: "button small", click: each.run }, each.label),
  );
  byId("notices").append(
    h(
      "div",
      { class: `notice ${tone}`, "data-kind": kind, role: tone === "bad" ? "alert" : "status" },
      h("strong", {}, title),
      h("p", {}, text),
      buttons.length ? h("div", { class: "row" }, ...buttons) : null,
    ),
  );
}

export function withdraw(kind: string): void {
  for (const each of byId("notices").querySelectorAll(`[data-kind="${kind}"]`)) each.remove();
}
