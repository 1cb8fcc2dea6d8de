"""Pages of reference that are served: the format, and what is not there. Written by `make docs`."""

from dataclasses import dataclass

from starlette.responses import Response

from connectsmith.web.visit import Visit, operator_page


@dataclass(frozen=True, slots=True)
class Reference:
    """A page of the documentation."""

    title: str
    text: str
    """Name of the template that holds it."""


async def format_page(visit: Visit) -> Response:
    """Show every member of the format: **Schema definition**."""
    return visit.page("reference.html", Reference("Schema definition", "reference/format.html"))


async def limitations_page(visit: Visit) -> Response:
    """Say what is the same as in Claris Connect, what differs, what is not there."""
    return visit.page("reference.html", Reference("Limitations", "reference/limitations.html"))


routes = [
    operator_page("/reference/format", format_page),
    operator_page("/reference/limitations", limitations_page),
]
