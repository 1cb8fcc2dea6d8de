"""Create a new connector: a file, a sample, a known service, the sandbox, or nearly nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from connectsmith.errors import CallerError
from connectsmith.presets import Preset, callback_of, search
from connectsmith.samples import PRACTICE_SAMPLE, Sample, samples
from connectsmith.service.rows import ConnectorRow
from connectsmith.web.navigation import CONNECTORS
from connectsmith.web.problems import status_of
from connectsmith.web.visit import Form, Visit, operator_page, operator_post

MOST_SERVICES = 12


@dataclass(frozen=True, slots=True)
class Service:
    """A known service, and what to know before an app is registered there."""

    id: str
    name: str
    about: str
    place: str
    """Where an app is registered, or else where the service describes its sign-in."""


@dataclass(frozen=True, slots=True)
class Services:
    """Known services that a text may mean."""

    wanted: str
    found: Sequence[Service]
    left: int
    """How many more there are."""
    all: int
    """How many are known."""


@dataclass(frozen=True, slots=True)
class NewConnector:
    """What a connector can begin with."""

    samples: Sequence[Sample]
    services: Services
    sandbox: bool
    text: str = ""
    error: str = ""


def _offer(visit: Visit, *, text: str = "", error: str = "") -> NewConnector:
    return NewConnector(
        samples=[each for each in samples() if each.name != PRACTICE_SAMPLE],
        services=_services(visit.query("service")),
        sandbox=visit.desks.rules.sandbox is not None,
        text=text,
        error=error,
    )


def _services(wanted: str) -> Services:
    found = search(wanted.strip())
    shown = [_service(each) for each in found[:MOST_SERVICES]]
    left = max(0, len(found) - MOST_SERVICES)
    return Services(wanted, shown, left, len(search("")))


def _service(each: Preset) -> Service:
    about = callback_of(each) or "OAuth 2"
    return Service(each.id, each.name, about, each.registration or each.documentation)


async def offer(visit: Visit) -> Response:
    """Show what there is to begin with."""
    view = _offer(visit)
    if visit.by_htmx:
        return visit.part("new_connector.html", "services", view)
    return visit.page("new_connector.html", view)


async def begin(visit: Visit) -> Response:
    """Make the connector before its editor opens, so that it has a callback URL and secrets."""
    form = await visit.form()
    try:
        row = await _begun(visit, form)
    except CallerError as error:
        view = _offer(visit, text=form.text("text"), error=error.message)
        return visit.page("new_connector.html", view, status=status_of(error))
    return visit.go(f"/connectors/{row.id}")


async def _begun(visit: Visit, form: Form) -> ConnectorRow:
    beginnings, caller = visit.desks.beginnings, visit.caller
    match form.text("from"):
        case "text":
            return await beginnings.imported(caller, form.text("text"))
        case "sample":
            return await beginnings.from_sample(caller, form.text("name"))
        case "preset":
            return await beginnings.from_preset(caller, form.text("name"))
        case "sandbox":
            return await beginnings.practice(caller)
        case "empty":
            return await beginnings.empty(caller)
        case _:
            raise CallerError("Choose what to begin with.")


routes = [
    operator_page("/connectors/new", offer, place=CONNECTORS),
    operator_post("/connectors/new", begin, place=CONNECTORS),
]
