"""Redirects followed by hand (RFC 9110 section 15.4): what the next request is, if there is one.

A request never takes credentials, headers of its own or a body to another origin, and a token
endpoint's redirect is an error (RFC 9700 section 4.12).
"""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import parse_qsl, quote, unquote, unquote_to_bytes, urljoin

from connectsmith.core.message import Headers, HttpRequest, Purpose
from connectsmith.core.secret.redaction import STRONG, Redactor
from connectsmith.core.secret.secret import Secret
from connectsmith.egress.url import ParsedUrl, check_url
from connectsmith.errors import EgressDenied, RedirectRefused, TokenEndpointRedirected

REDIRECTS = frozenset({301, 302, 303, 307, 308})

_KEEPS_BODY = frozenset({307, 308})
_HARMLESS = frozenset({"accept", "user-agent"})
_ABOUT_BODY = frozenset(
    {"content-type", "content-encoding", "content-language", "content-location", "digest"}
)
_ASCII = "".join(map(chr, range(0x21, 0x7F)))


def redirected(
    request: HttpRequest, url: ParsedUrl, status: int, locations: Iterable[str]
) -> HttpRequest | None:
    """Return the request that a redirect asks for; None when the answer is to be kept as it is.

    Raises:
        TokenEndpointRedirected: the request was to a token or revocation endpoint.
        RedirectRefused: it leads nowhere good, or would take along what must stay.
    """
    if request.purpose in {Purpose.TOKEN, Purpose.REVOCATION, Purpose.METADATA}:
        raise TokenEndpointRedirected(
            f"{url.origin.text} answered with a redirect ({status}), which is never followed for"
            " credentials; write the endpoint's final URL into the definition."
        )
    targets = tuple(locations)
    if not targets:
        return None
    if len(targets) > 1:
        raise _refused(url, "it names several targets")
    target = _target(url, targets[0])
    if url.origin.scheme == "https" and target.origin.plain:
        raise _refused(url, "it leads from https to plain http")
    onward = replace(_with_method(request, status), url=target.text)
    if target.origin.text == url.origin.text:
        if onward.proves:
            raise _refused(url, "its proof of possession is good for the first address alone")
        return onward
    return _for_stranger(onward, url, target, status)


def _target(url: ParsedUrl, location: str) -> ParsedUrl:
    """Resolve a `Location`; bytes beyond ASCII are percent-encoded as browsers do."""
    plain = location.partition("#")[0]
    if any(character < "!" or character in "\x7f\\" for character in plain):
        raise _refused(url, "its target is no URL")
    try:
        return check_url(quote(urljoin(url.text, plain), safe=_ASCII))
    except (EgressDenied, ValueError) as error:
        raise _refused(url, "its target is no http or https URL that can be used") from error


def _with_method(request: HttpRequest, status: int) -> HttpRequest:
    """Turn 303, and a POST answered by 301 or 302, into a GET without a body."""
    becomes_get = (status == 303 and request.method != "HEAD") or (  # noqa: PLR2004 - See Other
        status not in _KEEPS_BODY and request.method == "POST"
    )
    if not becomes_get:
        return request
    return replace(request, method="GET", body=b"", headers=_without(request.headers, _ABOUT_BODY))


def _for_stranger(
    onward: HttpRequest, url: ParsedUrl, target: ParsedUrl, status: int
) -> HttpRequest:
    if status in _KEEPS_BODY and (onward.carries or onward.body):
        raise _refused(url, "it would take the request with its credentials or body elsewhere")
    if onward.body:
        raise _refused(url, "it would take the request's body elsewhere")
    known = Redactor((each.value for each in onward.carries), lambda _: "", shortest=STRONG)
    if _names_secret(onward, target) or known.finds(unquote_to_bytes(target.target)):
        raise _refused(url, "its target on another host holds a credential")
    headers = tuple(
        (name, value)
        for name, value in onward.headers
        if name.lower() in _HARMLESS and not known.finds(value.encode("utf-8", "surrogatepass"))
    )
    return replace(onward, headers=headers, carries=())


def _names_secret(request: HttpRequest, target: ParsedUrl) -> bool:
    """Tell whether a carried value is a whole part of the target: a service that echoes it."""
    path, _, query = target.target.partition("?")
    parts = [*(unquote(part) for part in path.split("/"))]
    parts += [value for pair in parse_qsl(query, keep_blank_values=True) for value in pair]
    return any(Secret(part) == carried.value for part in parts for carried in request.carries)


def _without(headers: Headers, names: frozenset[str]) -> Headers:
    return tuple(pair for pair in headers if pair[0].lower() not in names)


def _refused(url: ParsedUrl, why: str) -> RedirectRefused:
    return RedirectRefused(f"A redirect from {url.origin.text} was not followed: {why}.")
