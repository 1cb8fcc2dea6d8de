"""What authorization servers need of a client, and whether a definition serves it."""

from docs.generators.markdown import code, document, table
from tests.needs.facts import Row, rows, served_services, services

INTRODUCTION = """\
Authorization servers deviate from the standard, each in its own way. This page lists what was found
by going through 344 services that sign in with OAuth (and 110 that sign in by client credentials,
63 by a login of their own, 24 MCP servers), and the member of a definition that serves each need.

Every row is a *scenario*: a scripted service that insists on the need and refuses whoever does not
comply, and a definition that is connected, called, refreshed and called again over real HTTP. It is
played a second time as a *control*: with the member taken out or, where no member is needed, by a
plain client. The row passes when the first run succeeds and the second does not. The last column
says how the control ended. `python -m tests.needs` plays them and records how they ended; a test
holds the record against what happens."""


def page() -> str:
    """Return the page."""
    known = rows()
    attempted = [each for each in known if not each.not_attempted]
    passed = [each for each in attempted if each.passed]
    every, served = services(), served_services(known)
    share = 100 * len(served) / len(every)
    counts = (
        f"Needs: {len(known)}, of which {len(known) - len(attempted)} are not attempted. "
        f"Of the other {len(attempted)}, **{len(passed)} pass**. A service counts as served when "
        f"each of its needs passes: **{len(served)} of {len(every)} services, {share:.1f} %**."
    )
    return document(
        "What services need",
        INTRODUCTION,
        counts,
        "## Needs that do not pass",
        table(("need", "services", "what", "why not"), map(_unserved, _without(known))),
        "## Needs that pass",
        table(("need", "services", "what", "member", "without it"), map(_served, passed)),
    )


def _without(known: list[Row]) -> list[Row]:
    return [each for each in known if not each.passed]


def _unserved(row: Row) -> tuple[str, ...]:
    why = row.not_attempted or row.reason or "open"
    state = "Not attempted. " if row.not_attempted else ""
    return code(row.id), _share(row), row.need, state + why


def _served(row: Row) -> tuple[str, ...]:
    control = row.outcome.control if row.outcome else ""
    return code(row.id), _share(row), row.need, row.member or "", control or ""


def _share(row: Row) -> str:
    return f"{row.services} of {row.of}" if row.services is not None else ""
