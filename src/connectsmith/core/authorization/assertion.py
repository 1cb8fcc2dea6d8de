"""JWTs that a client signs: to prove itself, and to be granted a token (RFC 7523).

The audience is one text, the issuer's: an assertion that one server is given is no use at another
(the security considerations of RFC 7523, and the attack that moved them).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from connectsmith.core.authorization.client import OAuthClient
from connectsmith.core.authorization.filling import (
    Filling,
    client_identity,
    credential,
    fill,
    own_values,
)
from connectsmith.core.authorization.parameters import Parameters
from connectsmith.core.authorization.signing import Signing, SigningKey, Unsigned
from connectsmith.core.authorization.values import Values
from connectsmith.core.definition.facts import is_secret_name
from connectsmith.core.message import Carried
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import Bug, ValueMissing

LONGEST_REQUEST: Final = timedelta(minutes=5)
"""How long a signed authorization request may be presented."""


def signed_assertion(client: OAuthClient, values: Values) -> tuple[Secret, tuple[Carried, ...]]:
    """Sign the assertion of `private_key_jwt` or `jwt_bearer`; it goes where its key may reach.

    Raises:
        SecretMissing, ValueMissing: something it is made of has no value.
        KeyUnusable: the private key cannot sign it.
    """
    signing, plan = signing_of(values), client.assertion
    client_id, _ = client_identity(client, values)
    filling = fill(plan.names, values, own_values(client, client_id, values))
    key = signing_key(client, values)
    claims = {
        **plan.claims.render(filling.texts),
        "iss": _said(plan.iss, filling, client_id, "iss"),
        "sub": _said(plan.sub, filling, client_id, "sub"),
        "aud": audience(client, values, filling),
        **times(signing, plan.lifetime),
    }
    header = {"typ": "JWT", **plan.header.render(filling.texts)}
    return signed(client, values, header, claims, also=filling.carried, key=key)


def request_object(
    client: OAuthClient, parameters: Parameters, values: Values
) -> tuple[Secret, tuple[Carried, ...]]:
    """Sign an authorization request's parameters (RFC 9101 section 4): for the issuer, and briefly.

    Raises:
        KeyUnusable: the private key cannot sign it.
    """
    client_id, _ = client_identity(client, values)
    filling = fill(client.assertion.names, values, own_values(client, client_id, values))
    claims: dict[str, Any] = {}
    for name, value in parameters:
        text, earlier = value.reveal(), claims.get(name)
        listed = earlier if isinstance(earlier, list) else [earlier]
        claims[name] = text if earlier is None else [*listed, text]
    issued = times(signing_of(values), min(client.assertion.lifetime, LONGEST_REQUEST))
    claims |= {
        "iss": client_id.reveal() if client_id else "",
        "aud": audience(client, values, filling),
        "nbf": issued["iat"],
        **issued,
    }
    return signed(client, values, {"typ": "oauth-authz-req+jwt"}, claims, also=filling.carried)


def signed(
    client: OAuthClient,
    values: Values,
    header: Mapping[str, Any],
    claims: Mapping[str, Any],
    *,
    also: tuple[Carried, ...] = (),
    key: SigningKey | None = None,
) -> tuple[Secret, tuple[Carried, ...]]:
    """Sign claims with the client's key; return the JWT, and what it carries by that."""
    signing = signing_of(values)
    key = key or signing_key(client, values)
    full = {**header, "alg": client.assertion.alg, **({"kid": key.key_id} if key.key_id else {})}
    jwt = signing.signer.sign(Unsigned(full, claims), key.value)
    return jwt, (Carried("what the private key signed", jwt, key.destinations), *also)


def signing_key(client: OAuthClient, values: Values) -> SigningKey:
    """Return the key that the definition names, or the connector's own."""
    own = signing_of(values).own_key
    if client.private_key is None:
        if own is None:
            raise Bug("A client without a private key was to sign.")
        return own
    value, of_key = credential(client.private_key, values, "private key")
    key_id, _ = credential(client.key_id, values, "key id")
    if value is None:
        raise Bug("A credential without a template was rendered.")
    places = [each.destinations.origins for each in of_key.carried]
    destinations = Destinations(frozenset.intersection(*places) if places else frozenset())
    return SigningKey(value, key_id.reveal() if key_id else None, destinations)


def signing_of(values: Values) -> Signing:
    """Return what signing takes; whoever opened the values knew that it is needed."""
    if values.signing is None:
        raise Bug("A request was to be signed without a signer.")
    return values.signing


def times(signing: Signing, lifetime: timedelta) -> dict[str, Any]:
    """Return the claims that make a JWT short-lived and usable once (RFC 7519 section 4.1)."""
    issued = int(signing.moment.timestamp())
    return {"iat": issued, "exp": issued + int(lifetime.total_seconds()), "jti": signing.jti}


def audience(client: OAuthClient, values: Values, filling: Filling) -> str:
    """Return what the definition says, else the issuer, else the token endpoint."""
    if client.assertion.aud is not None:
        rendered = filling.render(client.assertion.aud)
        if rendered:
            return rendered.reveal()
    if client.issuer is not None:
        return client.issuer
    url = client.exchange.url
    names = (name for name in url.names if not is_secret_name(name))
    return url.render(fill(names, values).texts)


def _said(template: Any, filling: Filling, otherwise: Secret | None, claim: str) -> str:
    found = otherwise if template is None else filling.render(template)
    if not found:
        raise ValueMissing(
            f'The assertion\'s "{claim}" has no value. Write it in `assertion`, or a `clientID`.',
            place="/auth_components/assertion",
        )
    return found.reveal()
