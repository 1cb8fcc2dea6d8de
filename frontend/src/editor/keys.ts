// The Secret Keys dialog: what is stored, what is entered, what is to be deleted; one Save for all.
// Values live in their fields only: they are kept nowhere, and gone once they were sent.

import { toast } from "../toasts";
import { byId, counted, h } from "./elements";
import { type Entered, EnteredRows } from "./key-rows";
import { showStored, type Staged } from "./key-stored";
import { ask, type Refusal } from "./server";
import type { KeyRing, Look } from "./shapes";

interface Changes {
  added: Entered[];
  confirmed: { id: string; origins: string[]; seen: string[] }[];
  deleted: string[];
}

export class SecretKeys {
  private ring: KeyRing = { version: 0, secrets: [], origins: [] };
  private staged: Staged = { deleted: new Set(), confirmed: new Set() };
  private readonly rows: EnteredRows;
  private readonly dialog = byId("secret-keys") as HTMLDialogElement;
  private readonly path: string;

  constructor(
    connector: string,
    private readonly look: () => Look,
    private readonly lookAgain: () => Promise<unknown>,
    private readonly signedOut: (refusal: Refusal) => void,
  ) {
    this.path = `/connectors/${connector}/secrets`;
    this.rows = new EnteredRows(() => this.show());
    byId("add-pair").addEventListener("click", () => this.rows.add("").focus());
    byId("destinations-agreed").addEventListener("change", () => this.show());
    byId("secret-keys-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.save();
    });
    this.dialog.addEventListener("close", () => this.rows.clear());
  }

  /** Open, with a row for each name in the text that is not stored; `value` goes with `name`. */
  async open(name = "", value = ""): Promise<void> {
    await this.lookAgain();
    if (!(await this.load())) return;
    this.staged = { deleted: new Set(), confirmed: new Set() };
    this.rows.clear();
    this.say("", "");
    (byId("destinations-agreed") as HTMLInputElement).checked = false;
    const missing = this.look().secrets.filter((each) => !this.names.has(each.name));
    for (const each of missing) this.rows.add(each.name, each.browser);
    if (value) this.rows.fill(name, value);
    else if (!missing.length && !this.ring.secrets.length) this.rows.add("");
    this.show();
    this.dialog.showModal();
    this.rows.focusOn(name);
  }

  private get names(): Set<string> {
    return new Set(this.ring.secrets.map((each) => each.name));
  }

  /** Names that stay stored when this is saved. */
  private get taken(): Set<string> {
    const left = this.ring.secrets.filter((each) => !this.staged.deleted.has(each.id));
    return new Set(left.map((each) => each.name));
  }

  private async load(): Promise<boolean> {
    const answer = await ask<KeyRing>(this.path);
    if (answer.ok) this.ring = answer.value;
    else if (!this.dialog.open) this.signedOut(answer.refusal);
    return answer.ok;
  }

  private show(): void {
    const { origins } = this.look();
    showStored(this.ring, this.staged, origins, this.look(), (again) => {
      this.show();
      again?.();
    });
    this.rows.check(this.taken, this.look());
    const filled = this.rows.entered().length;
    this.showDestinations(origins, filled);
    const agreed = (byId("destinations-agreed") as HTMLInputElement).checked;
    const changes = filled + this.staged.deleted.size + this.staged.confirmed.size;
    const ready = changes > 0 && this.rows.isGood && (agreed || !filled || !origins.length);
    (byId("save-keys") as HTMLButtonElement).disabled = !ready;
  }

  private showDestinations(origins: string[], filled: number): void {
    byId("destinations").hidden = filled === 0;
    byId("destinations-none").hidden = origins.length > 0;
    byId("destinations-some").hidden = origins.length === 0;
    const list = byId("destination-list");
    const shown = origins.join(" ");
    if (list.dataset.shown !== shown) {
      list.dataset.shown = shown;
      (byId("destinations-agreed") as HTMLInputElement).checked = false;
      list.replaceChildren(...origins.map((each) => h("li", {}, h("code", {}, each))));
    }
  }

  private changes(): Changes {
    const { origins, secrets } = this.look();
    const browser = new Set(secrets.filter((each) => each.browser).map((each) => each.name));
    const confirmed = this.ring.secrets.filter((each) => this.staged.confirmed.has(each.id));
    return {
      added: this.rows.entered().map((each) => ({ ...each, origins, browser: browser.has(each.name) })),
      confirmed: confirmed.map((each) => ({ id: each.id, origins, seen: each.origins })),
      deleted: [...this.staged.deleted],
    };
  }

  private async save(): Promise<void> {
    const changes = this.changes();
    const answer = await ask<KeyRing>(this.path, { ...changes, version: this.ring.version });
    if (!answer.ok) {
      await this.refused(answer.refusal);
      return;
    }
    void this.lookAgain();
    this.rows.clear();
    this.dialog.close();
    toast(told(changes));
  }

  /** Say why nothing was saved, and show what is stored now; what was typed stays. */
  private async refused(refusal: Refusal): Promise<void> {
    const before = this.names;
    if (!["name_taken", "conflict", "version_conflict"].includes(refusal.code)) {
      this.say("Nothing was saved", refusal.message);
      return;
    }
    await this.load();
    const kept = new Set(this.ring.secrets.map((each) => each.id));
    for (const set of Object.values(this.staged)) for (const id of set) if (!kept.has(id)) set.delete(id);
    const added = [...this.names].filter((each) => !before.has(each));
    const gone = [...before].filter((each) => !this.names.has(each));
    const text = [
      added.length ? `Added meanwhile: ${added.join(", ")}.` : "",
      gone.length ? `Deleted meanwhile: ${gone.join(", ")}.` : "",
      refusal.code === "version_conflict" ? this.elsewhere() : "",
      "Nothing of yours was saved, and nothing was overwritten. Look again, then save.",
    ];
    this.say("Somebody else saved at the same time", text.filter(Boolean).join(" "));
    void this.lookAgain();
    (byId("destinations-agreed") as HTMLInputElement).checked = false;
    this.show();
  }

  private elsewhere(): string {
    const theirs = this.ring.origins.join(", ") || "nowhere";
    return `The text that is saved now sends secrets to ${theirs}.`;
  }

  private say(title: string, text: string): void {
    const place = byId("keys-notice");
    place.hidden = !title;
    place.replaceChildren(h("strong", {}, title), h("p", {}, text));
  }
}

function told(changes: Changes): string {
  const parts = [
    changes.added.length && `${counted(changes.added.length, "secret")} stored`,
    changes.confirmed.length && `${counted(changes.confirmed.length, "secret")} allowed to go further`,
    changes.deleted.length && `${counted(changes.deleted.length, "secret")} deleted`,
  ];
  const text = parts.filter(Boolean).join(", ");
  return `${text[0]?.toUpperCase() ?? ""}${text.slice(1)}.`;
}
