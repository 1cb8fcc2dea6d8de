"""The parameters of OAuth requests: which an author may set, how they are renamed and joined.

Values stay `Secret` here; they become text only where a request is encoded.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import unquote_plus

from connectsmith.core.definition.placeholders import OMITTED, Template
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import DefinitionError

Parameters = tuple[tuple[str, Secret], ...]
"""Names on the wire with their values, in the order they are sent."""

Authored = Mapping[str, Template | None]
"""Parameters of the definition; None removes one of ours."""

CREDENTIALS: Final = frozenset(
    {
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
        "code",
        "code_verifier",
        "refresh_token",
    }
)
"""Parameters of every request that may be renamed, but neither set nor removed."""

BROWSER_BOUND: Final = frozenset(
    {"state", "redirect_uri", "code_challenge", "code_challenge_method"}
)
"""The same in authorization requests only: they tie the answer to whoever asked."""

COMMON: Final = frozenset({"scope", "resource", "audience"})
AUTHORIZATION: Final = COMMON | BROWSER_BOUND | {"response_type", "client_id"}
"""What an authorization request may hold of ours."""
TOKEN: Final = COMMON | CREDENTIALS | {"grant_type", "redirect_uri"}
"""What a token request may hold of ours."""


def check_authored(
    authored: Iterable[str], renames: Mapping[str, str], reserved: frozenset[str], place: str
) -> None:
    """Refuse parameters that only we set, by their own name or the one they were given.

    Raises:
        DefinitionError: the author would set, remove or repeat one (RFC 6749 section 3.1).
    """
    taken = reserved | {renames[name] for name in reserved if name in renames}
    for name in authored:
        if name in taken or name.lower() in reserved or name.startswith("client_assertion"):
            raise DefinitionError(
                f'The parameter "{name}" belongs to the sign-in itself: '
                "it can be renamed, but neither set nor removed.",
                place=f"{place}/{_escaped(name)}",
            )


def check_not_implicit(authored: Authored, renames: Mapping[str, str], place: str) -> None:
    """Refuse a `response_type` that brings access tokens through the browser.

    Services that call the code by another word may have it (RFC 6749 section 8.4), or have the
    parameter left out.

    Raises:
        DefinitionError: it names `token`, or is not known before it is sent.
    """
    known = {"response_type", renames.get("response_type", "response_type").lower()}
    for name, template in authored.items():
        if name.lower() not in known or template is None:
            continue
        words = template.source.lower().split()
        if template.names or "token" in words or words == ["id_token"]:
            raise DefinitionError(
                "An access token never comes through the browser: the implicit grant is not "
                "carried out (RFC 9700 section 2.1.2).",
                place=f"{place}/{_escaped(name)}",
            )


def check_renames(renames: Mapping[str, str], ours: frozenset[str], place: str) -> None:
    """Refuse renames after which two parameters would share a name.

    Raises:
        DefinitionError: they would, or a name is empty.
    """
    wire = [renames.get(name, name) for name in ours | frozenset(renames)]
    repeated = sorted({name for name in wire if wire.count(name) > 1 or not name})
    if repeated:
        raise DefinitionError(
            f'Two parameters would be called "{repeated[0]}"; a parameter is sent only once.'
            if repeated[0]
            else "A parameter cannot be renamed to nothing; to leave it out, set it to null.",
            place=place,
        )


def joined(
    ours: Mapping[str, Sequence[Secret]],
    authored: Authored,
    texts: Mapping[str, str],
    renames: Mapping[str, str],
) -> Parameters:
    """Return our parameters with the author's over them, under their names on the wire.

    One without a value is not sent. An author may use a renamed parameter's old or new name;
    it is sent once either way.
    """
    merged = {name: tuple(values) for name, values in ours.items()}
    before = {wire: name for name, wire in renames.items()}
    for name, template in authored.items():
        rendered = OMITTED if template is None else template.render(texts)
        merged[before.get(name, name)] = () if rendered is OMITTED else (Secret(str(rendered)),)
    return tuple(
        (renames.get(name, name), value)
        for name, values in merged.items()
        for value in values
        if value
    )


def kept_query(query: str, ours: Iterable[str]) -> str:
    """Return an endpoint's own query as written, without the parameters we send ourselves."""
    names = frozenset(ours)
    return "&".join(each for each in query.split("&") if each and _name(each) not in names)


def query_names(query: str) -> frozenset[str]:
    """Return the names of the parameters in a query."""
    return frozenset(_name(each) for each in query.split("&") if each)


def _name(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
