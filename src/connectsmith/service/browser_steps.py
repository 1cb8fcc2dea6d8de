"""Authorizations from the browser's side: the start page's button, the callback, the outcome."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qsl, urlsplit

from connectsmith.core.authorization.request import (
    Asked,
    authorization_endpoint,
    authorization_request,
    pushed_address,
    requested_scopes,
    token_endpoint,
)
from connectsmith.core.authorization.response import (
    CallbackCode,
    CallbackError,
    check_issuer,
    read_callback,
    refusal,
)
from connectsmith.core.authorization.return_address import returning_url
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    AuthorizationEnded,
    CallbackRefused,
    ConnectsmithError,
    IssuerUnexpected,
)
from connectsmith.service.attempts import (
    CAPTURED,
    UNANSWERED,
    Attempts,
    blueprint_of,
    bound,
    party_of,
)
from connectsmith.service.authorizations import AuthorizationDesk
from connectsmith.service.blueprints import Blueprints
from connectsmith.service.consents import Consents
from connectsmith.service.party import Party
from connectsmith.service.ports import Randomness
from connectsmith.service.rows import (
    AuthorizationRow,
)
from connectsmith.service.rules import Rules
from connectsmith.service.token_endpoint import TokenEndpoint
from connectsmith.values import replace, value_class

MOST_STATES: Final = 3
"""Values of one callback that are looked up."""

_STATE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the start page tells before its button is pressed."""

    connector_name: str
    host: str
    """Where the browser will be sent."""
    scopes: tuple[str, ...] = ()
    """What is asked for: the definition's scopes, or what its parameters put in their place."""


@value_class(frozen=True, slots=True)
class Departure:
    """The browser leaves for the authorization server with a cookie for this authorization."""

    authorization: str
    connector: str
    url: str
    cookie: str
    lifetime_seconds: int


@value_class(frozen=True, slots=True)
class Arrival:
    """A callback of this browser was taken.

    `url` is where whoever waits for the browser is; None: it stays here, with `typed` to show if
    this callback brought a code that somebody must type in.
    """

    authorization: str
    url: str | None = None
    typed: str | None = None
    in_session: bool = False
    """It was begun in the operator's session that came back: `finish` redeems its code."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an authorization, for the browser that went through it."""

    kind: Literal["typed", "received", "signed_in", "failed"]
    connector_name: str
    code: str = ""
    message: str = ""
    in_session: bool = False
    """It was begun in an operator's session, whose page goes on by itself."""


class BrowserSteps:
    """What a browser without an account here may do: start, and come back.

    `cookies` are the values by authorization that the browser sent; `session` is the id of the
    operator's session it is signed in with, if any.
    """

    def __init__(
        self,
        *,
        attempts: Attempts,
        desk: AuthorizationDesk,
        blueprints: Blueprints,
        endpoint: TokenEndpoint,
        randomness: Randomness,
        rules: Rules,
    ) -> None:
        self._authorizations = attempts.authorizations
        self._attempts = attempts
        self._desk = desk
        self._blueprints = blueprints
        self._endpoint = endpoint
        self._consents = Consents(endpoint, attempts.clock)
        self._sealer = attempts.sealer
        self._clock = attempts.clock
        self._randomness = randomness
        self._rules = rules

    # -- there ----------------------------------------------------------------------------------

    async def invite(self, value: str, session: str | None = None) -> Invitation:
        """Describe a start link; changes nothing, so that link previews do no harm."""
        row = await self._startable(value, session)
        connector = await self._blueprints.connector(row.workspace, row.connector)
        blueprint = await blueprint_of(self._blueprints, row)
        party = party_of(row, blueprint, self._attempts.held(row))
        values = await self._endpoint.values(party)
        url = authorization_endpoint(party.client, values)
        asked = requested_scopes(party.client, values)
        return Invitation(connector.name, urlsplit(url).hostname or "", asked)

    async def depart(self, value: str, session: str | None = None) -> Departure:
        """Use a start link up and return where the browser goes.

        Raises:
            AuthorizationEnded: the link was used, or its time is over.
            CallbackRefused: it was begun in an operator's session, and this browser has another.
        """
        row = await self._startable(value, session)
        held = self._attempts.held(row)
        party = party_of(row, await blueprint_of(self._blueprints, row), held)
        party = await self._endpoint.bound(party)
        state, verifier = self._randomness.text(), self._randomness.secret()
        cookie = f"{state}.{self._randomness.text()}"
        redirect_uri = self._rules.callback_url(row.connector)
        jkt = self._endpoint.key_thumbprint(party)
        url = await self._address(party, Asked(redirect_uri, Secret(state), verifier, jkt))
        held |= {"verifier": verifier, "redirect_uri": Secret(redirect_uri), **bound(party)}
        if "oauth.state" in party.client.exchange.names:
            held |= {"state": Secret(state)}
        started = replace(
            row,
            status="started",
            state_digest=self._sealer.digest("state", Secret(state)),
            cookie_digest=self._sealer.digest("cookie", Secret(cookie)),
            sealed=self._attempts.sealed(row, held),
        )
        if not await self._authorizations.advance(started, expected_status="created"):
            raise _used()
        lifetime = row.expires_at - self._clock.now()
        return Departure(
            authorization=row.id,
            connector=row.connector,
            url=url,
            cookie=cookie,
            lifetime_seconds=max(1, int(lifetime.total_seconds())),
        )

    async def _address(self, party: Party, asked: Asked) -> str:
        """Return where the browser goes: with what was pushed, or nowhere if that failed."""
        values = await self._endpoint.browser_values(party)
        if party.client.pushed is None:
            return authorization_request(party.client, asked, values=values)
        request_uri = await self._consents.push(party, asked)
        return pushed_address(party.client, request_uri, values=values)

    async def _startable(self, value: str, session: str | None) -> AuthorizationRow:
        row = await self._authorizations.by_start(self._sealer.digest("start", Secret(value)))
        if row is None:
            raise _used()
        row = await self._desk.ended_if_late(row)
        if row.status != "created":
            raise _used()
        if not _in_session(row, session):
            await self._record(row, "start_refused", "another session")
            raise _not_yours()
        return row

    # -- and back -------------------------------------------------------------------------------

    async def arrive(
        self,
        connector: str,
        query: str,
        cookies: Mapping[str, str],
        session: str | None = None,
    ) -> Arrival:
        """Take a callback: check whose it is, use its state up, and seal its code.

        The code is not redeemed here: the caller who started must bring the completion value, or
        finish what this browser's own session started.

        Raises:
            CallbackRefused: it belongs to no authorization of this browser.
        """
        row = await self._belongs(connector, query, cookies)
        if not _in_session(row, session):
            await self._record(row, "callback_refused", "another session")
            raise _refused()
        if row.status != "started":
            return _stays(row)
        held = self._attempts.held(row)
        party = party_of(row, await blueprint_of(self._blueprints, row), held)
        try:
            answer, issuer = await self._believed(row, query, party)
        except (CallbackRefused, IssuerUnexpected) as error:
            return await self._fail(row, error)
        if isinstance(answer, CallbackError):
            return await self._fail(row, refusal(answer))
        return await self._receive(row, held, answer, issuer)

    async def _belongs(
        self, connector: str, query: str, cookies: Mapping[str, str]
    ) -> AuthorizationRow:
        """Return the authorization of a callback: by state, path and this browser's cookie."""
        for state in _possible_states(query):
            row = await self._by_state(state)
            if row is not None:
                break
        else:
            raise _refused()
        if not self._is_of(row, connector, cookies.get(row.id, "")):
            await self._record(row, "callback_refused", "another connector or another browser")
            raise _refused()
        return await self._desk.ended_if_late(row)

    async def _by_state(self, state: str) -> AuthorizationRow | None:
        return await self._authorizations.by_state(self._sealer.digest("state", Secret(state)))

    def _is_of(self, row: AuthorizationRow, connector: str, cookie: str) -> bool:
        given = self._sealer.digest("cookie", Secret(cookie))
        return row.connector == connector and hmac.compare_digest(given, row.cookie_digest or b"")

    async def _believed(
        self, row: AuthorizationRow, query: str, party: Party
    ) -> tuple[CallbackCode | CallbackError, str | None]:
        """Read the answer strictly and compare its issuer, whether it says yes or no."""
        values = await self._endpoint.values(party)
        sent = [each.value for each in values.secrets.values()]
        answer = read_callback(query, party.client, sent)
        if self._sealer.digest("state", answer.state) != row.state_digest:
            raise CallbackRefused("The callback names another state than the one it was found by.")
        issuer = check_issuer(
            party.client,
            answer.iss,
            authorization_url=authorization_endpoint(party.client, values),
            token_url=token_endpoint(party.client, values),
            required=party.client.iss_required,
        )
        return answer, issuer

    async def _receive(
        self,
        row: AuthorizationRow,
        held: Mapping[str, Secret],
        answer: CallbackCode,
        issuer: str | None,
    ) -> Arrival:
        completion = self._randomness.text() if row.return_to else self._randomness.typed()
        digest = None if row.by_session else self._sealer.digest("completion", Secret(completion))
        brought = {**held, "code": answer.code}
        brought |= {CAPTURED + key: value for key, value in answer.captured.items()}
        returned = replace(
            row,
            status="returned",
            issuer=issuer,
            completion_digest=digest,
            sealed=self._attempts.sealed(row, brought),
        )
        if not await self._authorizations.advance(returned, expected_status="started"):
            return _stays(row)
        if row.by_session:
            return _stays(row)
        if row.return_to is None:
            return Arrival(row.id, typed=completion)
        url = returning_url(row.return_to, authorization=row.id, completion=completion)
        return Arrival(row.id, url)

    async def _fail(self, row: AuthorizationRow, error: ConnectsmithError) -> Arrival:
        failed = await self._attempts.fail(row, error, by="browser")
        if not failed or row.return_to is None or row.by_session:
            return _stays(row)
        return Arrival(row.id, returning_url(row.return_to, authorization=row.id, error=error.code))

    # -- afterwards -----------------------------------------------------------------------------

    async def outcome(self, connector: str, authorization: str, cookie: str) -> Outcome:
        """Say what became of an authorization to the browser that went through it.

        Raises:
            CallbackRefused: it was another browser.
        """
        row = await self._by_state(cookie.partition(".")[0])
        if row is None or row.id != authorization or not self._is_of(row, connector, cookie):
            raise _refused()
        row = await self._desk.ended_if_late(row)
        name = (await self._blueprints.connector(row.workspace, row.connector)).name
        ours = row.by_session
        if row.status in UNANSWERED:
            words = "Nothing has come back from there yet."
            return Outcome("failed", name, "unanswered", words, in_session=ours)
        if row.error_code is not None:
            words = row.error_message or ""
            return Outcome("failed", name, row.error_code, words, in_session=ours)
        if ours:
            return Outcome("signed_in" if row.connection else "received", name, in_session=True)
        typed = row.status == "returned" and row.return_to is None
        return Outcome("typed" if typed else "received", name)

    async def _record(self, row: AuthorizationRow, what: str, message: str) -> None:
        await self._attempts.record(row, what, message, by="browser")


def _possible_states(query: str) -> list[str]:
    """Return what may be the state; which parameter it is, only the definition knows."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return []
    shaped = [(name, value) for name, value in pairs if _STATE.fullmatch(value)]
    named = [value for name, value in shaped if name == "state"]
    return (named or [value for _, value in shaped])[:MOST_STATES]


def _in_session(row: AuthorizationRow, session: str | None) -> bool:
    """Tell whether a browser is signed in with the session that began, where one began it."""
    return not row.by_session or (session is not None and session == row.created_by)


def _stays(row: AuthorizationRow) -> Arrival:
    """Leave the browser with us: where it started, or at a page that says how it went."""
    return Arrival(row.id, row.return_to if row.by_session else None, in_session=row.by_session)


def _not_yours() -> CallbackRefused:
    return CallbackRefused(
        "This sign-in was begun in another browser, or its operator has signed out since. "
        "Sign in here, and begin it again."
    )


def _used() -> AuthorizationEnded:
    return AuthorizationEnded(
        "This sign-in link was used already, or its time is over. Start the connection again."
    )


def _refused() -> CallbackRefused:
    return CallbackRefused(
        "This answer belongs to no sign-in that this browser started here. "
        "Start the connection again, and finish it in the same browser."
    )
