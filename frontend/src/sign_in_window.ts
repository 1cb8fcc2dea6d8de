// <form data-opens-window> opens a window at once, while the browser still allows it, and sends the
// form by htmx. The answer holds <form data-departs>, whose POST leads the window, or this page
// where no window could be opened, to the service. The window tells us nothing: the page asks the
// server how far it is.

const FEATURES = "popup,width=600,height=760";
let opened: Window | null = null;
let named = "";

function open(form: HTMLFormElement): void {
  named = `connectsmith-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
  opened = window.open("", named, FEATURES);
  const field = form.elements.namedItem("window");
  if (field instanceof HTMLInputElement) field.value = opened ? "own" : "";
}

function depart(form: HTMLFormElement): void {
  form.target = opened && !opened.closed ? named : "_self";
  opened = null;
  form.requestSubmit();
}

function giveUp(): void {
  opened?.close();
  opened = null;
}

export function signInWindow(): void {
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (form instanceof HTMLFormElement && "opensWindow" in form.dataset) open(form);
    },
    { capture: true },
  );
  document.addEventListener("htmx:afterSettle", () => {
    const form = document.querySelector<HTMLFormElement>("form[data-departs]");
    if (form && !("left" in form.dataset)) {
      form.dataset.left = "";
      depart(form);
    } else if (!form) {
      giveUp();
    }
  });
  document.addEventListener("htmx:responseError", giveUp);
  document.addEventListener("htmx:sendError", giveUp);
}
