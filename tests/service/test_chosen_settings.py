from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.service.standing import ISSUER, PUBLIC, Standing, returned, standing
from tests.storage.rows import authorization, call

from connectsmith.errors import Conflict, FieldInvalid
from connectsmith.service.caller import SCOPES, Caller
from connectsmith.service.chosen_settings import ChosenSettings
from connectsmith.service.rules import Rules

ADA = Caller("default", "ses_a", "ope_a", frozenset(SCOPES))
WHO = ("default", "ses_a")
NEW = "https://connect.example.com"


def settings_of(installation: Standing) -> ChosenSettings:
    return installation.application.desks.settings


async def choose(
    installation: Standing, chosen: Mapping[str, str | None], **seen: str
) -> ChosenSettings:
    settings = settings_of(installation)
    await settings.choose(WHO, chosen, seen=seen)
    return settings


def another_process(installation: Standing, **rules: object) -> tuple[ChosenSettings, Rules]:
    """Return what another process, or the next start, goes by."""
    own = replace(Rules(PUBLIC), **rules)  # type: ignore[arg-type]  # a test's own names
    storage = installation.storage
    return ChosenSettings(storage.meta, storage.events, installation.clock, own), own


@pytest.mark.parametrize("by", ["start", "choice"])
async def test_connector_is_marked_until_somebody_signs_in_at_the_new_address(
    installation: Standing, by: str
) -> None:
    desks, clock, storage = installation.application.desks, installation.clock, installation.storage
    connector = await installation.connector()
    await desks.settings.note()
    clock.advance(timedelta(hours=1))
    assert not (await desks.overviews.connector(ADA, connector)).callback_changed

    if by == "start":
        started, _ = another_process(installation, public_url=NEW)
        await started.note()
    else:
        await choose(installation, {"public_url": NEW})
    await desks.settings.look()
    later = await desks.beginnings.from_sample(ADA, "github")

    assert desks.settings.changed_at == clock.now()
    assert (await desks.overviews.connector(ADA, connector)).callback_changed
    assert not (await desks.overviews.connector(ADA, later.id)).callback_changed
    clock.advance(timedelta(minutes=1))
    for status in ("failed", "kept"):
        assert (await desks.overviews.connector(ADA, connector)).callback_changed
        await storage.authorizations.add(
            authorization(
                f"aut_{status}", connector=connector, status=status, created_at=clock.now()
            )
        )
    assert not (await desks.overviews.connector(ADA, connector)).callback_changed


async def test_connector_that_registers_itself_is_not_marked(installation: Standing) -> None:
    desks = installation.application.desks
    itself: dict[str, Any] = {
        "registrationURL": f"{ISSUER}/register",
        "clientID": None,
        "clientSecret": None,
    }
    connector = await installation.connector(**itself)
    await desks.settings.note()
    installation.clock.advance(timedelta(hours=1))

    await choose(installation, {"public_url": NEW})

    assert not (await desks.overviews.connector(ADA, connector)).callback_changed


async def test_choice_holds_at_once_here_and_in_other_processes_and_after_a_restart(
    installation: Standing,
) -> None:
    other, rules = another_process(installation)
    await other.note()

    await choose(installation, {"public_url": NEW, "transcript_days": "3"})
    await other.look()
    restarted, after = another_process(installation)
    await restarted.note()

    assert installation.application.desks.rules.public_url == NEW
    assert (rules.public_url, rules.transcripts_kept) == (NEW, timedelta(days=3))
    assert (after.public_url, after.transcripts_kept) == (NEW, timedelta(days=3))
    assert restarted.changed_at == installation.clock.now()


async def test_what_the_administrator_gave_wins_over_a_choice(installation: Standing) -> None:
    await choose(installation, {"public_url": NEW})

    given = {"public_url": "CONNECTSMITH_PUBLIC_URL"}
    started, rules = another_process(installation, public_url="https://given.example", given=given)
    await started.note()
    with pytest.raises(Conflict, match="CONNECTSMITH_PUBLIC_URL") as refused:
        await started.choose(WHO, {"public_url": NEW}, seen={})

    assert refused.value.place == "public_url"
    assert (rules.public_url, started.is_chosen("public_url")) == ("https://given.example", False)


@pytest.mark.row("T-78")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("public_url", "http://connect.example.com"),
        ("public_url", "http://10.0.0.1:8400"),
        ("public_url", "https://connect.example.com/below"),
        ("public_url", "https://ada@connect.example.com"),
        ("public_url", "https://connect.example.com?a=b"),
        ("public_url", "https://connect example.com"),
        ("public_url", "https://bücher.example"),
        ("public_url", "https://connect.example.com:99999"),
        ("public_url", "javascript:alert(1)"),
        ("public_url", "connect.example.com"),
        ("public_url", ""),
        ("transcript_days", "0"),
        ("transcript_days", "3651"),
        ("transcript_days", "1.5"),
        ("transcript_bytes", "1048575"),
        ("port", "8500"),
    ],
)
async def test_value_that_cannot_be_is_refused_at_its_field_and_changes_nothing(
    installation: Standing, name: str, value: str
) -> None:
    before = settings_of(installation).values()

    with pytest.raises(FieldInvalid) as refused:
        await choose(installation, {name: value})

    assert (refused.value.code, refused.value.place) == ("field_invalid", name)
    assert settings_of(installation).values() == before


async def test_second_of_two_who_choose_at_once_sees_what_the_first_chose(
    installation: Standing,
) -> None:
    await choose(installation, {"public_url": NEW}, public_url=PUBLIC)

    with pytest.raises(Conflict, match="Somebody else"):
        await choose(installation, {"public_url": "https://mine.example"}, public_url=PUBLIC)
    await choose(installation, {"transcript_days": "9"}, transcript_days="7")

    assert settings_of(installation).values()["public_url"] == NEW
    assert settings_of(installation).values()["transcript_days"] == "9"


async def test_choice_taken_back_leaves_the_default(installation: Standing) -> None:
    await choose(installation, {"public_url": NEW})

    settings = await choose(installation, {"public_url": None})

    assert settings.values()["public_url"] == PUBLIC
    assert not settings.is_chosen("public_url")


async def test_retention_chosen_where_the_address_is_not_known_moves_no_address(
    installation: Standing,
) -> None:
    """As by the command line, in a shell without the server's own environment."""
    serving = settings_of(installation)
    await serving.note()
    shell, _ = another_process(installation, public_url="http://127.0.0.1:9999")

    await shell.choose(WHO, {"transcript_days": "3"}, seen={})
    await serving.look()
    await serving.note()

    assert (serving.changed_at, serving.values()["public_url"]) == (None, PUBLIC)
    assert serving.values()["transcript_days"] == "3"


async def test_former_address_is_answered_for_a_week(installation: Standing) -> None:
    rules = installation.application.desks.rules
    await settings_of(installation).note()
    settings = await choose(installation, {"public_url": NEW})
    first = rules.former_urls

    installation.clock.advance(timedelta(days=7))
    await settings.look()

    assert (first, rules.former_urls) == ((PUBLIC,), ())
    assert rules.is_ours("connect.example.com", 443)


async def test_choice_is_recorded_with_who_made_it(installation: Standing) -> None:
    await choose(installation, {"transcript_days": "9"})

    (event,) = await installation.events("setting_chosen")
    assert (event.who, event.subject, event.message) == ("ses_a", "transcript_days", "now 9")


async def test_calls_are_pruned_by_what_was_chosen_without_a_restart(
    installation: Standing,
) -> None:
    calls, now = installation.storage.calls, installation.clock.now()
    calls.add(call("cal_a", started_at=now - timedelta(days=4)), None)
    other, _ = another_process(installation)
    await other.note()
    await other.choose(WHO, {"transcript_days": "3"}, seen={})

    await installation.application.chores.seldom()

    assert await calls.get("default", "cal_a") is None


@pytest.mark.row("T-78")
async def test_authorization_under_way_keeps_the_redirect_uri_it_was_started_with() -> None:
    async with standing(public_url="https://old.example.com") as installation:
        installation.grants()
        await settings_of(installation).note()
        connector = await installation.connector()
        started = await installation.caller.start(connector)
        browser = installation.browser()
        request = await browser.depart(started["start_url"])

        installation.clock.advance(timedelta(minutes=1))
        await choose(installation, {"public_url": NEW})
        back = await browser.come_back(request.callback, code="the-code", state=request["state"])
        await installation.caller.complete(started, returned(back)["completion"])

        (redeemed,) = installation.token_requests
        sent = b"redirect_uri=https%3A%2F%2Fold.example.com%2Foauth%2Fcallback%2F"
        assert sent in b"".join([redeemed.body or b""])
        overviews = installation.application.desks.overviews
        assert (await overviews.connector(ADA, connector)).callback_changed
