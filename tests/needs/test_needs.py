"""Each need that services have is served, and is missed where its member is taken out."""

import pytest
from tests.needs.facts import outcomes, rows, services
from tests.needs.scenario import play
from tests.needs.table import SCENARIOS

RECORDED = outcomes()


@pytest.mark.parametrize("need", SCENARIOS)
async def test_both_runs_end_as_recorded(need: str) -> None:
    scenario = SCENARIOS[need]

    assert await play(scenario, served=True) == RECORDED[need].served
    assert await play(scenario, served=False) == RECORDED[need].control


def test_every_row_has_a_scenario_or_says_why_not() -> None:
    known = rows()

    assert set(RECORDED) == set(SCENARIOS) <= {each.id for each in known}
    assert [each.id for each in known if each.id in SCENARIOS and each.not_attempted] == []


def test_every_need_of_a_service_is_a_row() -> None:
    known = {each.id for each in rows()}

    assert {need for needs in services().values() for need in needs} <= known
