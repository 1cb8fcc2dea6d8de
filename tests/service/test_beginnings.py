import json
from datetime import timedelta

import pytest
from tests.service.standing import Standing, standing

from connectsmith.errors import CallerError, NotFound
from connectsmith.samples import PRACTICE_SAMPLE, samples, skeleton
from connectsmith.service.beginnings import Beginnings, renamed, sandbox_address
from connectsmith.service.caller import SCOPES, Caller

ADA = Caller("default", "ses_a", "ope_a", frozenset(SCOPES))


@pytest.fixture
def beginnings(installation: Standing) -> Beginnings:
    return installation.application.desks.beginnings


async def test_what_is_ours_goes_after_a_day_unless_something_was_done_with_it(
    beginnings: Beginnings, installation: Standing
) -> None:
    desks = installation.application.desks
    sample = await beginnings.from_sample(ADA, samples()[0].name)
    empty = await beginnings.empty(ADA)
    own = await beginnings.imported(ADA, skeleton())
    used = await beginnings.empty(ADA)
    await desks.connectors.save_draft(ADA, used.id, used.draft, version=1)

    installation.clock.advance(timedelta(days=1))
    assert await desks.overviews.discard_untouched() == 0
    installation.clock.advance(timedelta(seconds=1))
    await installation.application.chores.seldom()

    page = await desks.connectors.page(ADA, limit=50, after=None, search=None)
    assert {each.id for each in page.items} == {own.id, used.id}
    discarded = {each.subject for each in await installation.events("connector_discarded")}
    assert discarded == {sample.id, empty.id}


async def test_sandbox_is_offered_where_it_can_be_reached() -> None:
    async with standing(sandbox="http://localhost:18401") as installation:
        row = await installation.application.desks.beginnings.practice(ADA)
        assert "http://localhost:18401/authorize" in row.draft
        assert "localhost:8401" not in row.draft

    async with standing() as installation:
        with pytest.raises(NotFound):
            await installation.application.desks.beginnings.practice(ADA)


async def test_nothing_begins_from_nothing(beginnings: Beginnings) -> None:
    with pytest.raises(CallerError):
        await beginnings.imported(ADA, " \n")
    for begin in (beginnings.from_sample, beginnings.from_preset, beginnings.duplicate):
        with pytest.raises(NotFound):
            await begin(ADA, "no such thing")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"name": "A", "x": [1]}', '{"name": "B \\"copy\\"", "x": [1]}'),
        ('{\n  // ours\n  "name"  :  "A",\n}', '{\n  // ours\n  "name"  :  "B \\"copy\\"",\n}'),
        ('{"x": {"name": "A"}}', '{"x": {"name": "A"}}'),
        ("no json", "no json"),
        ("", ""),
    ],
)
def test_copy_gets_another_name_and_stays_as_it_was_typed(text: str, name: str) -> None:
    assert renamed(text, 'B "copy"') == name


def test_every_sample_but_the_sandbox_is_named_once() -> None:
    names = [each.name for each in samples()]

    assert len(set(names)) == len(names)
    assert PRACTICE_SAMPLE in names
    assert json.loads(skeleton())["name"] == "My connector"


def test_sandbox_is_where_it_may_be_called() -> None:
    allowed = ("127.0.0.1:8401", "[::1]:8401")

    assert sandbox_address(8401, allowed) == "http://localhost:8401"
    assert sandbox_address(8402, allowed) is None
    assert sandbox_address(8401, ()) is None
