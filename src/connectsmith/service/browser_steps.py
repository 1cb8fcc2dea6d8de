"""Authorizations from the browser's side: the start page's button and the callback."""

import hmac
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from connectsmith.core.authorization.request import (
    authorization_endpoint,
    authorization_request,
    token_endpoint,
)
from connectsmith.core.authorization.response import (
    CallbackCode,
    CallbackError,
    check_issuer,
    read_callback,
    refusal,
)
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    AuthorizationEnded,
    CallbackRefused,
    ConnectsmithError,
    IssuerUnexpected,
)
from connectsmith.service.authorizations import (
    CAPTURED,
    AuthorizationDesk,
    authorization_place,
    blueprint_of,
    failed,
    party_of,
)
from connectsmith.service.blueprints import Blueprints
from connectsmith.service.ports import (
    AuthorizationRow,
    Authorizations,
    Clock,
    EventRow,
    Events,
    Randomness,
    Sealer,
)
from connectsmith.service.rules import Rules
from connectsmith.service.token_endpoint import TokenEndpoint

STATE_LENGTHS = range(1, 513)


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the start page tells before its button is pressed."""

    connector_name: str
    host: str
    """Where the browser will be sent."""


@dataclass(frozen=True, slots=True)
class Departure:
    """The browser leaves for the authorization server with a cookie for this authorization."""

    url: str
    cookie_name: str
    cookie_value: str
    callback_path: str
    lifetime_seconds: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a callback ends: by redirect to whoever waits, or on our own page."""

    kind: Literal["redirect", "typed", "failed"]
    connector_name: str
    cookie_name: str
    url: str = ""
    typed: str = ""
    code: str = ""
    message: str = ""


def cookie_name(authorization: str) -> str:
    """Return the name of the cookie of one authorization."""
    return f"connectsmith_{authorization}"


class BrowserSteps:
    """What a browser without an account here may do: start, and come back."""

    def __init__(
        self,
        *,
        authorizations: Authorizations,
        desk: AuthorizationDesk,
        blueprints: Blueprints,
        endpoint: TokenEndpoint,
        events: Events,
        sealer: Sealer,
        clock: Clock,
        randomness: Randomness,
        rules: Rules,
    ) -> None:
        self._authorizations = authorizations
        self._desk = desk
        self._blueprints = blueprints
        self._endpoint = endpoint
        self._events = events
        self._sealer = sealer
        self._clock = clock
        self._randomness = randomness
        self._rules = rules

    async def invite(self, value: str) -> Invitation:
        """Describe a start link; changes nothing, so that link previews do no harm."""
        row = await self._startable(value)
        connector = await self._blueprints.connector(row.workspace, row.connector)
        blueprint = await blueprint_of(self._blueprints, row)
        party = party_of(row, blueprint, self._held(row))
        url = authorization_endpoint(party.client, await self._endpoint.values(party))
        return Invitation(connector.name, urlsplit(url).hostname or "")

    async def depart(self, value: str) -> Departure:
        """Use a start link up and return where the browser goes.

        Raises:
            AuthorizationEnded: the link was used, or its time is over.
        """
        row = await self._startable(value)
        blueprint = await blueprint_of(self._blueprints, row)
        held = self._held(row)
        party = party_of(row, blueprint, held)
        state, verifier = self._randomness.secret(), self._randomness.secret()
        cookie = self._randomness.text()
        url = authorization_request(
            party.client,
            redirect_uri=self._rules.callback_url(row.connector),
            state=state,
            verifier=verifier,
            values=await self._endpoint.values(party),
        )
        started = replace(
            row,
            status="started",
            state_digest=self._sealer.digest("state", state),
            cookie_digest=self._sealer.digest("cookie", Secret(cookie)),
            sealed=self._sealer.seal({**held, "verifier": verifier}, authorization_place(row)),
        )
        if not await self._authorizations.advance(started, expected_status="created"):
            raise _used()
        lifetime = row.expires_at - self._clock.now()
        return Departure(
            url=url,
            cookie_name=cookie_name(row.id),
            cookie_value=cookie,
            callback_path=f"/oauth/callback/{row.connector}",
            lifetime_seconds=max(1, int(lifetime.total_seconds())),
        )

    async def _startable(self, value: str) -> AuthorizationRow:
        row = await self._authorizations.by_start(self._sealer.digest("start", Secret(value)))
        if row is None:
            raise _used()
        row = await self._desk.ended_if_late(row)
        if row.status != "created":
            raise _used()
        return row

    async def arrive(self, connector: str, query: str, cookies: dict[str, str]) -> Arrival:
        """Take a callback: check whose it is, use its state up, and seal its code.

        The code is not redeemed here: the caller who started must bring the completion value.

        Raises:
            CallbackRefused: it is malformed, or belongs to no authorization of this browser.
        """
        row = await self._belongs(connector, query, cookies)
        if row.status != "started":
            return await self._told_again(row)
        blueprint = await blueprint_of(self._blueprints, row)
        if blueprint.client is None:
            raise CallbackRefused("This connector does not use OAuth.")
        answer = read_callback(query, blueprint.client)
        values = await self._endpoint.values(party_of(row, blueprint, self._held(row)))
        try:
            issuer = check_issuer(
                blueprint.client,
                answer.iss,
                authorization_url=authorization_endpoint(blueprint.client, values),
                token_url=token_endpoint(blueprint.client, values),
            )
        except IssuerUnexpected as error:
            return await self._fail(row, error)
        if isinstance(answer, CallbackError):
            return await self._fail(row, refusal(answer))
        return await self._receive(row, answer, issuer)

    async def _belongs(
        self, connector: str, query: str, cookies: dict[str, str]
    ) -> AuthorizationRow:
        """Return the authorization of a callback: by state, path and this browser's cookie."""
        states = [value for key, value in _pairs(query) if key == "state"]
        if len(states) != 1 or len(states[0]) not in STATE_LENGTHS:
            raise _refused()
        row = await self._authorizations.by_state(self._sealer.digest("state", Secret(states[0])))
        if row is None:
            raise _refused()
        cookie = cookies.get(cookie_name(row.id), "")
        given = self._sealer.digest("cookie", Secret(cookie))
        if row.connector != connector or not hmac.compare_digest(given, row.cookie_digest or b""):
            await self._record(row, "callback_refused", "another connector or another browser")
            raise _refused()
        return await self._desk.ended_if_late(row)

    async def _receive(
        self, row: AuthorizationRow, answer: CallbackCode, issuer: str | None
    ) -> Arrival:
        completion = self._randomness.text() if row.return_to else self._randomness.typed()
        held = self._held(row)
        held["code"] = answer.code
        held |= {CAPTURED + key: value for key, value in answer.captured.items()}
        returned = replace(
            row,
            status="returned",
            issuer=issuer,
            completion_digest=self._sealer.digest("completion", Secret(completion)),
            sealed=self._sealer.seal(held, authorization_place(row)),
        )
        if not await self._authorizations.advance(returned, expected_status="started"):
            return await self._told_again(row)
        if row.return_to:
            return await self._redirect(row, {"completion": completion})
        return replace(await self._page(row, "typed"), typed=completion)

    async def _fail(self, row: AuthorizationRow, error: ConnectsmithError) -> Arrival:
        ended = failed(row, error.code, error.message)
        await self._authorizations.advance(ended, expected_status="started")
        await self._record(row, "authorization_failed", error.code)
        if row.return_to:
            return await self._redirect(row, {"error": error.code})
        return await self._told_again(ended)

    async def _told_again(self, row: AuthorizationRow) -> Arrival:
        """Show the stored outcome to a browser that comes back a second time."""
        fresh = await self._authorizations.get(row.workspace, row.id) or row
        message = fresh.error_message or (
            "This sign-in was received already. Go back to where you started it."
        )
        page = await self._page(fresh, "failed")
        return replace(page, code=fresh.error_code or "used", message=message)

    async def _redirect(self, row: AuthorizationRow, extra: dict[str, str]) -> Arrival:
        target = row.return_to or ""
        query = urlencode({"authorization": row.id, **extra})
        page = await self._page(row, "redirect")
        return replace(page, url=f"{target}{'&' if '?' in target else '?'}{query}")

    async def _page(
        self, row: AuthorizationRow, kind: Literal["redirect", "typed", "failed"]
    ) -> Arrival:
        connector = await self._blueprints.connector(row.workspace, row.connector)
        return Arrival(kind, connector.name, cookie_name(row.id))

    def _held(self, row: AuthorizationRow) -> dict[str, Secret]:
        return self._sealer.open(row.sealed or b"", authorization_place(row))

    async def _record(self, row: AuthorizationRow, what: str, message: str) -> None:
        await self._events.add(
            EventRow(row.workspace, self._clock.now(), "browser", what, row.id, message)
        )


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=100)
    except ValueError as error:
        raise _refused() from error


def _used() -> AuthorizationEnded:
    return AuthorizationEnded(
        "This sign-in link was used already, or its time is over. Start the connection again."
    )


def _refused() -> CallbackRefused:
    return CallbackRefused(
        "This answer belongs to no sign-in that this browser started here. "
        "Start the connection again, and finish it in the same browser."
    )
