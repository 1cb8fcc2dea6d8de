"""The survival test's verdict, against servers of six behaviours: then the time is run out."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.service.authorities import HOUR, Authority, Terms
from tests.service.population import LONG, Place, Population, population
from tests.service.standing import answered

from connectsmith.core.connection.status import Status
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.testing.virtual_time import run

DAY = timedelta(days=1)
FOREVER = (100 if LONG else 25) * DAY
"""As long as a verdict without an end is held against what happens."""


@dataclass(frozen=True, slots=True)
class Lived:
    """A verdict, and when the connection stopped working: None when it never did."""

    said: dict[str, Any]
    tested_at: datetime
    died_at: datetime | None
    lost: bool
    asked: int
    """Token requests that the test itself made."""


async def survive(world: Population, connection: str, *, destructive: bool = False) -> Any:
    path = f"/v1/connections/{connection}/survive"
    return await world.installation.caller.post(path, {"destructive": destructive})


async def works(world: Population, connection: str) -> bool:
    path = f"/v1/connections/{connection}/test"
    answer = await world.installation.caller.ask("POST", path)
    return answer.is_success and answer.json()["ok"]


async def life(
    terms: Terms,
    *,
    wait: timedelta = HOUR / 2,
    used: Callable[[timedelta], bool] = lambda _: True,
    step: timedelta = HOUR,
    until: timedelta = FOREVER,
) -> Lived:
    """Test a connection, then live through its time: `used` says when somebody calls with it."""
    async with population() as world:
        place = await world.place("as.example.com")
        (row,) = await world.connect(place, terms)
        await asyncio.sleep(wait.total_seconds())
        said = await survive(world, row.id)
        asked = len(place.authority.arrivals)
        tested_at, died_at = world.clock.now(), None
        while died_at is None and world.clock.now() - tested_at < until:
            await world.installation.application.chores.often()
            await asyncio.sleep(step.total_seconds())
            age = world.clock.now() - tested_at
            if used(age) and not await works(world, row.id):
                died_at = world.clock.now()
        (grant,) = place.authority.grants.values()
        return Lived(said, tested_at, died_at, grant.lost, asked)


def steps(said: dict[str, Any]) -> dict[str, str]:
    return {each["step"]: each["outcome"] for each in said["steps"]}


# -- the sentence comes true ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "rotation"),
    [
        (Terms(), "passed"),
        (Terms(rotates=True), "passed"),
        (Terms(lifetime=30 * DAY, rotates=True, idle=7 * DAY), "passed"),
        (Terms(rotates=True, idle=8 * HOUR, states_end=True), "passed"),
        (Terms(lifetime=HOUR, lives=HOUR / 6), "passed"),
    ],
    ids=["renews", "rotates", "idle death unstated", "idle death stated", "lies about expiry"],
)
@pytest.mark.parametrize("each", [HOUR, 12 * DAY], ids=["used hourly", "hardly used"])
def test_what_is_said_to_renew_itself_lives_on(
    terms: Terms, rotation: str, each: timedelta
) -> None:
    lived = run(life(terms, used=lambda age: age % each < HOUR))

    assert lived.said["sentence"] == "Renews itself."
    assert lived.said["fate"] == "renews"
    assert steps(lived.said)["rotation"] == rotation
    assert lived.died_at is None
    assert not lived.lost


def test_what_is_said_to_end_at_a_time_ends_then() -> None:
    lived = run(life(Terms(refreshes=False), wait=HOUR / 4, step=HOUR / 4))

    ends_at = datetime.fromisoformat(lived.said["ends_at"])
    assert lived.said["fate"] == "ends"
    assert lived.said["sentence"] == (
        f"Ends today at {ends_at:%H:%M} UTC, because no refresh token was issued."
    )
    assert lived.died_at is not None
    assert timedelta() <= lived.died_at - ends_at <= timedelta(minutes=15)


@pytest.mark.parametrize("rotates", [False, True])
def test_what_is_said_to_need_a_person_needs_one_then(rotates: bool) -> None:  # noqa: FBT001 - a parameter of the test
    terms = Terms(rotates=rotates, ends=90 * DAY, states_end=True)

    lived = run(life(terms, used=lambda age: age > 89 * DAY or age % DAY < HOUR, until=91 * DAY))

    ends_at = datetime.fromisoformat(lived.said["ends_at"])
    assert lived.said["fate"] == "needs_person"
    assert lived.said["sentence"].startswith("Needs a person every 90 days, next on 20")
    assert lived.died_at is not None
    assert timedelta(seconds=-1) <= lived.died_at - ends_at <= HOUR


def test_access_token_without_an_end_and_without_renewal_lasts() -> None:
    lived = run(life(Terms(lifetime=None, refreshes=False)))

    assert lived.said["fate"] == "lasts"
    assert lived.died_at is None


# -- nothing is lost by asking --------------------------------------------------------------------


async def trial(
    terms: Terms, *, destructive: bool, prepare: Callable[[Authority], None] | None = None
) -> tuple[dict[str, Any], Status, bool, int]:
    """Return the verdict, the connection's status, whether its grant lives, and what was asked."""
    async with population() as world:
        place = await world.place("as.example.com")
        (row,) = await world.connect(place, terms)
        await asyncio.sleep(600)
        if prepare is not None:
            prepare(place.authority)
        said = await survive(world, row.id, destructive=destructive)
        (grant,) = place.authority.grants.values()
        status = (await world.row(row.id)).status
        return said, status, place.authority.alive(grant), len(place.authority.arrivals)


def test_by_default_no_used_refresh_token_is_sent_where_they_rotate() -> None:
    said, status, alive, asked = run(trial(Terms(rotates=True), destructive=False))

    assert (status, alive, asked) == (Status.ACTIVE, True, 2)
    assert steps(said)["lost_answer"] == "skipped"
    assert "an old one can end the grant" in str(said["steps"])
    assert "--" not in str(said["steps"]), "pages and the API show it too"


def test_answer_is_lost_where_that_costs_nothing() -> None:
    said, status, alive, asked = run(trial(Terms(), destructive=False))

    assert (status, alive, asked) == (Status.ACTIVE, True, 4)
    assert steps(said)["lost_answer"] == "passed"


def test_destructive_test_finds_a_server_that_forgives_a_lost_answer() -> None:
    terms = Terms(rotates=True, grace=timedelta(seconds=30))

    said, status, alive, _ = run(trial(terms, destructive=True))

    assert (said["fate"], status, alive) == ("renews", Status.ACTIVE, True)
    assert steps(said)["lost_answer"] == "passed"


def test_destructive_test_of_a_strict_server_ends_the_grant_and_says_so() -> None:
    said, status, alive, _ = run(trial(Terms(rotates=True), destructive=True))

    assert (said["fate"], status, alive) == ("ended", Status.NEEDS_AUTHORIZATION, False)
    assert steps(said)["lost_answer"] == "failed"
    assert "took the second use" in str(said["steps"])


def test_two_tests_at_once_lose_nothing() -> None:
    async def both() -> tuple[list[str], bool, Status]:
        async with population() as world:
            place = await world.place("as.example.com", Authority(world.clock, latency=1))
            (row,) = await world.connect(place, Terms(rotates=True))
            await asyncio.sleep(600)
            said = await asyncio.gather(*[survive(world, row.id) for _ in range(2)])
            (grant,) = place.authority.grants.values()
            status = (await world.row(row.id)).status
            return [each["fate"] for each in said], place.authority.alive(grant), status

    assert run(both()) == (["renews", "renews"], True, Status.ACTIVE)


# -- other verdicts -------------------------------------------------------------------------------


def test_withdrawn_grant_has_ended() -> None:
    def withdraw(authority: Authority) -> None:
        for grant in authority.grants.values():
            grant.withdrawn = True

    said, status, _, _ = run(trial(Terms(), destructive=False, prepare=withdraw))

    assert (said["fate"], status) == ("ended", Status.NEEDS_AUTHORIZATION)
    assert said["sentence"].startswith("Has ended")


def test_server_that_is_down_gives_no_verdict_and_costs_nothing() -> None:
    def down(authority: Authority) -> None:
        authority.down = lambda: True

    said, status, alive, _ = run(trial(Terms(), destructive=False, prepare=down))

    assert (said["fate"], status, alive) == ("unknown", Status.DEGRADED, True)
    assert said["sentence"].startswith("No verdict yet, try again")


async def beside(answer: HttpResponse) -> dict[str, Any]:
    """Test a connection whose server answers everything, or its API, in one way."""
    async with population() as world:
        place: Place = await world.place("as.example.com")
        (row,) = await world.connect(place, Terms())
        await asyncio.sleep(600)
        original = place.authority

        class Other(Authority):
            async def send(self, request: HttpRequest) -> HttpResponse:
                if request.url.endswith("/token") is (answer.status == 400):
                    return answer
                return await original.send(request)

        world.authorities.by_host["as.example.com"] = Other(world.clock)
        said: dict[str, Any] = await survive(world, row.id)
        return said


def test_refused_request_is_the_authors_to_mend() -> None:
    said = run(beside(answered({"error": "invalid_scope"}, 400)))

    assert said["fate"] == "needs_author"
    assert "until the connector's author acts" in said["sentence"]


def test_api_that_hides_a_refused_token_is_told_of() -> None:
    said = run(beside(answered({"error": "expired"}, 200)))

    assert steps(said)["refused_token"] == "failed"
    assert "refresh.when" in str(said["steps"])


def test_rule_that_knows_why_is_cited() -> None:
    async def cited() -> dict[str, Any]:
        async with population() as world:
            place = await world.place("accounts.google.com")
            (row,) = await world.connect(place, Terms(refreshes=False))
            said: dict[str, Any] = await survive(world, row.id)
            return said

    said = run(cited())

    assert "because no refresh token was issued: " in said["sentence"]
    assert "access_type=offline" in said["sentence"]
    assert said["rules"][0]["link"].startswith("https://")
