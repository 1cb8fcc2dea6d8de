"""When a registered client has to change, and into what: it keeps whatever its grants may need."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from connectsmith.core.authorization.registration import Wanted

SEVERAL: Final = ("redirect_uris", "grant_types", "response_types", "scope")
"""Members a client has several of: it may have more than one definition asks for."""
NAME: Final = "client_name"
KEYS: Final = "jwks_uri"


def suits(standing: Wanted, asked: Wanted, *, answered: Collection[str]) -> bool:
    """Tell whether a client as it stands can sign in as it is asked to.

    What it has besides does no harm, but for redirect URIs: each is to be one that is `answered`,
    as whoever is at another would be handed authorization codes.
    """
    return (
        not clash(standing, asked)
        and has_its_keys(standing, asked)
        and all(_several(asked, name) <= _several(standing, name) for name in SEVERAL)
        and set(standing.redirect_uris) <= {*asked.redirect_uris, *answered}
    )


def clash(standing: Wanted, asked: Wanted) -> bool:
    """Tell whether they differ in what a client has one of, as the way to authenticate."""
    return _single(standing.metadata) != _single(asked.metadata)


def has_its_keys(standing: Wanted, asked: Wanted) -> bool:
    """Tell whether its key set is registered where it is."""
    return standing.metadata.get(KEYS) == asked.metadata.get(KEYS)


def joined(
    standing: Wanted, asked: Wanted, *, answered: Collection[str], renames: bool = True
) -> Wanted:
    """Return what a client that stands is to become, so that it does for both.

    Two definitions that ask in turn, as a draft and what is published, so ask for one thing. Of
    its redirect URIs those stay that are `answered`. The name is for the consent page alone.
    """
    kept = tuple(each for each in standing.redirect_uris if each in answered)
    metadata = {**standing.metadata, **asked.metadata}
    for name in ("grant_types", "response_types"):
        metadata[name] = _once((*standing.metadata.get(name, ()), *asked.metadata.get(name, ())))
    metadata["redirect_uris"] = _once((*asked.redirect_uris, *kept))
    scopes = _once((*_scopes(standing), *_scopes(asked)))
    if scopes:
        metadata["scope"] = " ".join(scopes)
    if not renames and NAME in standing.metadata:
        metadata[NAME] = standing.metadata[NAME]
    return Wanted(asked.url, metadata)


def moved(
    standing: Wanted, *, redirect_uri: str, jwks_url: str, answered: Collection[str]
) -> Wanted:
    """Return what stands, at our present addresses."""
    here: dict[str, Any] = {**standing.metadata, "redirect_uris": [redirect_uri]}
    if KEYS in here:
        here[KEYS] = jwks_url
    return joined(standing, Wanted(standing.url, here), answered=answered)


def _single(metadata: Mapping[str, Any]) -> dict[str, Any]:
    several = {*SEVERAL, NAME, KEYS}
    single = {name: value for name, value in metadata.items() if name not in several}
    return {**single, KEYS: KEYS in metadata}


def _several(wanted: Wanted, name: str) -> set[str]:
    return set(_scopes(wanted) if name == "scope" else wanted.metadata.get(name, ()))


def _scopes(wanted: Wanted) -> tuple[str, ...]:
    return tuple(str(wanted.metadata.get("scope", "")).split())


def _once(values: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(values))
