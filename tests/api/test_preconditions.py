"""Nobody overwrites or deletes what they have not seen; an address names one kind of thing."""

import pytest
from tests.api.conftest import Served
from tests.api.test_permissions import NEEDED
from tests.service.standing import answered


async def bare(served: Served, method: str, path: str, **more: object) -> int:
    """Send a request without `If-Match`; return the status."""
    request = served.operator.client.build_request(method, path, **more)  # type: ignore[arg-type]  # as httpx takes them
    request.headers.pop("If-Match", None)
    return (await served.operator.client.send(request)).status_code


async def test_a_draft_is_saved_only_over_the_version_that_was_read(served: Served) -> None:
    connector = await served.connector()
    path = f"/v1/connectors/{connector}/draft"
    read = await served.operator.ask("GET", path)
    tag = read.headers["ETag"]

    blind = await bare(served, "PUT", path, json={"text": "blind"})
    first = await served.operator.ask(
        "PUT", path, json={"text": "first"}, headers={"If-Match": tag}
    )
    late = await served.operator.problem(
        "PUT", path, json={"text": "late"}, headers={"If-Match": tag}
    )
    foreign = await served.operator.problem(
        "PUT", path, json={"text": "foreign"}, headers={"If-Match": '"abc"'}
    )

    assert blind == 428
    assert first.headers["ETag"] == '"2"'
    assert (late["status"], late["code"], late["version"]) == (412, "version_conflict", 2)
    assert foreign["status"] == 412
    assert (await served.operator.get(path))["text"] == "first"


async def test_deleting_needs_the_version_that_was_read(served: Served) -> None:
    connector = await served.connector()
    path = f"/v1/connectors/{connector}"

    blind = await bare(served, "DELETE", path)
    late = await served.operator.problem("DELETE", path, headers={"If-Match": '"7"'})
    tag = (await served.operator.ask("GET", path)).headers["ETag"]
    gone = await served.operator.ask("DELETE", path, headers={"If-Match": tag})

    assert blind == 428
    assert late["status"] == 412
    assert gone.status_code == 204
    assert (await served.operator.problem("GET", path))["status"] == 404


async def test_a_connection_has_a_version_too(served: Served) -> None:
    connector = await served.connector(grant="client_credentials", authorizationURL=None)
    names = ("clientID", "clientSecret")
    pairs = [{"name": name, "value": "v"} for name in names]
    await served.operator.post(f"/v1/connectors/{connector}/secrets", {"secrets": pairs})
    served.sender.reply(answered({"access_token": "a-token", "token_type": "Bearer"}))
    served.sender.reply(*[answered({"id": "ada"})] * 3)
    made = await served.operator.post(f"/v1/connectors/{connector}/connections")
    path = f"/v1/connections/{made['id']}"

    blind = await bare(served, "DELETE", path)
    late = await served.operator.problem("DELETE", path, headers={"If-Match": '"9"'})
    tag = (await served.operator.ask("GET", path)).headers["ETag"]
    gone = await served.operator.ask("DELETE", path, headers={"If-Match": tag})

    assert (blind, late["status"], gone.status_code) == (428, 412, 204)


async def test_publishing_may_name_the_draft_it_means(served: Served) -> None:
    connector = await served.connector()
    path = f"/v1/connectors/{connector}/publish"

    late = await served.operator.problem("POST", path, headers={"If-Match": '"2"'})
    unnamed = await bare(served, "POST", path)

    assert late["status"] == 412
    assert unnamed == 200


@pytest.mark.parametrize("operation", [each for each in NEEDED if "{" in each[1]], ids=" ".join)
async def test_an_id_of_another_kind_is_not_found(
    operation: tuple[str, str], served: Served
) -> None:
    connector = await served.connector()
    token = (await served.operator.get("/v1/tokens"))["items"][0]["id"]
    method, path = operation
    bodies = {
        "/approve": {"issuer": "https://login.example.com"},
        "/complete": {"completion": "x"},
        "/draft": {"text": "x"},
        "/calls": {"action": "a.b"},
        "/confirm": {"origins": []} if "secrets" in path else {"api": []},
        "/secrets": {"secrets": [{"name": "a", "value": "b"}]},
    }
    body = next((value for end, value in bodies.items() if path.endswith(end)), {})

    for wrong in (token if "{connector}" in path else connector, "con_" + "a" * 26, "none", "%00"):
        if path == "/v1/tokens/{token}" and wrong == token:
            continue
        place = path.replace("{number}", "1")
        place = place[: place.index("{")] + wrong + place[place.index("}") + 1 :]
        for rest in ("{secret}",):
            place = place.replace(rest, "sec_" + "a" * 26)
        refused = await served.operator.problem(method, place, json=body)
        assert (refused["status"], refused["code"]) == (404, "not_found"), place


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/connectors/", 404),
        ("PATCH", "/v1/connectors", 405),
        ("PUT", "/health", 405),
        ("GET", "/v1/connections/cnn_a/calls", 405),
    ],
)
async def test_other_addresses_and_methods_are_refused_in_the_same_shape(
    method: str, path: str, status: int, served: Served
) -> None:
    refused = await served.operator.problem(method, path)

    assert refused["status"] == status
    assert {"type", "title", "status", "code", "fault", "detail", "place"} <= refused.keys()
