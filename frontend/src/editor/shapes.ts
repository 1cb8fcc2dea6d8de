// What the server tells the editor; see web/editor.py.

export interface Place {
  line: number;
  column: number;
  offset: number;
}

export interface Fix {
  title: string;
  edits: { start: number; end: number; text: string }[];
}

export interface Problem {
  code: string;
  severity: "error" | "warning";
  message: string;
  pointer: string;
  start: Place;
  end: Place;
  fix: Fix | null;
}

export interface NamedSecret {
  name: string;
  start: number;
  browser: boolean;
  stored: boolean;
}

export interface OutlinedAction {
  name: string;
  label: string | null;
  method: string;
  endpoint: string;
  start: number;
}

export interface Look {
  version: number;
  saved_at: string;
  problems: Problem[];
  actions: OutlinedAction[];
  secrets: NamedSecret[];
  stored: string[];
  fields: string[];
  captured: string[];
  endpoints: Record<string, string[]>;
  origins: string[];
}

export interface Callback {
  url: string;
  arrival: string;
  answer: string;
  concerns: { code: string; message: string }[];
}

export interface Opened {
  connector: string;
  operator: string;
  name: string;
  text: string;
  look: Look;
  callback: Callback;
}

export interface Draft {
  name: string;
  text: string;
  version: number;
  saved_at: string;
}

export interface StoredSecret {
  id: string;
  name: string;
  created_at: string;
  last_used_at: string | null;
  origins: string[];
  browser: boolean;
  renewing: number;
}

export interface KeyRing {
  version: number;
  secrets: StoredSecret[];
  origins: string[];
}
