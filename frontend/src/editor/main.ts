// The editor's page: reads what the server put into it, and joins the parts.

import type { EditorView } from "@codemirror/view";
import { copy } from "../copying";
import { toast } from "../toasts";
import { checkArrival } from "./arrival";
import { Checker } from "./checking";
import { createEditor, jump } from "./code";
import type { Knowledge } from "./completing";
import { byId } from "./elements";
import { whereabouts } from "./explaining";
import { Keeper, keepCursor, recallCursor } from "./kept";
import { SecretKeys } from "./keys";
import { unquoted } from "./place";
import { showProblems } from "./problems";
import { type Format, loadFormat } from "./schema";
import type { Refusal } from "./server";
import type { Look, Opened } from "./shapes";
import { showSide } from "./side";
import { Work } from "./work";

function opened(): Opened {
  return JSON.parse(byId("opened").textContent ?? "") as Opened;
}

function showWhereabouts(view: EditorView, known: Knowledge): void {
  const { place, about } = whereabouts(view.state, known);
  byId("cursor-place").textContent = place;
  byId("cursor-about").textContent = about;
  byId("cursor-about").title = about;
}

function on(id: string, act: () => void): void {
  byId(id).addEventListener("click", act);
}

class Page {
  private readonly opened = opened();
  private format: Format | null = null;
  private readonly view: EditorView;
  private readonly checker: Checker;
  private readonly keys: SecretKeys;
  private work!: Work;

  constructor() {
    const { opened } = this;
    const nonce = byId("editor").dataset.nonce ?? "";
    this.view = createEditor(byId("code"), opened.text.replaceAll("\r\n", "\n"), nonce, {
      known: () => this.known,
      changed: (update) => {
        this.work?.changed(update);
        this.checker.soon();
      },
      moved: (view) => showWhereabouts(view, this.known),
      save: () => void this.save(),
    });
    const path = `/connectors/${opened.connector}`;
    this.checker = new Checker(this.view, path, (look) => this.told(look), (refusal) => this.refused(refusal));
    this.keys = new SecretKeys(opened.connector, () => this.known.look, () => this.checker.now(), (refusal) => this.refused(refusal));
    void this.begin(nonce);
  }

  private get known(): Knowledge {
    return { format: this.format, look: this.work?.look ?? this.opened.look };
  }

  private async begin(nonce: string): Promise<void> {
    const keeper = await Keeper.open(this.opened.operator, this.opened.connector);
    this.work = new Work(this.view, this.opened, keeper, nonce, () => this.checker.now());
    this.checker.show(this.opened.look);
    this.listen();
    await this.work.recall();
    this.restoreCursor();
    byId("editor").dataset.ready = "true";
    if (location.hash === "#secret-keys") void this.keys.open();
    void checkArrival(this.opened.callback);
    this.format = await loadFormat();
    showWhereabouts(this.view, this.known);
  }

  private told(look: Look): void {
    this.work.look = look;
    this.work.heard(look.version);
    showProblems(look.problems, {
      jump: (at, end) => jump(this.view, at, end),
      fix: (fix) => this.checker.fix(fix),
      addSecret: ({ start, end }) => {
        const named = this.view.state.sliceDoc(start.offset, end.offset);
        void this.keys.open(named.replace(/[{}]/g, "").trim());
      },
      moveSecret: ({ pointer, start, end }) => this.moveSecret(pointer, start.offset, end.offset),
    });
    showSide(look, {
      jump: (at) => jump(this.view, at),
      addSecret: (name) => void this.keys.open(name),
    });
    showWhereabouts(this.view, this.known);
  }

  /** Put a placeholder in place of a value in clear, and the value into the Secret Keys dialog. */
  private moveSecret(pointer: string, from: number, to: number): void {
    if (!this.checker.isFresh) return;
    const value = unquoted(this.view.state.sliceDoc(from, to));
    const name = pointer.slice(pointer.lastIndexOf("/") + 1);
    this.view.dispatch({ changes: { from, to, insert: `"{{${name}}}"` }, userEvent: "input.fix" });
    void this.keys.open(name, value);
  }

  private refused(refusal: Refusal): void {
    if (refusal.code === "sign_in_required") this.work.refused(refusal);
  }

  private listen(): void {
    on("save", () => void this.save());
    on("save-and-test", () => void this.saveAndTest());
    on("open-keys", () => void this.keys.open());
    on("copy-json", () => void this.copyJson());
    on("check-arrival", () => void checkArrival(this.opened.callback));
    window.addEventListener("pagehide", () => this.keepCursor());
    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s" || event.defaultPrevented) return;
      event.preventDefault();
      if (!document.querySelector("dialog[open]")) void this.save();
    });
  }

  private async save(): Promise<void> {
    if (await this.work.save()) toast("Saved.");
  }

  private async saveAndTest(): Promise<void> {
    const button = byId("save-and-test") as HTMLButtonElement;
    button.disabled = true;
    try {
      if (await this.work.saveAndTest()) {
        this.keepCursor();
        location.assign(`/connectors/${this.opened.connector}/debugger`);
      }
    } finally {
      button.disabled = false;
    }
  }

  private async copyJson(): Promise<void> {
    toast((await copy(this.work.text)) ? "Copied." : "The browser did not let this be copied.");
  }

  private keepCursor(): void {
    const { anchor, head } = this.view.state.selection.main;
    keepCursor(this.opened.connector, { anchor, head, top: this.view.scrollDOM.scrollTop });
  }

  private restoreCursor(): void {
    const cursor = recallCursor(this.opened.connector);
    const length = this.view.state.doc.length;
    if (cursor && cursor.anchor <= length && cursor.head <= length) {
      this.view.dispatch({ selection: { anchor: cursor.anchor, head: cursor.head } });
      this.view.requestMeasure({ read: () => undefined, write: () => { this.view.scrollDOM.scrollTop = cursor.top; } });
    }
    this.view.focus();
  }
}

new Page();
