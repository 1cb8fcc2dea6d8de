"""**Create Connector** and **Publish changes**: what publishing means, and doing it."""

from dataclasses import dataclass

from starlette.responses import Response

from connectsmith.core.definition.changes import Changes
from connectsmith.service.debugger import Publication
from connectsmith.web.addresses import debugger_path
from connectsmith.web.debugger import bench_of
from connectsmith.web.navigation import CONNECTORS
from connectsmith.web.visit import Visit, operator_page, operator_post


@dataclass(frozen=True, slots=True)
class PublicationView:
    """What the dialog shows."""

    path: str
    version: int
    name: str
    first: bool
    changed: list[tuple[str, str]]
    origins: list[tuple[str, str]]
    """Origins that newly receive something, and what."""
    untested: tuple[str, ...]
    signed_in: bool
    account: str | None
    can_keep: bool
    why_not: str
    real: int
    """Connections that will use the new revision."""


async def publication(visit: Visit) -> Response:
    """Say what publishing would mean."""
    connector = visit.param("connector")
    bench = await visit.desks.debugger.open(visit.caller, connector)
    found = await visit.desks.debugger.publication(visit.caller, bench)
    real = await visit.desks.connections.real_ones(visit.caller, connector)
    return visit.part("publication.html", "part", _view(found, len(real)))


def _view(found: Publication, real: int) -> PublicationView:
    bench, fitness = found.bench, found.fitness
    held = bench.connection
    return PublicationView(
        path=debugger_path(bench.connector.id),
        version=bench.connector.draft_version,
        name=bench.connector.name,
        first=found.first,
        changed=[] if found.first else _changed(found.changes),
        origins=_origins(found.changes),
        untested=found.untested,
        signed_in=held is not None or not bench.needs_sign_in,
        account=(held.account_label or held.account_id) if held else None,
        can_keep=fitness is not None and fitness.fits,
        why_not=fitness.why if fitness is not None else "",
        real=real,
    )


def _changed(changes: Changes) -> list[tuple[str, str]]:
    named = (
        ("Actions added", changes.actions_added),
        ("Actions changed", changes.actions_changed),
        ("Actions removed", changes.actions_removed),
        ("Scopes added", changes.scopes_added),
        ("Secrets added", changes.secrets_added),
        ("Fields added", changes.fields_added),
    )
    found = [(name, ", ".join(values)) for name, values in named if values]
    if changes.sign_in_changed:
        found.append(("Sign-in", "changed: connections may have to be made again"))
    return found


def _origins(changes: Changes) -> list[tuple[str, str]]:
    secret = "client secrets, refresh tokens and fields"  # noqa: S105 - a sentence
    found = [(each, secret) for each in changes.origins_auth]
    return found + [(each, "access tokens and fields") for each in changes.origins_api]


async def publish(visit: Visit) -> Response:
    """Publish the draft that was looked at."""
    form = await visit.form()
    bench = await bench_of(visit, form)
    revision, kept = await visit.desks.debugger.publish(
        visit.caller,
        bench,
        version=bench.connector.draft_version,
        keep=form.text("keep") == "yes",
    )
    note = f"{bench.connector.name} is published, revision {revision.number}."
    if kept is not None:
        note += f" Its connection{_whose(kept.account_label)} was kept."
    return visit.go(CONNECTORS, note=note)


def _whose(label: str | None) -> str:
    return f" of {label}" if label else ""


routes = [
    operator_page("/connectors/{connector}/debugger/publication", publication, place=CONNECTORS),
    operator_post("/connectors/{connector}/debugger/publish", publish, place=CONNECTORS),
]
