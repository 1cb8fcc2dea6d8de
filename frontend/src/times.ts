// The exact time on hover, in the reader's own time zone; the server writes it in UTC.

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

function localise(within: ParentNode): void {
  for (const time of within.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (!Number.isNaN(moment.getTime())) time.title = EXACT.format(moment);
  }
}

/** Say in minutes and seconds how far ahead the moments in [data-left] are. */
function countDown(): void {
  for (const time of document.querySelectorAll<HTMLTimeElement>("[data-left] time[datetime]")) {
    const seconds = Math.max(0, Math.round((new Date(time.dateTime).getTime() - Date.now()) / 1000));
    const rest = String(seconds % 60).padStart(2, "0");
    time.textContent = `${Math.floor(seconds / 60)}:${rest}`;
  }
}

export function times(): void {
  setInterval(countDown, 1000);
  countDown();
  localise(document);
  document.addEventListener("htmx:load", (event) => {
    countDown();
    localise(event.target as Element);
  });
}
