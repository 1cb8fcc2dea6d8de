// The work on one text: what was saved, what is typed, and how the two come together.

import type { EditorView, ViewUpdate } from "@codemirror/view";
import { toast } from "../toasts";
import { jump, replaceAll } from "./code";
import { compare } from "./conflict";
import { ago, byId, h } from "./elements";
import type { Keeper } from "./kept";
import { notice, withdraw } from "./notices";
import { ask, type Refusal } from "./server";
import type { Draft, Look, Opened } from "./shapes";

const LARGE = 64 * 1024;
const LARGE_PAUSE = 300;
const MINUTE = 60_000;
const SAVED = "connectsmith.saved";

/** Line ends of a text that has Windows' ones; CodeMirror knows one kind. */
function lineEndOf(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

export class Work {
  private version: number;
  private savedText: string;
  private savedAt: string;
  private name: string;
  private readonly lineEnd: string;
  private keeping = 0;
  private newer: number | null = null;
  private saving: Promise<boolean> | null = null;
  private readonly channel = new BroadcastChannel(SAVED);
  private readonly path: string;
  look: Look;

  constructor(
    private readonly view: EditorView,
    private readonly opened: Opened,
    private readonly keeper: Keeper,
    private readonly nonce: string,
    private readonly check: () => Promise<Look | null>,
  ) {
    this.path = `/connectors/${opened.connector}`;
    this.look = opened.look;
    this.version = opened.look.version;
    this.savedAt = opened.look.saved_at;
    this.name = opened.name;
    this.lineEnd = lineEndOf(opened.text);
    this.savedText = opened.text.replaceAll("\r\n", "\n");
    this.channel.addEventListener("message", (event: MessageEvent<{ connector: string; version: number }>) => {
      if (event.data.connector === opened.connector) this.heard(event.data.version);
    });
    window.addEventListener("pagehide", () => this.keepNow());
    window.setInterval(() => this.showState(), MINUTE);
    window.addEventListener("beforeunload", (event) => {
      if (this.unkept && this.isChanged) event.preventDefault();
    });
  }

  private unkept = false;

  get text(): string {
    return this.view.state.doc.toString();
  }

  get isChanged(): boolean {
    return this.text !== this.savedText;
  }

  /** Bring back what was typed and not saved. */
  async recall(): Promise<void> {
    const kept = await this.keeper.recall();
    if (!kept || kept.text === this.savedText) {
      this.keeper.forget();
      this.showState();
      return;
    }
    replaceAll(this.view, kept.text);
    if (kept.version === this.version) {
      const when = ago(kept.at).textContent ?? "";
      notice("recalled", "", "Text that was not saved is back", `You typed it ${when}, and this browser kept it.`, [
        { label: "Keep it", run: () => withdraw("recalled") },
        { label: "Use the saved text", run: () => this.take(this.current()) },
      ]);
    } else {
      const seen = this.version;
      this.version = kept.version;
      this.heard(seen);
    }
    this.showState();
  }

  changed(_update: ViewUpdate): void {
    window.clearTimeout(this.keeping);
    if (this.view.state.doc.length < LARGE) this.keepNow();
    else this.keeping = window.setTimeout(() => this.keepNow(), LARGE_PAUSE);
    this.showState();
  }

  private keepNow(): void {
    window.clearTimeout(this.keeping);
    if (!this.isChanged) {
      this.keeper.forget();
      this.unkept = false;
      return;
    }
    const kept = this.keeper.keep(this.text, this.version);
    if (!kept && !this.unkept) {
      notice("unkept", "warn", "This browser keeps no copy", "It has no room for text that is not saved. Save before you leave this page.");
    }
    this.unkept = !kept;
  }

  /** Save the draft as typed, faulty or not; false if it was not saved. */
  async save(): Promise<boolean> {
    this.saving ??= this.saveNow().finally(() => {
      this.saving = null;
      this.showState();
    });
    this.showState();
    return this.saving;
  }

  private async saveNow(): Promise<boolean> {
    if (this.newer !== null) {
      await this.showConflict();
      return false;
    }
    if (!this.isChanged) return true;
    return this.send(this.text, this.version);
  }

  private async send(text: string, version: number): Promise<boolean> {
    const typed = text.replaceAll("\n", this.lineEnd);
    const answer = await ask<Draft>(`${this.path}/draft`, { text: typed, version });
    if (!answer.ok) {
      this.refused(answer.refusal);
      return false;
    }
    this.settle({ ...answer.value, text });
    this.channel.postMessage({ connector: this.opened.connector, version: answer.value.version });
    return true;
  }

  /** Go on from a text that is saved now. */
  private settle(draft: Draft): void {
    this.version = draft.version;
    this.savedText = draft.text.replaceAll("\r\n", "\n");
    this.savedAt = draft.saved_at;
    this.name = draft.name;
    byId("connector-name").textContent = draft.name;
    this.newer = null;
    for (const kind of ["conflict", "recalled", "refused", "unkept"]) withdraw(kind);
    this.keepNow();
    this.showState();
  }

  refused(refusal: Refusal): void {
    if (refusal.code === "version_conflict") {
      this.heard(Number(refusal.details.version));
      void this.showConflict();
    } else if (refusal.code === "sign_in_required") {
      notice("refused", "bad", "You are signed out", "What you typed is kept in this browser, and comes back when you have signed in.", [
        { label: "Sign in", run: () => location.assign(`/sign-in?to=${encodeURIComponent(this.path)}`) },
      ]);
    } else {
      notice("refused", "bad", "Not saved", `${refusal.message} What you typed is kept in this browser.`);
    }
  }

  /** Somebody saved another version. */
  heard(version: number): void {
    if (!(version > this.version) || version === this.newer) return;
    this.newer = version;
    const text = this.isChanged
      ? "Your text is based on an older one. Nothing was overwritten: compare the two, and decide."
      : "You have changed nothing here.";
    notice("conflict", "warn", "Somebody saved this connector meanwhile", text, [
      this.isChanged
        ? { label: "Compare and decide", run: () => void this.showConflict() }
        : { label: "Show the saved text", run: () => void this.showSaved() },
    ]);
    this.showState();
  }

  private async saved(): Promise<Draft | null> {
    const answer = await ask<Draft>(`${this.path}/draft`);
    if (answer.ok) return { ...answer.value, text: answer.value.text.replaceAll("\r\n", "\n") };
    this.refused(answer.refusal);
    return null;
  }

  private async showSaved(): Promise<void> {
    const draft = await this.saved();
    if (draft) this.take(draft);
  }

  private async showConflict(): Promise<void> {
    const theirs = await this.saved();
    if (!theirs || (byId("conflict") as HTMLDialogElement).open) return;
    if (theirs.text === this.text) {
      this.settle(theirs);
      return;
    }
    compare(theirs, this.text, this.nonce, {
      save: (text) => void this.saveOver(text, theirs),
      take: () => this.take(theirs),
    });
  }

  private async saveOver(text: string, theirs: Draft): Promise<void> {
    if (text !== this.text) replaceAll(this.view, text);
    if (await this.send(text, theirs.version)) toast("Saved.");
  }

  private current(): Draft {
    return { name: this.name, text: this.savedText, version: this.version, saved_at: this.savedAt };
  }

  private take(draft: Draft): void {
    const typed = this.isChanged;
    this.version = draft.version;
    if (draft.text !== this.text) replaceAll(this.view, draft.text);
    this.settle(draft);
    this.view.focus();
    if (typed) toast("This is the saved text. Undo (Ctrl+Z) brings back what you typed.");
  }

  /** Save; then say where to go: to the first error, or on to the Debugger. */
  async saveAndTest(): Promise<boolean> {
    if (!(await this.save())) return false;
    const look = await this.check();
    if (!look) return false;
    const errors = look.problems.filter((each) => each.severity === "error");
    const [first] = errors;
    if (!first) return true;
    const are = errors.length === 1 ? "There is 1 error" : `There are ${errors.length} errors`;
    notice("refused", "bad", `${are} in the text`, "It is saved as typed. Mend what is marked, then test again.");
    jump(this.view, first.start.offset, first.end.offset);
    return false;
  }

  showState(): void {
    const state = byId("save-state");
    if (this.saving) state.replaceChildren("Saving …");
    else if (this.newer !== null && this.isChanged) state.replaceChildren("Not saved: somebody else saved");
    else if (this.isChanged) state.replaceChildren("Not saved; kept in this browser");
    else state.replaceChildren(h("span", {}, "Saved "), ago(this.savedAt));
  }
}
