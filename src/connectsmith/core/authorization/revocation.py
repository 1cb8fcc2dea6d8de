"""Revocation of tokens (RFC 7009)."""

from typing import Final

from connectsmith.core.authorization.client import OAuthClient
from connectsmith.core.authorization.filling import fill, own_values
from connectsmith.core.authorization.grant import authored_headers, identity, written_request
from connectsmith.core.authorization.parameters import joined
from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.authorization.values import Values
from connectsmith.core.message import Carried, HttpRequest, HttpResponse, Purpose
from connectsmith.core.secret.secret import Secret

_HOPELESS: Final = frozenset({400, 404, 405, 410, 501})


def revocable(client: OAuthClient, tokens: TokenSet) -> tuple[tuple[str, Secret], ...]:
    """Return the tokens to revoke with their hints, the refresh token first.

    It comes first because most servers end the whole grant with it; none where the definition has
    no `revocationURL`.
    """
    if client.revocation is None:
        return ()
    held = (("refresh_token", tokens.refresh_token), ("access_token", tokens.access_token))
    return tuple((hint, token) for hint, token in held if token is not None)


def revocation_request(
    client: OAuthClient, hint: str, token: Secret, values: Values
) -> HttpRequest:
    """Write the request that revokes one of the tokens that `revocable` returned."""
    endpoint = client.revocation
    assert endpoint is not None  # noqa: S101 - the caller looked
    who = identity(client, endpoint, values)
    filling = fill(endpoint.names, values, own_values(client, who.client_id, values))
    name = f"the connection's {hint.replace('_', ' ')}"
    ours = {
        "token": (token,),
        "token_type_hint": (Secret(hint),),
        **{name: (value,) for name, value in who.proof.parameters.items()},
    }
    return written_request(
        endpoint,
        url=endpoint.url.render(filling.texts),
        parameters=joined(ours, {}, filling.texts, endpoint.renames),
        headers=(*who.proof.headers, *authored_headers(endpoint, filling)),
        carried=(Carried(name, token, values.destinations), *who.carried, *filling.carried),
        purpose=Purpose.REVOCATION,
    )


def revocation_accepted(response: HttpResponse) -> bool:
    """Tell whether asking again would change nothing (RFC 7009 section 2.2).

    An unknown token is revoked enough. Only 5xx, 429 and refused clients are worth another try.
    """
    return response.status in range(200, 300) or response.status in _HOPELESS
