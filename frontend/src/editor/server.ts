// Ask our own server. What it refuses comes back as a value, with its code and its sentence.

export interface Refusal {
  code: string;
  message: string;
  details: Record<string, unknown>;
}

export type Answer<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

const UNREACHED: Refusal = {
  code: "unreached",
  message: "The server did not answer. Nothing was changed; try again in a moment.",
  details: {},
};

function formValue(): string {
  const said = document.body.getAttribute("hx-headers") ?? "{}";
  return String((JSON.parse(said) as Record<string, string>)["X-Connectsmith-Form"] ?? "");
}

async function read<T>(response: Response): Promise<Answer<T>> {
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  if (!isJson) return { ok: false, refusal: UNREACHED };
  const value: unknown = await response.json();
  return response.ok
    ? { ok: true, value: value as T }
    : { ok: false, refusal: value as Refusal };
}

/** Throws only when `signal` was aborted. */
export async function ask<T>(path: string, body?: object, signal?: AbortSignal): Promise<Answer<T>> {
  const options: RequestInit = { redirect: "error", signal: signal ?? null };
  if (body !== undefined) {
    options.method = "POST";
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json", "X-Connectsmith-Form": formValue() };
  }
  try {
    return await read<T>(await fetch(path, options));
  } catch (error) {
    if (signal?.aborted) throw error;
    return { ok: false, refusal: UNREACHED };
  }
}
