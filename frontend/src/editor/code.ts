// The text itself: CodeMirror with what a JSON text needs, and our own completion and help.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, isolateHistory } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { lintGutter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  type ViewUpdate,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { completing, type Knowledge } from "./completing";
import { explaining } from "./explaining";
import { typingOver } from "./typing";

export interface Listening {
  known: () => Knowledge;
  changed: (update: ViewUpdate) => void;
  moved: (view: EditorView) => void;
  save: () => void;
}

/** What every view of a definition has, also those that only compare two. */
export function reading(nonce: string): Extension {
  return [
    EditorView.cspNonce.of(nonce),
    EditorView.lineWrapping,
    lineNumbers(),
    highlightSpecialChars(),
    drawSelection(),
    json(),
    syntaxHighlighting(classHighlighter),
    indentUnit.of("  "),
  ];
}

function writing(listening: Listening): Extension {
  return [
    history(),
    foldGutter(),
    lintGutter(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    typingOver,
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSelectionMatches(),
    autocompletion({ override: [completing(listening.known)], icons: false }),
    explaining(listening.known),
    keymap.of([
      { key: "Mod-s", preventDefault: true, run: () => (listening.save(), true) },
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...foldKeymap,
      ...completionKeymap,
      ...lintKeymap,
    ]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) listening.changed(update);
      if (update.docChanged || update.selectionSet) listening.moved(update.view);
    }),
    EditorView.contentAttributes.of({
      "aria-label": "Connector definition, JSON",
      tabindex: "0",
      "aria-describedby": "whereabouts",
      autocapitalize: "off",
      autocorrect: "off",
      spellcheck: "false",
    }),
  ];
}

export function createEditor(parent: HTMLElement, text: string, nonce: string, listening: Listening): EditorView {
  const state = EditorState.create({ doc: text, extensions: [reading(nonce), writing(listening)] });
  return new EditorView({ state, parent });
}

export function jump(view: EditorView, at: number, end = at): void {
  const length = view.state.doc.length;
  const [anchor, head] = [Math.min(at, length), Math.min(end, length)];
  view.dispatch({
    selection: { anchor, head },
    effects: EditorView.scrollIntoView(anchor, { y: "center" }),
  });
  view.focus();
}

/** Put another text in place of all; undo brings back exactly what was there. */
export function replaceAll(view: EditorView, text: string): void {
  view.dispatch({
    changes: { from: 0, to: view.state.doc.length, insert: text },
    annotations: isolateHistory.of("full"),
  });
}
