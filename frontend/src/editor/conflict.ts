// Somebody else saved meanwhile: both texts, and a choice. Nothing is overwritten. On a wide screen
// they stand beside each other, on a narrow one what differs stands in one text.

import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { reading } from "./code";
import { ago, byId, h } from "./elements";
import type { Draft } from "./shapes";

export interface Chosen {
  /** Save this text over the one that was shown. */
  save: (text: string) => void;
  /** Go on with the saved text; what was typed stays in the history of undo. */
  take: () => void;
}

interface Comparison {
  mine: () => string;
  destroy: () => void;
}

const NARROW = "(max-width: 767px)";
const TAKE = "Take this part of what was saved";
const UNCHANGED = { margin: 3, minSize: 6 };

function named(label: string): Extension {
  return EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" });
}

function besides(parent: HTMLElement, theirs: string, mine: string, nonce: string): Comparison {
  const view = new MergeView({
    parent,
    a: { doc: theirs, extensions: [reading(nonce), named("What was saved"), EditorState.readOnly.of(true)] },
    b: { doc: mine, extensions: [reading(nonce), named("What you typed")] },
    revertControls: "a-to-b",
    renderRevertControl: () => h("button", { type: "button", title: TAKE, "aria-label": TAKE }, "→"),
    collapseUnchanged: UNCHANGED,
    gutter: true,
  });
  return { mine: () => view.b.state.doc.toString(), destroy: () => view.destroy() };
}

function inOne(parent: HTMLElement, theirs: string, mine: string, nonce: string): Comparison {
  const merging = unifiedMergeView({
    original: theirs,
    collapseUnchanged: UNCHANGED,
    mergeControls: (kind, act) =>
      kind === "reject"
        ? h("button", { type: "button", class: "button small", click: (event) => act(event as MouseEvent) }, TAKE)
        : h("span"),
  });
  const extensions = [reading(nonce), named("What you typed, with what was saved"), merging];
  const view = new EditorView({ parent, doc: mine, extensions });
  return { mine: () => view.state.doc.toString(), destroy: () => view.destroy() };
}

export function compare(theirs: Draft, mine: string, nonce: string, chosen: Chosen): void {
  const dialog = byId("conflict") as HTMLDialogElement;
  const show = window.matchMedia(NARROW).matches ? inOne : besides;
  const shown = show(byId("conflict-texts"), theirs.text, mine, nonce);
  byId("conflict-when").replaceChildren(ago(theirs.saved_at));
  const ended = new AbortController();
  const on = (id: string, act: () => void) => {
    const close = () => {
      act();
      dialog.close();
    };
    byId(id).addEventListener("click", close, { signal: ended.signal });
  };
  on("conflict-save", () => chosen.save(shown.mine()));
  on("conflict-take", () => chosen.take());
  dialog.addEventListener(
    "close",
    () => {
      ended.abort();
      shown.destroy();
    },
    { once: true },
  );
  dialog.showModal();
}
