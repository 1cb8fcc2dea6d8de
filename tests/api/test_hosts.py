"""Names under which the API may be asked: a page that rebinds its own name to us learns nothing."""

import pytest
from tests.api.conftest import Served


@pytest.mark.parametrize("path", ["/health", "/v1/schema", "/oauth/start/x", "/v1/calls", "/none"])
@pytest.mark.parametrize(
    "host",
    [
        "attacker.example",
        "attacker.example:8400",
        "127.0.0.1.attacker.example:8400",
        "localhost.attacker.example",
        "127.0.0.1@attacker.example",
        "127.1.attacker.example",
        "",
        "[::1].attacker.example",
        "xn--example:8400",
    ],
)
async def test_no_other_host_name_is_answered(served: Served, host: str, path: str) -> None:
    problem = await served.operator.problem("GET", path, headers={"Host": host})

    assert (problem["status"], problem["code"]) == (421, "host_unknown")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8400",
        "localhost",
        "LOCALHOST:9000",
        "[::1]:8400",
        "127.0.0.2:8400",
        "10.1.2.3:8400",
    ],
)
async def test_own_names_and_plain_addresses_are_answered(served: Served, host: str) -> None:
    answer = await served.operator.ask("GET", "/health", headers={"Host": host})

    assert answer.status_code == 200


async def test_calls_of_another_host_name_are_refused_before_anything_is_sent(
    served: Served,
) -> None:
    connector = await served.connector()

    problem = await served.operator.problem(
        "POST",
        f"/v1/connectors/{connector}/calls",
        json={"action": "calendars.list"},
        headers={"Host": "attacker.example"},
    )

    assert problem["code"] == "host_unknown"
    assert served.sender.requests == []


@pytest.mark.parametrize("path", ["/health", "/v1/connectors", "/v1/none"])
async def test_no_answer_is_sniffed(served: Served, path: str) -> None:
    answer = await served.operator.ask("GET", path)

    assert answer.headers["x-content-type-options"] == "nosniff"
