"""The authorization server's metadata (RFC 8414)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectsmith.sandbox.people import SCOPES
from connectsmith.sandbox.state import Sandbox
from connectsmith.sandbox.token_endpoint import GRANT_TYPES

_CLIENT_AUTHENTICATION = ["client_secret_basic", "client_secret_post"]


def metadata_route(sandbox: Sandbox) -> Route:
    """Return the well-known route."""

    async def metadata(_request: Request) -> Response:
        return JSONResponse(_metadata(sandbox.issuer))

    return Route("/.well-known/oauth-authorization-server", metadata)


def _metadata(issuer: str) -> dict[str, object]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "revocation_endpoint": f"{issuer}/revoke",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANT_TYPES),
        "token_endpoint_auth_methods_supported": _CLIENT_AUTHENTICATION,
        "revocation_endpoint_auth_methods_supported": _CLIENT_AUTHENTICATION,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "service_documentation": f"{issuer}/",
    }
