"""What the Debugger does with a draft, without a browser."""

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.journeys.calendar import definition
from tests.service.standing import ISSUER, WORKSPACE, Request, Standing, answered

from connectsmith.core.connection.status import Status
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.errors import Conflict, VersionConflict
from connectsmith.service.caller import SCOPES, Caller
from connectsmith.service.debugger import Bench, Debugger
from connectsmith.service.rows import ConnectionRow

ADA = Caller(WORKSPACE, "ses_ada", "ope_ada", frozenset(SCOPES))
EVE = Caller(WORKSPACE, "ses_eve", "ope_eve", frozenset(SCOPES))


class Bencher:
    """An operator before the Debugger of one draft."""

    def __init__(self, installation: Standing, connector: str) -> None:
        self.installation = installation
        self.connector = connector
        self.account = "ada"

    @property
    def desk(self) -> Debugger:
        return self.installation.application.desks.debugger

    async def bench(self, caller: Caller = ADA) -> Bench:
        return await self.desk.open(caller, self.connector)

    async def sign_in(self, account: str = "ada", caller: Caller = ADA) -> ConnectionRow:
        self.account = account
        self.installation.clock.advance(timedelta(seconds=1))
        self.installation.sender.reply(*[self._answer] * 4)
        started = await self.desk.start(caller, await self.bench(caller), {}, return_to=None)
        browser = self.installation.application.desks.browser
        left = await browser.depart(started.start_url.rpartition("/")[2], caller.token)
        state = Request(left.url)["state"]
        cookies = {started.row.id: left.cookie}
        await browser.arrive(self.connector, f"code=a-code&state={state}", cookies, caller.token)
        authorizations = self.installation.application.desks.authorizations
        _, connection = await authorizations.finish(caller, started.row.id)
        return connection

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if request.url.endswith("/token"):
            token = f"access-of-{self.account}"
            return answered({"access_token": token, "refresh_token": "r-" + token})
        return answered({"id": self.account, "email": f"{self.account}@example.com"})

    async def save(self, **changes: Any) -> None:
        text = json.dumps(definition(ISSUER, **changes))
        await self.installation.application.desks.connectors.save_draft(
            ADA, self.connector, text, version=None
        )

    async def publish(self, *, keep: bool) -> Any:
        bench = await self.bench()
        version = bench.connector.draft_version
        return await self.desk.publish(ADA, bench, version=version, keep=keep)

    def revoked(self) -> int:
        asked = self.installation.sender.requests
        return sum(each.url.endswith("/revoke") for each in asked)


@pytest.fixture
async def one(installation: Standing) -> Bencher:
    return Bencher(installation, await installation.connector())


async def test_operator_s_newest_test_connection_is_on_the_bench(one: Bencher) -> None:
    await one.sign_in("ada")

    mine, another_s = await one.bench(ADA), await one.bench(EVE)

    assert mine.connection is not None
    assert (mine.connection.account_id, mine.connection.test) == ("ada", True)
    assert another_s.connection is None


async def test_signing_in_again_as_the_same_account_revokes_nothing_there(one: Bencher) -> None:
    """With some services that would end the new tokens too."""
    await one.sign_in("ada")
    newest = await one.sign_in("ada")
    one.installation.sender.reply(*[answered({})] * 4)
    await one.installation.application.chores.often()

    assert [each.id for each in await one.installation.connections()] == [newest.id]
    assert one.revoked() == 0


async def test_signing_in_as_another_account_revokes_the_first(one: Bencher) -> None:
    await one.sign_in("ada")
    newest = await one.sign_in("grace")
    one.installation.sender.reply(*[answered({})] * 4)
    await one.installation.application.chores.often()

    assert [each.id for each in await one.installation.connections()] == [newest.id]
    assert one.revoked() == 2


# -- proving --------------------------------------------------------------------------------------


async def test_auth_test_is_what_proves_where_there_is_one(one: Bencher) -> None:
    await one.sign_in()
    one.installation.sender.reply(one._answer)

    proof = await one.desk.test(ADA, await one.bench())

    assert (proof.ok, proof.did, proof.account_label) == (True, "auth_test", "ada@example.com")


@pytest.mark.parametrize(
    ("actions", "did", "requests"), [(slice(0, 1), "action", 1), (slice(3, 4), "fields", 0)]
)
async def test_api_without_sign_in_is_proved_by_what_reads_without_fields(
    installation: Standing, actions: slice, did: str, requests: int
) -> None:
    text = definition(ISSUER)
    text["auth_components"] = {"type": "none"}
    del text["auth_test"]
    text["actions"] = text["actions"][actions]
    made = await installation.caller.post("/v1/connectors", {"definition": json.dumps(text)})
    one = Bencher(installation, made["id"])
    installation.sender.reply(one._answer)

    proof = await one.desk.test(ADA, await one.bench())

    assert (proof.ok, proof.did) == (True, did)
    assert len(installation.sender.requests) == requests


# -- publishing -----------------------------------------------------------------------------------


async def test_what_was_not_tested_since_the_draft_was_saved_is_named(one: Bencher) -> None:
    await one.sign_in()
    one.installation.sender.reply(one._answer)
    await one.desk.call(ADA, await one.bench(), "me.get", {})

    found = await one.desk.publication(ADA, await one.bench())

    assert found.untested == ("calendars.list", "events.list", "events.create")
    assert found.fitness is not None
    assert found.fitness.fits


async def test_test_connection_is_kept_as_a_real_one(one: Bencher) -> None:
    held = await one.sign_in()

    revision, kept = await one.publish(keep=True)

    (row,) = await one.installation.connections()
    assert kept is not None
    assert (row.id, row.test, row.status) == (held.id, False, Status.ACTIVE)
    assert (row.revision, row.version) == (revision.number, held.version + 1)
    assert (await one.bench()).connection is None
    one.installation.sender.reply(one._answer)
    called = await one.installation.caller.post(
        f"/v1/connections/{row.id}/calls", {"action": "me.get", "fields": {}}
    )
    assert called["ok"]


async def test_test_connection_that_is_not_kept_ends_with_the_draft(one: Bencher) -> None:
    await one.sign_in()
    one.installation.sender.reply(*[answered({})] * 4)

    await one.publish(keep=False)
    await one.installation.application.chores.often()

    assert await one.installation.connections() == []
    assert one.revoked() == 2


async def test_ending_a_test_spares_a_real_connection_of_the_same_account(one: Bencher) -> None:
    await one.sign_in("ada")
    await one.publish(keep=True)
    await one.sign_in("ada")

    await one.publish(keep=False)
    await one.installation.application.chores.often()

    (row,) = await one.installation.connections()
    assert not row.test
    assert one.revoked() == 0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"scope": "calendar.read"}, "other scopes"),
        ({"tokenURL": "https://elsewhere.example.com/token"}, "another way"),
        ({"revocationURL": None}, "another way"),
    ],
)
async def test_changed_draft_keeps_no_connection(
    one: Bencher, changes: dict[str, Any], why: str
) -> None:
    await one.sign_in()
    await one.save(**changes)

    found = await one.desk.publication(ADA, await one.bench())

    assert found.fitness is not None
    assert not found.fitness.fits
    assert why in found.fitness.why
    with pytest.raises(Conflict, match="cannot be kept"):
        await one.publish(keep=True)


async def test_draft_that_was_saved_since_is_not_published(one: Bencher) -> None:
    bench = await one.bench()
    await one.save(scope="calendar.read")

    with pytest.raises(VersionConflict):
        await one.desk.publish(
            ADA, await one.bench(), version=bench.connector.draft_version, keep=False
        )
