// A role="tablist" whose tabs name their panels with aria-controls (WAI-ARIA tabs pattern).

function choose(tab: HTMLElement): void {
  const tabs = tab.closest('[role="tablist"]')?.querySelectorAll<HTMLElement>('[role="tab"]') ?? [];
  for (const each of tabs) {
    const chosen = each === tab;
    each.setAttribute("aria-selected", String(chosen));
    each.tabIndex = chosen ? 0 : -1;
    const panel = document.getElementById(each.getAttribute("aria-controls") ?? "");
    if (panel) panel.hidden = !chosen;
  }
}

function onKey(event: KeyboardEvent): void {
  const tab = (event.target as Element).closest<HTMLElement>('[role="tab"]');
  const list = tab?.closest('[role="tablist"]');
  if (!tab || !list) return;
  const tabs = [...list.querySelectorAll<HTMLElement>('[role="tab"]')];
  const steps: Record<string, number> = {
    ArrowRight: tabs.indexOf(tab) + 1,
    ArrowLeft: tabs.indexOf(tab) - 1,
    Home: 0,
    End: tabs.length - 1,
  };
  const step = steps[event.key];
  if (step === undefined) return;
  const next = tabs[(step + tabs.length) % tabs.length];
  if (!next) return;
  choose(next);
  next.focus();
  event.preventDefault();
}

export function tabs(): void {
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", (event) => {
    const tab = (event.target as Element).closest<HTMLElement>('[role="tab"]');
    if (tab) choose(tab);
  });
}
