// The exact time on hover, in the reader's own time zone; the server writes it in UTC.

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

function localise(within: ParentNode): void {
  for (const time of within.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (!Number.isNaN(moment.getTime())) time.title = EXACT.format(moment);
  }
}

export function times(): void {
  localise(document);
  document.addEventListener("htmx:load", (event) => localise(event.target as Element));
}
