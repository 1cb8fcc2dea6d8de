"""Device codes: asked for at the server's pace, kept by whoever began, lost with no process."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.service.standing import ISSUER, TOKENS, Standing, answered, standing

from connectsmith.core.connection.status import Status
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.errors import NotFound, StorageBusy, TimedOut
from connectsmith.service.caller import SCOPES, Caller
from connectsmith.service.device_flow import CLAIM, JOB
from connectsmith.service.rows import ConnectionRow, JobRow
from connectsmith.service.sign_in_rows import SessionRow

CODES: dict[str, Any] = {
    "device_code": "the-device-code",
    "user_code": "WDJB-MJHT",
    "verification_uri": f"{ISSUER}/device",
    "verification_uri_complete": f"{ISSUER}/device?user_code=WDJB-MJHT",
    "expires_in": 900,
}
DEVICE: dict[str, Any] = {
    "grant": "device_code",
    "authorizationURL": None,
    "deviceAuthorizationURL": f"{ISSUER}/device/code",
}
PENDING = {"error": "authorization_pending"}
SLOW_DOWN = {"error": "slow_down"}


class Server:
    """A server that answers polls by script, and notes when each came."""

    def __init__(self, installation: Standing, codes: dict[str, Any] = CODES) -> None:
        self._installation = installation
        self._began = installation.clock.now()
        self._codes = codes
        self.script: list[dict[str, Any] | Exception] = []
        self.polls: list[float] = []
        self.sites: list[dict[str, str]] = []
        self.person = "ada"
        installation.sender.reply(*[self] * 500)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.url.endswith("/device/code"):
            return answered(self._codes)
        if request.url.endswith("/me"):
            return answered({"id": self.person, "email": f"{self.person}@example.com"})
        if request.url.endswith("/sites"):
            return answered(self.sites, 200 if self.sites else 403)
        now = self._installation.clock.now()
        self.polls.append((now - self._began).total_seconds())
        said = self.script.pop(0) if self.script else PENDING
        if isinstance(said, Exception):
            raise said
        return answered(said, 200 if "access_token" in said else 400)


async def begin(installation: Standing, server: Server, **more: Any) -> dict[str, Any]:
    connector = await installation.connector(**DEVICE, **more)
    started: dict[str, Any] = await installation.caller.post(
        f"/v1/connectors/{connector}/authorizations"
    )
    return started


async def pass_time(installation: Standing, seconds: int) -> None:
    """Let time pass as the chores see it."""
    for _ in range(seconds):
        await installation.application.chores.often()
        installation.clock.advance(timedelta(seconds=1))


@pytest.fixture
async def patient() -> AsyncIterator[Standing]:
    async with standing(device_lifetime=timedelta(hours=2)) as one:
        yield one


@pytest.mark.row("C-46")
async def test_server_is_polled_every_five_seconds_and_for_ever_slower_when_told_so(
    installation: Standing,
) -> None:
    server = Server(installation)
    server.script = [PENDING, SLOW_DOWN, PENDING, SLOW_DOWN, PENDING]
    await begin(installation, server)

    await pass_time(installation, 76)

    assert server.polls == [5, 10, 20, 30, 45, 60, 75]


@pytest.mark.row("C-46")
async def test_interval_of_the_server_counts_and_failures_double_it(
    installation: Standing,
) -> None:
    server = Server(installation, CODES | {"interval": 7})
    busy: dict[str, Any] = {"error": "temporarily_unavailable"}
    server.script = [PENDING, TimedOut("late"), busy, PENDING]
    await begin(installation, server)

    await pass_time(installation, 100)

    assert server.polls == [7, 14, 28, 56, 84]


@pytest.mark.row("T-22")
async def test_yes_makes_a_connection_that_only_the_starter_can_keep(
    installation: Standing,
) -> None:
    server = Server(installation)
    server.script = [PENDING, TOKENS]
    started = await begin(installation, server)
    other = await installation.another_caller()
    early = await installation.caller.problem(f"/v1/authorizations/{started['id']}/keep")

    await pass_time(installation, 11)
    shown = await installation.caller.get(f"/v1/authorizations/{started['id']}")
    uncallable = await installation.caller.problem(
        f"/v1/connections/{shown['connection']}/calls", {"action": "calendars.list"}
    )
    stranger = await other.problem(f"/v1/authorizations/{started['id']}/keep")
    kept = await installation.caller.post(f"/v1/authorizations/{started['id']}/keep")

    assert early["code"] == "authorization_waiting"
    assert (shown["status"], shown["device"]) == ("completed", None)
    assert uncallable["code"] == "connection_not_usable"
    assert stranger["code"] == "not_found"
    assert (kept["status"], kept["account"]["id"]) == ("active", "ada")
    assert server.polls == [5, 10]


@pytest.mark.row("T-22")
async def test_connection_that_nobody_keeps_is_revoked_and_gone(installation: Standing) -> None:
    server = Server(installation)
    server.script = [TOKENS]
    await begin(installation, server)

    await pass_time(installation, 6)
    (made,) = await installation.connections()
    installation.clock.advance(timedelta(minutes=11))
    await installation.application.chores.often()
    await installation.application.chores.often()

    assert made.status == "unconfirmed"
    assert await installation.connections() == []
    assert any(each.url.endswith("/revoke") for each in installation.sender.requests)


@pytest.mark.row("T-22")
async def test_code_and_address_are_shown_to_the_starter_alone(installation: Standing) -> None:
    server = Server(installation)
    started = await begin(installation, server)
    made = await installation.caller.post(
        "/v1/tokens", {"name": "b", "scopes": ["connections:read"]}
    )
    other = installation.as_holder_of(made["token"])

    mine = await installation.caller.get(f"/v1/authorizations/{started['id']}")
    theirs = await other.get(f"/v1/authorizations/{started['id']}")

    assert started["start_url"] is None
    assert started["device"]["user_code"] == mine["device"]["user_code"] == "WDJB-MJHT"
    assert started["device"]["verification_uri"] == f"{ISSUER}/device"
    assert theirs["device"] is None
    assert "the-device-code" not in str(started) + str(mine)


@pytest.mark.row("C-46")
@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"error": "access_denied"}, "consent_denied"),
        ({"error": "expired_token"}, "authorization_ended"),
        ({"error": "invalid_grant"}, "grant_rejected"),
        ({"error": "invalid_client"}, "client_rejected"),
    ],
)
async def test_no_ends_the_authorization_and_the_polling(
    installation: Standing, said: dict[str, str], code: str
) -> None:
    server = Server(installation)
    server.script = [said]
    started = await begin(installation, server)

    await pass_time(installation, 60)

    row = await installation.row(started["id"])
    assert (row.status, row.error_code) == ("failed", code)
    assert server.polls == [5]


@pytest.mark.row("C-46")
async def test_code_that_nobody_types_ends_by_itself(patient: Standing) -> None:
    server = Server(patient, CODES | {"expires_in": 30, "interval": 20})
    started = await begin(patient, server)

    await pass_time(patient, 120)

    assert (await patient.row(started["id"])).status == "expired"
    assert server.polls == [20]


async def test_long_life_of_a_code_is_cut_to_ours(installation: Standing) -> None:
    server = Server(installation, CODES | {"expires_in": 10**9})
    started = await begin(installation, server)

    row = await installation.row(started["id"])

    assert row.expires_at - installation.clock.now() == timedelta(minutes=30)


@pytest.mark.parametrize(
    "codes",
    [
        {},
        CODES | {"user_code": "a\x1b[2J"},
        CODES | {"verification_uri": "javascript:alert(1)"},
        CODES | {"verification_uri": "https://a.example/\n"},
        CODES | {"device_code": ""},
        CODES | {"user_code": "a" * 200},
    ],
)
async def test_answer_that_would_mislead_a_terminal_is_refused(
    installation: Standing, codes: dict[str, Any]
) -> None:
    Server(installation, codes)
    connector = await installation.connector(**DEVICE)

    refused = await installation.caller.problem(f"/v1/connectors/{connector}/authorizations")

    assert refused["code"] == "token_answer_invalid"


async def test_poll_sends_the_device_code_and_proves_the_client(installation: Standing) -> None:
    server = Server(installation)
    await begin(installation, server)

    await pass_time(installation, 6)

    (request,) = installation.token_requests
    sent = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    assert sent == {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": "the-device-code",
        "client_id": "the-client",
        "client_secret": "the-secret",
    }


SESSION = Caller("default", "ses_ada", "ope_ada", frozenset(SCOPES))
"""An operator at the pages."""


async def typed(
    installation: Standing, server: Server, connection: ConnectionRow | None = None
) -> str:
    """Begin in an operator's session, and let somebody say yes; return the authorization's id."""
    desk = installation.application.desks.connecting
    server.script = [PENDING, TOKENS]
    if connection is None:
        aim = await desk.new(SESSION, await installation.connector(**DEVICE))
    else:
        aim = await desk.again(connection)
    started = await desk.start(SESSION, aim, {}, return_to=None)
    await pass_time(installation, 11)
    return started.row.id


@pytest.mark.row("T-22")
async def test_code_of_an_operators_session_is_kept_by_that_session_alone(
    installation: Standing,
) -> None:
    authorization = await typed(installation, Server(installation))
    desk = installation.application.desks.authorizations
    other = replace(SESSION, token="ses_bob", operator="ope_bob")

    with pytest.raises(NotFound):
        await desk.finish(other, authorization)
    before = [each.status for each in await installation.connections()]
    _, kept = await desk.finish(SESSION, authorization)

    assert before == [Status.UNCONFIRMED]
    assert (kept.status, kept.account_label) == (Status.ACTIVE, "ada@example.com")


async def signed_in(installation: Standing) -> None:
    """Let the operator's session live."""
    now = installation.clock.now()
    await installation.storage.sessions.add(
        SessionRow("default", SESSION.token, SESSION.operator, b"a digest", now, now)
    )


@pytest.mark.row("T-22")
async def test_code_of_a_living_session_is_kept_for_it_while_no_page_is_open(
    installation: Standing,
) -> None:
    await signed_in(installation)

    authorization = await typed(installation, Server(installation))

    (kept,) = await installation.connections()
    assert (kept.status, kept.account_label) == (Status.ACTIVE, "ada@example.com")
    assert (await installation.row(authorization)).status == "kept"


@pytest.mark.row("T-22")
async def test_code_of_a_session_that_was_ended_is_kept_for_nobody(installation: Standing) -> None:
    await signed_in(installation)
    await installation.storage.sessions.end("default", SESSION.token, installation.clock.now())

    await typed(installation, Server(installation))

    assert [each.status for each in await installation.connections()] == [Status.UNCONFIRMED]


async def test_what_the_storage_was_too_busy_to_keep_is_kept_later(
    installation: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    await signed_in(installation)
    with monkeypatch.context() as busy:
        busy.setattr(installation.storage.sessions, "get", locked)
        authorization = await typed(installation, Server(installation))
    assert (await installation.row(authorization)).status == "completed"

    installation.clock.advance(CLAIM)
    await pass_time(installation, 1)

    assert [each.status for each in await installation.connections()] == [Status.ACTIVE]


async def locked(*_: object) -> None:
    raise StorageBusy("locked")


async def test_what_a_process_did_not_come_to_keep_is_kept_by_the_next(
    installation: Standing,
) -> None:
    authorization = await typed(installation, Server(installation))
    await signed_in(installation)
    due_at = installation.clock.now()
    await installation.storage.jobs.add(
        JobRow("default", "job_left", JOB, authorization, due_at, 1)
    )

    await pass_time(installation, 1)

    assert [each.status for each in await installation.connections()] == [Status.ACTIVE]


async def test_test_connection_of_a_code_replaces_the_one_before_while_no_page_is_open(
    installation: Standing,
) -> None:
    await signed_in(installation)
    server, debugger = Server(installation), installation.application.desks.debugger
    bench = await debugger.open(SESSION, await installation.connector(**DEVICE))

    for _ in range(2):
        server.script = [TOKENS]
        await debugger.start(SESSION, bench, {}, return_to=None)
        await pass_time(installation, 6)

    now = await debugger.open(SESSION, bench.connector.id)
    assert [each.id for each in await installation.connections() if each.sealed] == [
        now.connection.id if now.connection else ""
    ]


@pytest.mark.row("T-13")
async def test_code_of_another_account_renews_nothing_while_no_page_is_open(
    installation: Standing,
) -> None:
    await signed_in(installation)
    server = Server(installation)
    await typed(installation, server)
    (first,) = await installation.connections()
    server.person = "bob"

    authorization = await typed(installation, server, first)

    assert (await installation.row(authorization)).error_code == "other_account"
    assert [each.id for each in await installation.connections() if each.sealed] == [first.id]


@pytest.mark.row("T-13")
async def test_code_renews_the_connection_of_the_account_that_typed_it(
    installation: Standing,
) -> None:
    desk, server = installation.application.desks.authorizations, Server(installation)
    _, first = await desk.finish(SESSION, await typed(installation, server))

    _, renewed = await desk.finish(SESSION, await typed(installation, server, first))

    (left,) = [each for each in await installation.connections() if each.sealed is not None]
    assert (left.id, renewed.id, left.status) == (first.id, first.id, Status.ACTIVE)


@pytest.mark.row("T-13")
async def test_code_that_is_kept_before_its_account_is_known_finds_it_out_first(
    installation: Standing,
) -> None:
    desk, server = installation.application.desks.authorizations, Server(installation)
    _, first = await desk.finish(SESSION, await typed(installation, server))
    authorization = await typed(installation, server, first)
    (made,) = [each for each in await installation.connections() if each.id != first.id]
    await installation.storage.connections.name_account(
        made.workspace, made.id, None, None, version=made.version
    )

    _, renewed = await desk.finish(SESSION, authorization)

    assert (renewed.id, renewed.account_label) == (first.id, "ada@example.com")


async def test_new_connection_that_is_kept_before_its_account_is_known_finds_it_out_first(
    installation: Standing,
) -> None:
    """The page that asks how far it is may come between the tokens and the first call."""
    desk = installation.application.desks.authorizations
    authorization = await typed(installation, Server(installation))
    (made,) = await installation.connections()
    await installation.storage.connections.name_account(
        made.workspace, made.id, None, None, version=made.version
    )

    _, kept = await desk.finish(SESSION, authorization)

    assert (kept.status, kept.account_label) == (Status.ACTIVE, "ada@example.com")


SITES: dict[str, Any] = {
    "url": f"{ISSUER}/sites",
    "choose": {"items": "", "label": "/name"},
    "capture": {"site": "/id"},
}


@pytest.mark.row("C-46")
async def test_one_of_several_is_chosen_after_a_yes_at_another_screen(
    installation: Standing,
) -> None:
    server = Server(installation)
    server.sites = [{"id": "s-1", "name": "Berlin"}, {"id": "s-2", "name": "Vienna"}]
    server.script = [TOKENS]
    started = await begin(installation, server, followUp=[SITES])
    await pass_time(installation, 6)
    path = f"/v1/authorizations/{started['id']}"

    done = await installation.caller.get(path)
    unasked = await installation.caller.problem(f"{path}/keep")
    kept = await installation.caller.post(f"{path}/keep", {"choice": "Vienna"})

    assert (done["status"], unasked["code"], kept["status"]) == (
        "completed",
        "choice_needed",
        "active",
    )
    assert [each["label"] for each in unasked["choices"]] == ["Berlin", "Vienna"]


async def test_follow_up_request_that_fails_after_a_yes_gives_the_tokens_back(
    installation: Standing,
) -> None:
    server = Server(installation)
    server.script = [TOKENS]
    started = await begin(installation, server, followUp=[SITES])
    await pass_time(installation, 6)

    done = await installation.caller.get(f"/v1/authorizations/{started['id']}")

    given_back = [each for each in installation.sender.requests if each.url.endswith("/revoke")]
    assert (done["status"], done["error"]["code"]) == ("failed", "follow_up_failed")
    assert len(given_back) == 2
    assert await installation.connections() == []
