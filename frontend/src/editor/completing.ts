// Completion: members, listed values, paths and methods of endpoints, names in {{ }}.

import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  snippet,
} from "@codemirror/autocomplete";
import type { EditorState } from "@codemirror/state";
import type { SyntaxNode } from "@lezer/common";
import { containerOf, memberOf, namesIn, nodeAt, type Path, pathOf } from "./place";
import { namesFor } from "./placeholders";
import type { Format, Schema } from "./schema";
import type { Look } from "./shapes";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

export interface Knowledge {
  format: Format | null;
  look: Look;
}

/** What a new member's value begins as; the cursor goes where `#{}` stands. */
function beginning(format: Format, member: Schema): string {
  const types = format.types(member);
  if (types.has("object")) return "{#{}}";
  if (types.has("array")) return "[#{}]";
  if (types.has("boolean")) return "#{true}";
  if (types.has("integer") || types.has("number")) return "#{0}";
  return '"#{}"';
}

function isTakenBy(state: EditorState, at: number): boolean {
  return /^"?\s*:/.test(state.sliceDoc(at, at + 40));
}

function nameOptions(context: CompletionContext, known: Knowledge, object: SyntaxNode): Completion[] {
  const { format } = known;
  if (!format) return [];
  const path = pathOf(context.state, object, context.pos);
  const there = namesIn(context.state, object);
  const members = [...format.members(path)].filter(([name, each]) => !each.deprecated && !there.has(name));
  const options = members.map(([name, each]) => ({
    label: name,
    type: "property",
    ...(each.description === undefined ? {} : { info: each.description }),
    value: beginning(format, each),
  }));
  if (path.length === 1 && path[0] === "endpoints") {
    options.push(...METHODS.filter((each) => !there.has(each)).map((label) => ({ label, type: "enum", value: "{#{}}" })));
  }
  return options.map(({ value, ...option }) => ({ ...option, apply: applying(option.label, value) }));
}

function applying(name: string, value: string): Completion["apply"] {
  return (view, completion, from, to) => {
    const quoted = JSON.stringify(name);
    const text = isTakenBy(view.state, to) ? quoted : `${quoted}: ${value}`;
    const end = view.state.sliceDoc(to, to + 1) === '"' && view.state.sliceDoc(from, from + 1) === '"' ? to + 1 : to;
    snippet(text)(view, completion, from, end);
  };
}

function completeName(context: CompletionContext, known: Knowledge): CompletionResult | null {
  const node = nodeAt(context.state, context.pos);
  const object = containerOf(node);
  if (object?.name !== "Object") return null;
  const word = context.matchBefore(/"?[\w$]*/);
  const from = word?.from ?? context.pos;
  const before = context.state.sliceDoc(Math.max(0, from - 200), from).trimEnd();
  if (!/[{,]$/.test(before) || (from === context.pos && !context.explicit)) return null;
  const options = nameOptions(context, known, object);
  const filterFrom = word?.text.startsWith('"') ? from + 1 : from;
  return options.length ? { from, options, filter: true, ...matching(options, filterFrom - from) } : null;
}

/** With an opening quote typed, options are compared by their quoted names. */
function matching(options: Completion[], quote: number): Partial<CompletionResult> {
  if (!quote) return { validFor: /^"?[\w$]*$/ };
  return {
    options: options.map((each) => ({ ...each, displayLabel: each.label, label: `"${each.label}` })),
    validFor: /^"[\w$]*$/,
  };
}

function pathsOf(state: EditorState, object: SyntaxNode, look: Look): string[] {
  const method = memberOf(state, object, "method");
  const all = Object.entries(look.endpoints);
  return all.filter(([each]) => !method || each === method).flatMap(([, paths]) => paths);
}

function methodsOf(state: EditorState, object: SyntaxNode, look: Look): string[] {
  const path = memberOf(state, object, "endpoint");
  const holding = Object.entries(look.endpoints).filter(([, paths]) => path && paths.includes(path));
  return holding.length ? holding.map(([method]) => method) : Object.keys(look.endpoints);
}

function valueOptions(state: EditorState, known: Knowledge, node: SyntaxNode, path: Path): Completion[] {
  const object = containerOf(node);
  const name = path.at(-1);
  if (object?.name === "Object" && (path[0] === "actions" || path[0] === "auth_test")) {
    const found = name === "endpoint" ? pathsOf(state, object, known.look) : null;
    const methods = name === "method" ? methodsOf(state, object, known.look) : null;
    const texts = found ?? methods;
    if (texts) return [...new Set(texts)].map((label) => ({ label, type: "constant" }));
  }
  const schemas = known.format?.at(path) ?? [];
  const about = known.format?.member(path)?.description;
  return (known.format?.values(schemas) ?? [])
    .filter((each) => typeof each === "string" || typeof each === "boolean")
    .map((each) => ({ label: String(each), type: "enum", ...(about === undefined ? {} : { info: about }) }));
}

function completeText(context: CompletionContext, known: Knowledge, node: SyntaxNode): CompletionResult | null {
  const { state, pos } = context;
  const path = pathOf(state, node, pos);
  const before = state.sliceDoc(node.from + 1, pos);
  const open = before.lastIndexOf("{{");
  if (open >= 0 && !before.slice(open).includes("}}")) {
    const from = node.from + 1 + open + 2 + (/^\s*/.exec(before.slice(open + 2))?.[0].length ?? 0);
    const closed = /^\s*\}\}/.test(state.sliceDoc(pos, pos + 10));
    const options = namesFor(path, known.look).map((each) => ({
      label: each.name,
      type: each.kind === "secret" ? "constant" : "variable",
      info: each.about,
      apply: closed ? each.name : `${each.name}}}`,
    }));
    return options.length ? { from, options, validFor: /^[^{}]*$/ } : null;
  }
  const options = valueOptions(state, known, node, path);
  return options.length ? { from: node.from + 1, options, validFor: /^[^"{}]*$/ } : null;
}

function completeWord(context: CompletionContext, known: Knowledge): CompletionResult | null {
  const word = context.matchBefore(/\w*/);
  if (!word || (word.from === word.to && !context.explicit)) return null;
  if (!/:\s*$/.test(context.state.sliceDoc(Math.max(0, word.from - 200), word.from))) return null;
  const node = nodeAt(context.state, context.pos);
  const path = pathOf(context.state, node, context.pos);
  const options = valueOptions(context.state, known, node, path).map((each) => {
    const plain = each.label === "true" || each.label === "false";
    return plain ? each : { ...each, apply: JSON.stringify(each.label) };
  });
  return options.length ? { from: word.from, options, validFor: /^\w*$/ } : null;
}

export function completing(known: () => Knowledge) {
  return (context: CompletionContext): CompletionResult | null => {
    const node = nodeAt(context.state, context.pos);
    if (node.name === "String" && context.pos > node.from) return completeText(context, known(), node);
    return completeName(context, known()) ?? completeWord(context, known());
  };
}
