// The names that may stand in {{ }}: what exists, and in which members each kind is read.

import type { Path } from "./place";
import type { Look } from "./shapes";

const OAUTH: Record<string, string> = {
  "oauth.access_token": "The access token.",
  "oauth.client_id": "The client id.",
  "oauth.random": "A fresh UUID.",
  "oauth.redirect_uri": "The callback URL.",
  "oauth.scope": "The scopes asked for.",
};
const SECRET_MEMBERS = new Set([
  "clientID",
  "clientSecret",
  "privateKey",
  "keyID",
  "tokenParams",
  "refreshParams",
  "assertion",
  "tokenRequest",
  "followUp",
]);

export interface Name {
  name: string;
  kind: "secret" | "field" | "captured" | "oauth" | "input";
  about: string;
}

function readsSecrets(path: Path): boolean {
  return path[0] === "auth_components" && SECRET_MEMBERS.has(String(path[1]));
}

export function namesFor(path: Path, look: Look): Name[] {
  const found: Name[] = [];
  if (readsSecrets(path)) {
    const secrets = new Set([...look.stored, ...look.secrets.map((each) => each.name)]);
    for (const name of secrets) {
      const about = look.stored.includes(name) ? "A stored secret." : "A secret that is not stored yet.";
      found.push({ name, kind: "secret", about });
    }
  }
  for (const key of look.fields) {
    found.push({ name: `authFields.${key}`, kind: "field", about: "What the owner fills in." });
  }
  for (const key of look.captured) {
    found.push({ name: `connection.${key}`, kind: "captured", about: "A captured value." });
  }
  if (path[0] === "auth_request" || path[0] === "auth_components") {
    for (const [name, about] of Object.entries(OAUTH)) found.push({ name, kind: "oauth", about });
  }
  return found;
}

/** What hovering a name says; nothing for one that is unknown here. */
export function aboutName(name: string, look: Look): string | null {
  const secret = look.secrets.find((each) => each.name === name);
  if (secret) {
    const state = look.stored.includes(name) ? "stored" : "not stored yet: add it in Secret Keys";
    return `Secret, ${state}.${secret.browser ? " The browser sees this one." : ""}`;
  }
  if (name in OAUTH) return OAUTH[name] ?? null;
  if (look.fields.some((key) => name === `authFields.${key}`)) return "What the owner fills in.";
  if (look.captured.some((key) => name === `connection.${key}`)) return "A captured value.";
  return null;
}
