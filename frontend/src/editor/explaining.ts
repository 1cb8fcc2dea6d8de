// Hover help, and the same for the cursor in a line below the text: for the keyboard and for touch.

import type { EditorState } from "@codemirror/state";
import { type EditorView, hoverTooltip, type Tooltip } from "@codemirror/view";
import type { Knowledge } from "./completing";
import { h } from "./elements";
import { nodeAt, type Path, pathOf } from "./place";
import { aboutName } from "./placeholders";

interface Explanation {
  from: number;
  to: number;
  path: Path;
  title: string;
  text: string;
  values: string;
}

const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

function placeholderAt(state: EditorState, at: number, known: Knowledge): Explanation | null {
  const line = state.doc.lineAt(at);
  for (const match of line.text.matchAll(PLACEHOLDER)) {
    const from = line.from + match.index;
    if (at < from || at > from + match[0].length) continue;
    const name = (match[1] ?? "").trim();
    const text = aboutName(name, known.look);
    return text ? { from, to: from + match[0].length, path: [], title: name, text, values: "" } : null;
  }
  return null;
}

function memberAt(state: EditorState, at: number, known: Knowledge): Explanation | null {
  const node = nodeAt(state, at, 1);
  const path = pathOf(state, node, at);
  const { format } = known;
  const member = format?.member(path);
  if (!format || !member?.description) return null;
  const values = format.values(format.at(path)).map((each) => JSON.stringify(each));
  const said = member.default === undefined ? [] : [`Unless said: ${JSON.stringify(member.default)}.`];
  return {
    from: node.from,
    to: node.to,
    path,
    title: String(path.at(-1)),
    text: [member.description, ...said].join(" "),
    values: values.length > 1 ? `One of ${values.join(", ")}.` : "",
  };
}

export function explanationAt(state: EditorState, at: number, known: Knowledge): Explanation | null {
  return placeholderAt(state, at, known) ?? memberAt(state, at, known);
}

export function explaining(known: () => Knowledge) {
  return hoverTooltip((view: EditorView, at: number): Tooltip | null => {
    const found = explanationAt(view.state, at, known());
    if (!found || found.to - found.from > 400) return null;
    return {
      pos: found.from,
      end: found.to,
      above: true,
      create: () => ({
        dom: h(
          "div",
          { class: "cm-about" },
          h("strong", {}, found.title),
          h("p", {}, found.text),
          found.values ? h("p", { class: "hint" }, found.values) : null,
        ),
      }),
    };
  });
}

/** One line for where the cursor is. */
export function whereabouts(state: EditorState, known: Knowledge): { place: string; about: string } {
  const at = state.selection.main.head;
  const line = state.doc.lineAt(at);
  const place = `Line ${line.number}, column ${at - line.from + 1}`;
  const found = explanationAt(state, at, known);
  if (!found) return { place, about: "" };
  const name = found.path.length ? found.path.join(" › ") : found.title;
  return { place, about: `${name}: ${found.text}` };
}
