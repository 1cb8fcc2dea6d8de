// Whether the callback URL arrives. The browser finds out by itself: after the owner's consent it is
// the browser that is sent there, so what the server could reach from inside would prove nothing.

import { byId, h, icon } from "./elements";
import type { Callback } from "./shapes";

type Verdict = { good: boolean; title: string; text: string };

const PATIENCE = 8000;

function unreachable(callback: Callback): Verdict {
  const insecure = location.protocol === "https:" && callback.url.startsWith("http:");
  return {
    good: false,
    title: "It does not arrive",
    text: insecure
      ? "You opened this page over https, and the callback URL is plain http: the browser asks nothing there. Set public_url to the address that you opened."
      : "Your browser got no answer from this installation at that address. Either the setting public_url is wrong, or a proxy or firewall stands in between.",
  };
}

export async function arrives(callback: Callback): Promise<Verdict> {
  try {
    const response = await fetch(callback.arrival, {
      mode: "cors",
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(PATIENCE),
    });
    const said = (await response.json()) as { answer?: unknown };
    if (said.answer === callback.answer) {
      const text = "Your browser reached this installation at exactly the address that will be sent.";
      return { good: true, title: "It arrives", text };
    }
  } catch {
    return unreachable(callback);
  }
  return {
    good: false,
    title: "Another server answers",
    text: "What answered at that address is not this installation, or it would send another address. Compare its setting public_url with the address above.",
  };
}

function show(verdict: Verdict): void {
  byId("arrival").replaceChildren(
    h("span", { class: `badge ${verdict.good ? "good" : "bad"}` }, icon(verdict.good ? "check" : "warning"), verdict.title),
    h("span", { class: "hint" }, verdict.text),
  );
}

export async function checkArrival(callback: Callback): Promise<void> {
  byId("arrival").replaceChildren(h("span", { class: "badge" }, "Checking …"), h("span", { class: "hint" }, "Your browser asks there now."));
  show(await arrives(callback));
}
