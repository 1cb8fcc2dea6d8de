/** Typing over a selection, done by the editor itself.
 *
 * Chromium keeps the style of what it replaces by writing style attributes, which the page's policy
 * refuses and reports. What an input method composes can't be taken over, and is left alone.
 */

import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

export const typingOver: Extension = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { main } = view.state.selection;
    if (event.inputType !== "insertText" || event.data === null || main.empty || view.composing) return false;
    event.preventDefault();
    type(view, event.data);
    return true;
  },
});

function type(view: EditorView, text: string): void {
  const { from, to } = view.state.selection.main;
  const typed = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
  const handled = view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, text, typed));
  if (!handled) view.dispatch(typed());
}
