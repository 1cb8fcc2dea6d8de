"""What an authorization server says about itself (RFC 8414, OpenID Connect Discovery)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from connectsmith.core.definition.model import Definition
from connectsmith.core.definition.origins import origin_of
from connectsmith.core.message import HttpRequest, HttpResponse, Purpose
from connectsmith.errors import MetadataRefused, UrlInvalid

ENDPOINTS: Final = {
    "authorization_url": "authorization_endpoint",
    "token_url": "token_endpoint",
    "revocation_url": "revocation_endpoint",
    "device_authorization_url": "device_authorization_endpoint",
    "par_url": "pushed_authorization_request_endpoint",
    "registration_url": "registration_endpoint",
}
"""Members of `auth_components` by what fills them."""
LONGEST_URL: Final = 2048

_PLAIN = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What of a server's metadata is used; `endpoints` by the member that each fills."""

    issuer: str
    endpoints: Mapping[str, str] = field(default_factory=dict)
    iss_required: bool = False
    """Whether every authorization response names the issuer (RFC 9207 section 3)."""
    par_required: bool = False
    """Whether authorization requests must be pushed (RFC 9126 section 5)."""

    def to_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {
            "issuer": self.issuer,
            "endpoints": dict(self.endpoints),
            "iss_required": self.iss_required,
            "par_required": self.par_required,
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Metadata":
        """Read what `to_json` returned."""
        return cls(**stored)


def metadata_requests(issuer: str) -> tuple[HttpRequest, ...]:
    """Return the requests that may find an issuer's metadata, in the order they are tried.

    RFC 8414 section 3.1 puts the well-known part before the issuer's path, OpenID Connect after it.
    """
    parts = urlsplit(issuer)
    base, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    urls = dict.fromkeys(
        (
            f"{base}/.well-known/oauth-authorization-server{path}",
            f"{base}/.well-known/openid-configuration{path}",
            f"{base}{path}/.well-known/openid-configuration",
        )
    )
    accept = (("Accept", "application/json"),)
    return tuple(HttpRequest("GET", each, accept, purpose=Purpose.METADATA) for each in urls)


def read_metadata(issuer: str, response: HttpResponse) -> Metadata:
    """Read a metadata document (RFC 8414 section 3.2), and believe nothing that is not coherent.

    Raises:
        MetadataRefused: no metadata of that very issuer, or an endpoint that no https server names.
    """
    body = _body(response)
    if body.get("issuer") != issuer:
        raise MetadataRefused(
            "The document found names another issuer than the one that was asked for, or none. It "
            "was thrown away: write the issuer exactly as the server writes it.",
            place="/auth_components/issuer",
        )
    found = {member: body.get(name) for member, name in ENDPOINTS.items()}
    return Metadata(
        issuer=issuer,
        endpoints={
            member: _endpoint(issuer, url, ENDPOINTS[member])
            for member, url in found.items()
            if url is not None
        },
        iss_required=body.get("authorization_response_iss_parameter_supported") is True,
        par_required=body.get("require_pushed_authorization_requests") is True,
    )


def filled(definition: Definition, metadata: Metadata) -> Definition:
    """Return a definition with what it does not write taken from its issuer's metadata."""
    auth = definition.auth_components
    found = {
        member: url for member, url in metadata.endpoints.items() if getattr(auth, member) is None
    }
    if auth.grant != "authorization_code":
        found.pop("authorization_url", None)
    if auth.grant != "device_code":
        found.pop("device_authorization_url", None)
    if auth.client_id is not None:
        found.pop("registration_url", None)
    if not metadata.par_required:
        found.pop("par_url", None)
    return definition.model_copy(update={"auth_components": auth.model_copy(update=found)})


def needs_discovery(definition: Definition) -> bool:
    """Tell whether a definition cannot be used before its issuer's metadata is known."""
    auth = definition.auth_components
    if auth.issuer is None:
        return False
    needed = ["token_url"]
    needed += ["authorization_url"] if auth.grant == "authorization_code" else []
    needed += ["device_authorization_url"] if auth.grant == "device_code" else []
    needed += ["registration_url"] if auth.client_id is None else []
    return any(getattr(auth, member) is None for member in needed)


def _body(response: HttpResponse) -> dict[str, Any]:
    if response.status != 200:  # noqa: PLR2004 - RFC 8414 section 3.2
        raise MetadataRefused(f"The metadata document was answered with {response.status}.")
    try:
        body = json.loads(response.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise MetadataRefused("What was found in the metadata's place is no JSON object.")
    return body


def _endpoint(issuer: str, url: object, name: str) -> str:
    """Return an endpoint's address; of an https server it is https as well."""
    try:
        if not isinstance(url, str) or len(url) > LONGEST_URL or not _PLAIN.fullmatch(url):
            raise UrlInvalid("not a URL")  # noqa: TRY301 - the same ending as an origin that is none
        origin = origin_of(url)
    except UrlInvalid as error:
        raise MetadataRefused(f'The metadata\'s "{name}" is no URL.') from error
    if "#" in url or "{{" in url or (issuer.startswith("https:") and origin.startswith("http:")):
        raise MetadataRefused(
            f'The metadata\'s "{name}" is not https, or holds what no endpoint may (RFC 8414 '
            "section 2)."
        )
    return url
