"""Custom Connectors, the home page."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from connectsmith.service.rows import ConnectorRow
from connectsmith.web.navigation import CONNECTORS
from connectsmith.web.visit import Visit, operator_page

ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class ConnectorList:
    """What the home page shows."""

    rows: Sequence[ConnectorRow]
    search: str
    next: str | None


async def connectors(visit: Visit) -> Response:
    """List the connectors, or those whose names contain what was typed."""
    search = visit.query("search").strip()
    page = await visit.desks.connectors.page(
        visit.caller, limit=ON_A_PAGE, after=visit.query("after") or None, search=search or None
    )
    view = ConnectorList(page.items, search, page.next)
    if visit.by_htmx:
        return visit.part("connectors.html", "found", view)
    return visit.page("connectors.html", view)


routes = [operator_page("/connectors", connectors, place=CONNECTORS)]
