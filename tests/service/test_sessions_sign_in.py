"""Authorizations begun in an operator's browser: that session stands for the completion value."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from tests.journeys.calendar import definition
from tests.keys.rings import sealer
from tests.service.standing import ISSUER, WORKSPACE, Request, Standing, answered

from connectsmith.core.connection.status import Status
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.errors import (
    AuthorizationEnded,
    AuthorizationWaiting,
    CallbackRefused,
    CallerError,
    CompletionRefused,
    NotFound,
    OtherAccount,
)
from connectsmith.service.attempts import Start
from connectsmith.service.browser_steps import Arrival
from connectsmith.service.caller import SCOPES, Caller
from connectsmith.service.holdings import opened
from connectsmith.web.connect_view import form_view

ADA = Caller(WORKSPACE, "ses_ada", "ope_ada", frozenset(SCOPES))
ADA_ELSEWHERE = Caller(WORKSPACE, "ses_other", "ope_ada", frozenset(SCOPES))
EVE = Caller(WORKSPACE, "ses_eve", "ope_eve", frozenset(SCOPES))


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in whose browser stands before the consent page."""

    installation: Standing
    id: str
    request: Request
    cookie: str

    async def come_back(self, session: Caller | None, **query: str) -> Arrival:
        connector = self.request.callback.rpartition("/")[2]
        query = {"state": self.request["state"]} | query
        text = "&".join(f"{name}={value}" for name, value in query.items())
        return await self.installation.application.desks.browser.arrive(
            connector, text, {self.id: self.cookie}, session.token if session else None
        )

    async def finish(self, session: Caller) -> Any:
        return await self.installation.application.desks.authorizations.finish(session, self.id)


async def link(installation: Standing, connector: str, **asked: Any) -> tuple[str, str]:
    shared: dict[str, Any] = {"fields": {}, "by_session": True, "test": True}
    start = Start(connector, **shared | asked)
    started = await installation.application.desks.authorizations.start(ADA, start)
    return started.row.id, started.start_url.rpartition("/")[2]


async def begun(installation: Standing, connector: str, **asked: Any) -> Begun:
    authorization, value = await link(installation, connector, **asked)
    left = await installation.application.desks.browser.depart(value, ADA.token)
    return Begun(installation, authorization, Request(left.url), left.cookie)


async def test_session_that_started_redeems_the_code_without_a_value(
    installation: Standing,
) -> None:
    installation.grants()
    one = await begun(installation, await installation.connector())

    arrival = await one.come_back(ADA, code="a-code")
    row, connection = await one.finish(ADA)

    assert arrival == Arrival(one.id, None, in_session=True)
    assert (row.status, connection.status, connection.test) == ("kept", Status.ACTIVE, True)
    assert (connection.operator, connection.account_label) == ("ope_ada", "ada@example.com")
    assert len(installation.token_requests) == 1


async def test_finishing_twice_redeems_once(installation: Standing) -> None:
    installation.grants()
    one = await begun(installation, await installation.connector())
    await one.come_back(ADA, code="a-code")

    first = await one.finish(ADA)
    second = await one.finish(ADA)

    assert first[1].id == second[1].id
    assert len(installation.token_requests) == 1


@pytest.mark.row("T-11")
@pytest.mark.parametrize("visitor", [None, ADA_ELSEWHERE, EVE], ids=["nobody", "same", "other"])
async def test_consent_in_a_browser_without_the_session_is_refused(
    installation: Standing, visitor: Caller | None
) -> None:
    """Even one that has the authorization's cookie."""
    installation.grants()
    one = await begun(installation, await installation.connector())

    with pytest.raises(CallbackRefused):
        await one.come_back(visitor, code="a-code")

    row = await installation.row(one.id)
    assert row.status == "started"
    assert installation.sender.requests == []
    assert await installation.connections() == []
    (event,) = await installation.events("callback_refused")
    assert (event.subject, event.message) == (one.id, "another session")


@pytest.mark.row("T-11")
@pytest.mark.parametrize("visitor", [None, ADA_ELSEWHERE, EVE], ids=["nobody", "same", "other"])
async def test_start_link_of_a_session_starts_nothing_elsewhere(
    installation: Standing, visitor: Caller | None
) -> None:
    authorization, value = await link(installation, await installation.connector())
    session = visitor.token if visitor else None

    for step in (
        installation.application.desks.browser.invite,
        installation.application.desks.browser.depart,
    ):
        with pytest.raises(CallbackRefused, match="begun in another browser"):
            await step(value, session)

    assert (await installation.row(authorization)).status == "created"


@pytest.mark.parametrize("visitor", [ADA_ELSEWHERE, EVE], ids=["same", "other"])
async def test_another_session_finishes_nothing(installation: Standing, visitor: Caller) -> None:
    installation.grants()
    one = await begun(installation, await installation.connector())
    await one.come_back(ADA, code="a-code")

    with pytest.raises(NotFound):
        await one.finish(visitor)

    assert installation.token_requests == []


async def test_nothing_is_redeemed_before_the_browser_came_back(installation: Standing) -> None:
    one = await begun(installation, await installation.connector())

    with pytest.raises(AuthorizationWaiting):
        await one.finish(ADA)

    assert installation.sender.requests == []


async def test_no_completion_value_redeems_what_a_session_started(installation: Standing) -> None:
    installation.grants()
    one = await begun(installation, await installation.connector())
    await one.come_back(ADA, code="a-code")

    with pytest.raises(CompletionRefused):
        await installation.application.desks.authorizations.complete(ADA, one.id, "ABCDEFGH")

    assert installation.token_requests == []
    assert (await one.finish(ADA))[0].status == "kept"


async def test_denied_consent_is_told_in_the_server_s_words(installation: Standing) -> None:
    one = await begun(installation, await installation.connector(), return_to="/a/debugger")

    arrival = await one.come_back(ADA, error="access_denied", error_description="No+thanks")

    assert arrival == Arrival(one.id, "/a/debugger", in_session=True)
    row = await installation.row(one.id)
    assert (row.status, row.error_code) == ("failed", "consent_denied")
    assert "No thanks" in (row.error_message or "")
    with pytest.raises(AuthorizationEnded):
        await one.finish(ADA)


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil", "https://evil.example", "a", "/a?b"])
async def test_only_plain_paths_of_ours_are_gone_back_to(installation: Standing, path: str) -> None:
    connector = await installation.connector()

    with pytest.raises(CallerError, match="path of ours"):
        await link(installation, connector, return_to=path)


async def test_expired_sign_in_says_so(installation: Standing) -> None:
    one = await begun(installation, await installation.connector())
    installation.clock.advance(timedelta(minutes=11))

    await one.come_back(ADA, code="a-code")

    with pytest.raises(AuthorizationEnded, match="not finished in time"):
        await one.finish(ADA)
    assert installation.sender.requests == []


# -- renewing -------------------------------------------------------------------------------------


def as_account(account: str) -> Any:
    def answer(request: HttpRequest) -> HttpResponse:
        if request.url.endswith("/token"):
            return answered(
                {
                    "access_token": f"access-of-{account}",
                    "refresh_token": f"refresh-of-{account}",
                    "token_type": "Bearer",
                }
            )
        if request.url.startswith(f"{ISSUER}/me"):
            return answered({"id": account, "email": f"{account}@example.com"})
        return answered({})

    return answer


async def connected(installation: Standing, connector: str, account: str, **asked: Any) -> Any:
    installation.clock.advance(timedelta(seconds=1))
    installation.sender.reply(*[as_account(account)] * 3)
    one = await begun(installation, connector, **asked)
    await one.come_back(ADA, code="a-code")
    return await one.finish(ADA)


async def test_same_account_renews_its_connection(installation: Standing) -> None:
    connector = await installation.connector()
    _, old = await connected(installation, connector, "ada")

    _, renewed = await connected(installation, connector, "ada", reconnects=old.id)

    assert renewed.id == old.id
    assert len(await installation.connections()) == 1


FIELDS = (
    {"key": "tenant", "required": True},
    {"key": "region", "choices": {"eu": "Europe", "us": "America"}, "default": "eu"},
    {"key": "pin", "masked": True},
)


@pytest.mark.row("T-13")
@pytest.mark.parametrize("by_session", [False, True], ids=["API", "page"])
async def test_reconnect_repeats_what_was_entered_and_asked_for(
    installation: Standing, *, by_session: bool
) -> None:
    params = {"tenant": "{{authFields.tenant}}", "region": "{{authFields.region}}"}
    connector = await installation.connector(fields=FIELDS, authorizationParams=params)
    entered = {"tenant": "acme", "region": "us", "pin": "0000"}
    first, old = await connected(installation, connector, "ada", fields=entered)

    asked = {"reconnects": old.id, "by_session": by_session, "test": True}
    again, value = await link(installation, connector, **asked)
    session = ADA.token if by_session else None
    request = Request((await installation.application.desks.browser.depart(value, session)).url)

    assert (request["tenant"], request["region"]) == ("acme", "us")
    assert request["scope"] == "calendar.read calendar.write"
    assert (await installation.row(again)).revision == (await installation.row(first.id)).revision


@pytest.mark.row("T-13")
async def test_reconnect_takes_a_field_that_is_entered_anew_and_repeats_no_secret(
    installation: Standing,
) -> None:
    params = {"tenant": "{{authFields.tenant}}"}
    connector = await installation.connector(fields=FIELDS, authorizationParams=params)
    entered = {"tenant": "acme", "region": "us", "pin": "0000"}
    _, old = await connected(installation, connector, "ada", fields=entered)

    changed = {"fields": {"tenant": "other"}, "reconnects": old.id}
    _, renewed = await connected(installation, connector, "ada", **changed)

    aim = await installation.application.desks.connecting.again(renewed)
    assert aim.entered == {"tenant": "other", "region": "us"}
    assert [each.value for each in form_view(aim).fields] == ["other", "us", ""]
    assert "pin" not in opened(sealer(), renewed).fields


@pytest.mark.row("T-13")
async def test_nobody_renews_the_test_connection_of_another_operator(
    installation: Standing,
) -> None:
    connector = await installation.connector()
    _, old = await connected(installation, connector, "ada")
    start = Start(connector, {}, test=True, reconnects=old.id)

    with pytest.raises(NotFound):
        await installation.application.desks.authorizations.start(EVE, start)


UNMASKED = (*FIELDS[:2], {"key": "pin"})


@pytest.mark.row("T-13")
@pytest.mark.parametrize(
    ("changes", "repeated"),
    [
        ({"fields": UNMASKED}, {"tenant": "acme", "region": "us"}),
        ({"fields": UNMASKED, "tokenURL": "https://other.example.com/token"}, {}),
        ({"fields": UNMASKED, "api": "https://other.example.com"}, {}),
    ],
    ids=["unmasked", "other token endpoint", "other API"],
)
async def test_edited_definition_gets_no_secret_and_nothing_elsewhere_by_a_reconnect(
    installation: Standing, changes: dict[str, Any], repeated: dict[str, str]
) -> None:
    connector = await installation.connector(fields=FIELDS)
    entered = {"tenant": "acme", "region": "us", "pin": "0000"}
    _, old = await connected(installation, connector, "ada", fields=entered)
    desks = installation.application.desks

    edited = json.dumps(definition(ISSUER, **changes))
    await desks.connectors.save_draft(ADA, connector, edited, version=1)

    assert (await desks.connecting.again(old)).entered == repeated


@pytest.mark.row("T-13")
async def test_another_account_renews_nothing(installation: Standing) -> None:
    connector = await installation.connector()
    _, old = await connected(installation, connector, "ada")

    with pytest.raises(OtherAccount, match=r"belongs to ada@.*, and grace@"):
        await connected(installation, connector, "grace", reconnects=old.id)

    (left,) = await installation.connections()
    assert (left.id, left.version, left.account_id) == (old.id, old.version, "ada")
    failed = [await installation.row(each.id) for each in (await _attempts(installation))]
    assert [each.error_code for each in failed] == ["other_account", None]


async def _attempts(installation: Standing) -> Any:
    connector = (await installation.connections())[0].connector
    page = await installation.storage.authorizations.page(
        WORKSPACE, connector, limit=10, after=None
    )
    return page.items


# -- whose test connections are -------------------------------------------------------------------


@pytest.mark.row("T-42")
async def test_test_connection_is_nobody_else_s_to_use(installation: Standing) -> None:
    connector = await installation.connector()
    _, mine = await connected(installation, connector, "ada")
    desk = installation.application.desks.connections

    assert (await desk.usable_by(ADA_ELSEWHERE, mine.id)).id == mine.id
    with pytest.raises(NotFound):
        await desk.usable_by(EVE, mine.id)
    with pytest.raises(NotFound):
        await desk.test(EVE, mine.id)
