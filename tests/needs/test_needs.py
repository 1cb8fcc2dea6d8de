"""Each need that services have is served, and is missed where its member is taken out."""

import pytest
from tests.needs.facts import outcomes, rows, served_services, services
from tests.needs.scenario import play
from tests.needs.table import SCENARIOS

RECORDED = outcomes()
BEYOND_THE_FORMAT = {
    "authz.code_by_webhook", "cc.mtls", "refresh.derived_secret", "token.consent_then_cc",
    "token.hmac_signed", "token.sdk_only", "twostep.assertion", "twostep.get", "twostep.multi",
    "twostep.nested", "twostep.xml",
}  # fmt: skip
"""What nobody promised; some of it is served all the same."""


@pytest.mark.parametrize("need", SCENARIOS)
async def test_both_runs_end_as_recorded(need: str) -> None:
    scenario = SCENARIOS[need]

    assert await play(scenario, served=True) == RECORDED[need].served
    assert await play(scenario, served=False) == RECORDED[need].control


def test_every_row_has_a_scenario_or_says_why_not() -> None:
    known = rows()

    assert set(RECORDED) == set(SCENARIOS) <= {each.id for each in known}
    assert [
        each.id for each in known if each.passed == bool(each.reason or each.not_attempted)
    ] == []
    assert [each.id for each in known if each.id in SCENARIOS and each.not_attempted] == []


def test_nearly_all_needs_and_services_are_served() -> None:
    known = rows()

    wanted = [each for each in known if each.id not in BEYOND_THE_FORMAT]
    assert len(wanted) == 84
    assert len([each for each in wanted if each.passed]) >= 78
    assert len(served_services(known)) / len(services()) >= 0.95


def test_every_need_of_a_service_is_a_row() -> None:
    known = {each.id for each in rows()}

    assert {need for needs in services().values() for need in needs} <= known
