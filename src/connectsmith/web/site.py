"""All pages of the installation, in the order in which addresses are compared with theirs."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from connectsmith.errors import ConnectsmithError
from connectsmith.web import (
    activity,
    connecting,
    connections,
    connectors,
    debugger,
    debugger_sign_in,
    editor,
    icons,
    new_connector,
    pages,
    publication,
    reference,
    settings,
    sign_in,
    static_files,
)
from connectsmith.web.addresses import HOME
from connectsmith.web.rendering import content_security_policy, page_headers
from connectsmith.web.visit import Visit, refused


async def _home(_: Request) -> Response:
    headers = page_headers(content_security_policy())
    return RedirectResponse(HOME, status_code=303, headers=headers)


def problem_page(request: Request, error: ConnectsmithError) -> Response:
    """Say on a page what the application refused before a page's own code was reached."""
    return refused(Visit(request), error)


routes: list[BaseRoute] = [
    *pages.routes,
    *static_files.routes,
    Route("/", _home, methods=["GET"]),
    *sign_in.routes,
    *new_connector.routes,
    *connectors.routes,
    *debugger.routes,
    *debugger_sign_in.routes,
    *publication.routes,
    *connections.routes,
    *connecting.routes,
    *activity.routes,
    *icons.routes,
    *editor.routes,
    *reference.routes,
    *settings.routes,
]
