// Text that was not saved, kept in this browser: for each connector, operator and tab.
//
// It outlives a reload, a crash and a sign-out. Values of secrets cannot be in it: they are typed in
// the Secret Keys dialog, which is kept nowhere; a definition holds only their names, and where one
// is written into the text all the same (an error), it is left out of the copy. Each tab
// keeps its own text and holds a lock while it is open, so that a new tab can tell what an ended
// one left behind from what another is still writing.

export interface Kept {
  text: string;
  version: number;
  at: string;
}

const TAB = "connectsmith.tab";
const IN_CLEAR = /("(?:clientSecret|client_secret|privateKey)"\s*:\s*")((?:[^"\\\n]|\\.)*)/g;

/** Leave out what was written in clear where only the name of a secret may stand. */
function withoutSecrets(text: string): string {
  return text.replace(IN_CLEAR, (all: string, before: string, value: string) =>
    value.includes("{{") ? all : before,
  );
}

function read(key: string): Kept | null {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "null") as Partial<Kept> | null;
    const whole = typeof kept?.text === "string" && typeof kept.version === "number";
    return whole ? { text: kept.text ?? "", version: kept.version ?? 0, at: String(kept.at) } : null;
  } catch {
    return null;
  }
}

/** Hold a lock as long as this page is open; false if another page holds it. */
async function hold(name: string): Promise<boolean> {
  if (!navigator.locks) return true;
  return new Promise((resolve) => {
    void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise(() => undefined);
    });
  });
}

async function heldLocks(): Promise<Set<string>> {
  const held = (await navigator.locks?.query())?.held ?? [];
  return new Set(held.map((each) => each.name ?? ""));
}

export class Keeper {
  private constructor(
    private readonly prefix: string,
    private readonly tab: string,
  ) {}

  static async open(operator: string, connector: string): Promise<Keeper> {
    const prefix = `connectsmith.text.${operator}.${connector}.`;
    let tab = sessionStorage.getItem(TAB);
    // A tab that was duplicated brings a copy of the other's name along.
    if (!tab || !(await hold(prefix + tab))) {
      tab = crypto.randomUUID();
      sessionStorage.setItem(TAB, tab);
      await hold(prefix + tab);
    }
    return new Keeper(prefix, tab);
  }

  /** Keep a text; false if the browser has no room for it. */
  keep(text: string, version: number): boolean {
    const kept: Kept = { text: withoutSecrets(text), version, at: new Date().toISOString() };
    try {
      localStorage.setItem(this.prefix + this.tab, JSON.stringify(kept));
      return true;
    } catch {
      return false;
    }
  }

  forget(): void {
    localStorage.removeItem(this.prefix + this.tab);
  }

  /** This tab's text, or else the newest that an ended tab left, which becomes this tab's. */
  async recall(): Promise<Kept | null> {
    const own = read(this.prefix + this.tab);
    if (own) return own;
    const held = await heldLocks();
    const left = Object.keys(localStorage)
      .filter((key) => key.startsWith(this.prefix) && !held.has(key))
      .map((key) => ({ key, kept: read(key) }))
      .sort((one, other) => (other.kept?.at ?? "").localeCompare(one.kept?.at ?? ""));
    const newest = left[0];
    if (!newest?.kept) return null;
    if (this.keep(newest.kept.text, newest.kept.version)) localStorage.removeItem(newest.key);
    return newest.kept;
  }
}

const CURSOR = "connectsmith.cursor.";

export interface Cursor {
  anchor: number;
  head: number;
  top: number;
}

export function keepCursor(connector: string, cursor: Cursor): void {
  sessionStorage.setItem(CURSOR + connector, JSON.stringify(cursor));
}

export function recallCursor(connector: string): Cursor | null {
  try {
    return JSON.parse(sessionStorage.getItem(CURSOR + connector) ?? "null") as Cursor | null;
  } catch {
    return null;
  }
}
