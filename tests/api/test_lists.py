"""Lists come in pages, newest first; a cursor is one of ours or nothing."""

import pytest
from tests.api.conftest import Served
from tests.api.test_document import open_api
from tests.service.standing import answered

BAD_CURSORS = ["x", ".", "1.", ".con_a", "-1.con_a", "9" * 30 + ".con_a", "1e5.con_a"]


async def test_pages_together_are_the_whole_list(served: Served) -> None:
    made = [await served.connector() for _ in range(5)]

    seen: list[str] = []
    after: dict[str, object] = {}
    while True:
        page = await served.operator.get("/v1/connectors", limit=2, **after)
        assert len(page["items"]) <= 2
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}

    assert sorted(seen) == sorted(made)
    assert len(set(seen)) == 5


async def test_calls_come_in_pages_and_are_filtered(served: Served) -> None:
    connector = await open_api(served)
    path = f"/v1/connectors/{connector}/calls"
    served.sender.reply(answered({}), answered({}, 500), answered({}))
    calls = [(await served.operator.post(path, {"action": "thing.get"}))["call"] for _ in range(3)]

    first = await served.operator.get("/v1/calls", limit=2)
    rest = await served.operator.get("/v1/calls", limit=2, after=first["next"])
    failed = await served.operator.get("/v1/calls", ok="false", connector=connector)
    none = await served.operator.get("/v1/calls", action="thing.put")

    seen = [each["id"] for page in (first, rest) for each in page["items"]]
    assert sorted(seen) == sorted(calls)
    assert rest["next"] is None
    assert [each["id"] for each in failed["items"]] == [calls[1]]
    assert none["items"] == []


@pytest.mark.parametrize("cursor", BAD_CURSORS)
async def test_a_cursor_that_no_list_returned_is_refused(cursor: str, served: Served) -> None:
    connector = await served.connector()

    for path in (
        "/v1/connectors",
        "/v1/connections",
        "/v1/calls",
        f"/v1/connectors/{connector}/connections",
        f"/v1/connectors/{connector}/authorizations",
    ):
        refused = await served.operator.problem("GET", path, params={"after": cursor})
        assert (refused["status"], refused["place"]) == (400, "after")


@pytest.mark.parametrize("limit", ["0", "-1", "201", "x", "1.5", "9" * 40])
async def test_a_limit_is_one_to_two_hundred(limit: str, served: Served) -> None:
    refused = await served.operator.problem("GET", "/v1/calls", params={"limit": limit})

    assert (refused["status"], refused["place"]) == (400, "/limit")


async def test_times_are_rfc_3339_with_z(served: Served) -> None:
    connector = await served.connector()

    shown = await served.operator.get(f"/v1/connectors/{connector}")

    assert shown["created_at"].endswith("Z")
    assert shown["created_at"][10] == "T"


async def test_search_looks_in_names_without_regard_to_case_or_wildcards(served: Served) -> None:
    connector = await served.connector()

    found = await served.operator.get("/v1/connectors", search="cALEN")
    wild = await served.operator.get("/v1/connectors", search="%")

    assert [each["id"] for each in found["items"]] == [connector]
    assert wild["items"] == []
