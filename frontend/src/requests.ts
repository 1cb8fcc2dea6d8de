// htmx, set so that a page's text can never become a script, and so that errors are shown.

import htmx from "htmx.org";

htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.allowScriptTags = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0; // pages are not kept in the browser's storage
htmx.config.refreshOnHistoryMiss = true;
htmx.config.scrollIntoViewOnBoost = false;
htmx.config.attributesToSettle = ["class", "width", "height"]; // no style: the policy forbids it
htmx.config.defaultSwapStyle = "outerHTML";
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  // A refusal is a notice of its own, which says in its headers where it goes.
  { code: "4..", swap: true, target: "#toasts", swapOverride: "beforeend" },
  { code: "5..", swap: true, error: true, target: "#toasts", swapOverride: "beforeend" },
];

document.addEventListener("htmx:sendError", () => {
  document.dispatchEvent(
    new CustomEvent("toast", {
      detail: "The server did not answer. Nothing was changed; try again in a moment.",
    }),
  );
});

export { htmx };
