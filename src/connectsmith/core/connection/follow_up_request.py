"""Write follow-up requests: with the access token as calls carry it, or as the client itself."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectsmith.core.authorization.client import OAuthClient
from connectsmith.core.authorization.filling import (
    Filling,
    client_identity,
    fill,
    own_values,
)
from connectsmith.core.authorization.grant import form_encoded, identity, with_parameters
from connectsmith.core.authorization.parameters import Parameters
from connectsmith.core.authorization.steps import REFRESH_TOKEN, Step
from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.authorization.values import StoredSecret, Values
from connectsmith.core.connection.apply import AuthPlan, apply
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.connection.prepared import Prepared
from connectsmith.core.definition.placeholders import OMITTED, Place, Template
from connectsmith.core.message import Carried, HttpRequest, Purpose
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import FieldInvalid

ACCESS_TOKEN = "oauth.access_token"  # noqa: S105 - a placeholder's name

_NO_BODY = frozenset({"GET", "HEAD", "DELETE"})


def follow_up_request(
    client: OAuthClient,
    auth: AuthPlan,
    step: Step,
    *,
    tokens: TokenSet,
    values: Values,
    origins: Destinations,
    id_: str,
) -> HttpRequest:
    """Write the request of a step.

    `origins` are those that the connection's owner was shown, of the API and of the authorization
    server: everything of the connection is bound to them, the refresh token to
    `values.destinations` alone. `id_` is 128 random bits, for `oauth.random`.

    Raises:
        SecretMissing, ValueMissing, FieldInvalid: something it needs has no value, or a wrong one.
    """
    filling, carried = _filled(client, step, tokens, values=values, origins=origins)
    query = _pairs(step.query, filling)
    headers = list(_headers(step, filling))
    body = _rendered(step.body, filling)
    if step.auth == "client":
        who = identity(client, client.exchange, values)
        carried = (*carried, *who.carried)
        headers += [(name, value.reveal()) for name, value in who.proof.headers]
        proof = tuple(who.proof.parameters.items())
        if step.method in _NO_BODY or not isinstance(body, dict | None):
            query += proof
        elif proof:
            body = (body or {}) | {name: value.reveal() for name, value in proof}
    content, content_type = _written(step, body)
    prepared = Prepared(
        method=step.method,
        url=step.url,
        fixed_url=with_parameters(step.url.render(filling.texts), query),
        headers=tuple(headers),
        body=content,
        content_type=content_type,
        purpose=Purpose.TOKEN,
    )
    held = Credentials(tokens, values.fields, {**values.captured, **tokens.captured})
    plan = auth if step.auth == "token" else AuthPlan()
    client_id = _client_id(client, values, origins) if step.auth == "token" else None
    request = apply(plan, prepared, held, origins, call_id=id_, client_id=client_id)
    return _carrying(request, carried)


def _filled(
    client: OAuthClient, step: Step, tokens: TokenSet, *, values: Values, origins: Destinations
) -> tuple[Filling, tuple[Carried, ...]]:
    """Look up what the step's placeholders stand for."""
    of_connection = replace(
        values, captured={**values.captured, **tokens.captured}, destinations=origins
    )
    client_id, of_id = client_identity(client, values)
    own = own_values(client, client_id, values)
    own |= {ACCESS_TOKEN: tokens.access_token, REFRESH_TOKEN: tokens.refresh_token}
    filling = fill(step.names, of_connection, own)
    carried = list(filling.carried)
    if "oauth.client_id" in step.names:
        carried += of_id.carried
    if ACCESS_TOKEN in step.names:
        carried.append(Carried("the connection's access token", tokens.access_token, origins))
    if REFRESH_TOKEN in step.names and tokens.refresh_token is not None:
        name = "the connection's refresh token"
        carried.append(Carried(name, tokens.refresh_token, values.destinations))
    return filling, tuple(carried)


def _client_id(client: OAuthClient, values: Values, origins: Destinations) -> StoredSecret | None:
    found, filling = client_identity(client, values)
    if found is None:
        return None
    carried = filling.carried
    return StoredSecret(found, carried[0].destinations if carried else origins)


def _carrying(request: HttpRequest, carried: tuple[Carried, ...]) -> HttpRequest:
    return replace(request, carries=(*request.carries, *carried))


def _pairs(query: Mapping[str, Template], filling: Filling) -> Parameters:
    rendered = ((name, filling.render(each)) for name, each in query.items())
    return tuple((name, value) for name, value in rendered if value is not None)


def _headers(step: Step, filling: Filling) -> list[tuple[str, str]]:
    rendered = ((name, each.render(filling.texts, Place.HEADER)) for name, each in step.headers)
    return [(name, str(value)) for name, value in rendered if value is not OMITTED]


def _rendered(value: Any, filling: Filling) -> Any:
    """Fill a body; a member without a value is left out."""
    if isinstance(value, Template):
        return value.render(filling.texts)
    if isinstance(value, dict):
        members = {name: _rendered(each, filling) for name, each in value.items()}
        return {name: each for name, each in members.items() if each is not OMITTED}
    if isinstance(value, list):
        items = (_rendered(each, filling) for each in value)
        return [each for each in items if each is not OMITTED]
    return value


def _written(step: Step, body: Any) -> tuple[bytes, str | None]:
    if body is None or body is OMITTED:
        return b"", None
    if step.format == "json":
        return json.dumps(body).encode("ascii"), "application/json"
    if not isinstance(body, dict):
        raise FieldInvalid("A form is written from an object of texts.", place=f"{step.place}/body")
    pairs = tuple((name, Secret(_text(each))) for name, each in body.items() if each is not None)
    return form_encoded(pairs).encode("ascii"), "application/x-www-form-urlencoded"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)
