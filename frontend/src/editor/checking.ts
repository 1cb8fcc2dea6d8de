// The server reads the text while it is typed, with the code that `connectsmith validate` uses.
// Asked after a pause; an answer to a text that has changed since is dropped.

import { type Diagnostic, setDiagnostics } from "@codemirror/lint";
import type { Text } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { ask, type Refusal } from "./server";
import type { Fix, Look, Problem } from "./shapes";

const PAUSE = 250;

export class Checker {
  private timer = 0;
  private asked: AbortController | null = null;
  /** The text that the newest answer is about. */
  private read: Text;

  constructor(
    private readonly view: EditorView,
    private readonly path: string,
    private readonly told: (look: Look) => void,
    private readonly refused: (refusal: Refusal) => void,
  ) {
    this.read = view.state.doc;
  }

  get isFresh(): boolean {
    return this.read.eq(this.view.state.doc);
  }

  soon(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.now(), PAUSE);
  }

  async now(): Promise<Look | null> {
    window.clearTimeout(this.timer);
    this.asked?.abort();
    const asked = new AbortController();
    this.asked = asked;
    const doc = this.view.state.doc;
    try {
      const answer = await ask<Look>(`${this.path}/look`, { text: doc.toString() }, asked.signal);
      if (this.asked !== asked || !doc.eq(this.view.state.doc)) return null;
      if (!answer.ok) {
        this.refused(answer.refusal);
        return null;
      }
      this.show(answer.value);
      return answer.value;
    } catch {
      return null;
    }
  }

  show(look: Look): void {
    this.read = this.view.state.doc;
    const marks = look.problems.map((each) => this.mark(each));
    this.view.dispatch(setDiagnostics(this.view.state, marks));
    this.told(look);
  }

  /** Apply a fix, unless the text has moved since it was proposed. */
  fix(fix: Fix): void {
    if (!this.isFresh) return;
    this.view.dispatch({
      changes: fix.edits.map((each) => ({ from: each.start, to: each.end, insert: each.text })),
      userEvent: "input.fix",
      scrollIntoView: true,
    });
    this.view.focus();
  }

  private mark(problem: Problem): Diagnostic {
    const length = this.view.state.doc.length;
    const { fix } = problem;
    return {
      from: Math.min(problem.start.offset, length),
      to: Math.min(problem.end.offset, length),
      severity: problem.severity,
      source: problem.code,
      message: problem.message,
      actions: fix ? [{ name: fix.title, apply: () => this.fix(fix) }] : [],
    };
  }
}
