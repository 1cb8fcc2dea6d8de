// Where something stands in a JSON text, also while that is not finished.

import { syntaxTree } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";
import type { SyntaxNode } from "@lezer/common";

export type Path = (string | number)[];

const VALUES = new Set(["Object", "Array", "String", "Number", "True", "False", "Null"]);

export function nodeAt(state: EditorState, at: number, side: -1 | 0 | 1 = -1): SyntaxNode {
  return syntaxTree(state).resolveInner(at, side);
}

export function unquoted(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text.replaceAll('"', "");
  }
}

export function nameOf(state: EditorState, property: SyntaxNode): string {
  const name = property.getChild("PropertyName");
  return name ? unquoted(state.sliceDoc(name.from, name.to)) : "";
}

export function textOf(state: EditorState, node: SyntaxNode): string {
  return unquoted(state.sliceDoc(node.from, node.to));
}

function indexIn(array: SyntaxNode, at: number): number {
  let index = 0;
  for (let child = array.firstChild; child; child = child.nextSibling) {
    if (VALUES.has(child.name) && child.to < at) index += 1;
  }
  return index;
}

/** The path of the value, or of the member, that a node is a part of. */
export function pathOf(state: EditorState, node: SyntaxNode, at: number): Path {
  const path: Path = [];
  for (let each: SyntaxNode | null = node; each; each = each.parent) {
    if (each.name === "Property") path.unshift(nameOf(state, each));
    else if (each.name === "Array") path.unshift(indexIn(each, at));
  }
  return path;
}

/** The object or list that a node stands in. */
export function containerOf(node: SyntaxNode): SyntaxNode | null {
  for (let each: SyntaxNode | null = node; each; each = each.parent) {
    if (each.name === "Object" || each.name === "Array") return each;
  }
  return null;
}

/** The value of a text member of an object. */
export function memberOf(state: EditorState, object: SyntaxNode, name: string): string | null {
  for (const property of object.getChildren("Property")) {
    if (nameOf(state, property) !== name) continue;
    const value = property.getChild("String");
    return value ? textOf(state, value) : null;
  }
  return null;
}

export function namesIn(state: EditorState, object: SyntaxNode): Set<string> {
  return new Set(object.getChildren("Property").map((each) => nameOf(state, each)));
}
