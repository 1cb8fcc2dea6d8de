import pytest
from tests.core.call.definitions import define, plan

from connectsmith.core.call.plan import AUTH_TEST, find_plan, plans_of
from connectsmith.core.message import Purpose
from connectsmith.errors import ActionUnknown, DefinitionError


def test_an_action_is_compiled_once() -> None:
    plans = plans_of(define())

    assert plans["thing.do"] is plans["thing.do"]


def test_an_unknown_action_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(ActionUnknown, match=r'Did you mean "thing.do"\?'):
        find_plan(plans_of(define()), "thing.doo")


def test_auth_test_is_no_action_that_callers_can_name() -> None:
    plans = plans_of(define(auth_test={"method": "POST", "endpoint": "/things"}))

    assert AUTH_TEST in plans
    with pytest.raises(ActionUnknown):
        find_plan(plans, AUTH_TEST)


def test_a_fault_in_one_action_leaves_the_others_usable() -> None:
    broken = {"modelId": "thing", "actionId": "bad", "endpoint": "/no", "method": "GET"}
    definition = define()
    definition = definition.model_validate(
        {**definition.model_dump(by_alias=True), "actions": [
            *definition.model_dump(by_alias=True)["actions"], broken
        ]}
    )  # fmt: skip
    plans = plans_of(definition)

    assert list(plans) == ["thing.do", "thing.bad"]
    assert find_plan(plans, "thing.do").method == "POST"
    with pytest.raises(DefinitionError, match="GET /no"):
        find_plan(plans, "thing.bad")


@pytest.mark.parametrize(
    ("method", "effect"),
    [("GET", "read"), ("HEAD", "read"), ("POST", "write"), ("DELETE", "destructive")],
)
def test_the_effect_follows_from_the_method(method: str, effect: str) -> None:
    assert plan(method=method).effect == effect


def test_the_effect_can_be_said() -> None:
    assert plan(action={"effect": "read"}).effect == "read"


def test_auth_test_has_its_own_body_statuses_and_account() -> None:
    compiled = plans_of(
        define(
            auth_test={
                "method": "POST",
                "endpoint": "/things",
                "body": {"a": [1]},
                "expect": {"status": [200, 204]},
                "account": {"id": "/user/id", "label": "/user/a~1b"},
            }
        )
    )[AUTH_TEST]

    assert (compiled.fixed_body, compiled.content_type) == (b'{"a":[1]}', "application/json")
    assert compiled.statuses == {200, 204}
    assert (compiled.account_id, compiled.account_label) == (("user", "id"), ("user", "a/b"))
    assert compiled.purpose is Purpose.AUTH_TEST


def test_a_url_without_open_places_is_made_once() -> None:
    assert plan().fixed_url == "https://api.example.com/v1/things"
    assert plan(path="/things/{id}", url_fields=[{"key": "id"}]).fixed_url is None
