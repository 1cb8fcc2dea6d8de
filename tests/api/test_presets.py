from tests.api.conftest import Served

from connectsmith.presets import search


async def test_every_preset_is_listed_with_what_to_know_first(served: Served) -> None:
    page = await served.operator.get("/v1/presets", limit=200)

    assert [each["id"] for each in page["items"]] == [each.id for each in search("")]
    assert page["next"] is None
    (slack,) = [each for each in page["items"] if each["id"] == "slack"]
    assert slack["registration"] == "https://api.slack.com/apps"
    assert "https" in slack["callback"]
    assert slack["refresh"]
    assert slack["how"] in {"document", "library literal"}


async def test_the_list_comes_in_pages_that_follow_each_other(served: Served) -> None:
    first = await served.operator.get("/v1/presets", search="o", limit=3)
    second = await served.operator.get("/v1/presets", search="o", limit=3, after=first["next"])

    found = [each["id"] for each in (*first["items"], *second["items"])]
    assert found == [each.id for each in search("o")[:6]]


async def test_a_page_that_follows_nothing_is_refused(served: Served) -> None:
    problem = await served.operator.problem("GET", "/v1/presets?after=none")

    assert problem["code"] == "field_invalid"
    assert problem["place"] == "after"


async def test_a_search_narrows_the_list(served: Served) -> None:
    page = await served.operator.get("/v1/presets", search="gmail")

    assert [each["id"] for each in page["items"]] == ["google"]


async def test_a_preset_shows_its_facts_their_sources_and_its_definition(served: Served) -> None:
    shown = await served.operator.get("/v1/presets/google")

    endpoints = shown["facts"]["auth_components"]
    assert endpoints["tokenURL"] == "https://oauth2.googleapis.com/token"
    assert {"tokenURL", "authorizationURL"} <= {
        fact for each in shown["facts"]["references"] for fact in each["of"]
    }
    assert endpoints["tokenURL"] in shown["definition"]


async def test_a_preset_that_does_not_exist_is_not_found(served: Served) -> None:
    assert (await served.operator.problem("GET", "/v1/presets/none"))["code"] == "not_found"


async def test_presets_need_an_api_token(served: Served) -> None:
    stranger = served.with_token(None)
    writer = await served.limited("connectors:write")

    assert (await stranger.problem("GET", "/v1/presets"))["code"] == "api_token_required"
    assert (await stranger.problem("GET", "/v1/presets/google"))["code"] == "api_token_required"
    assert (await writer.problem("GET", "/v1/presets"))["code"] == "api_scope_missing"


async def test_a_connector_is_made_of_a_preset_and_can_be_published(served: Served) -> None:
    made = await served.operator.post("/v1/connectors", {"preset": "github", "publish": True})

    assert made["name"] == "GitHub"
    assert made["published"] == 1
    assert {each["code"] for each in made["diagnostics"]} == {"secret_unknown"}
    assert made["secrets"]["missing"] == ["clientID", "clientSecret"]
    assert [each["action"] for each in made["actions"]] == ["account.get"]


async def test_an_unknown_preset_makes_nothing_and_the_nearest_is_named(served: Served) -> None:
    problem = await served.operator.problem("POST", "/v1/connectors", json={"preset": "githubb"})

    assert problem["place"] == "/preset"
    assert '"github"' in problem["detail"]
    assert (await served.operator.get("/v1/connectors"))["items"] == []


async def test_a_connector_is_made_of_one_thing(served: Served) -> None:
    both = {"preset": "github", "sample": "github"}

    assert (await served.operator.problem("POST", "/v1/connectors", json=both))["code"]
    assert (await served.operator.problem("POST", "/v1/connectors", json={}))["code"]


SLACK = {
    "schema": "1.0",
    "name": "Slack",
    "auth_components": {
        "type": "oauth2",
        "authorizationURL": "https://slack.com/oauth/v2/authorize",
        "tokenURL": "https://slack.com/api/oauth.v2.access",
        "scope": "chat:write users:read",
        "clientID": "{{clientID}}",
        "clientSecret": "{{clientSecret}}",
    },
    "requiredSettings": {"authFields": []},
    "endpoints": {},
    "actions": [],
}


async def test_a_draft_is_warned_of_what_its_server_wants_and_of_our_callback_url(
    served: Served,
) -> None:
    made = await served.operator.post("/v1/connectors", {"definition": SLACK})

    draft = await served.operator.get(f"/v1/connectors/{made['id']}/draft")

    found = {each["code"]: each for each in draft["diagnostics"]}
    assert found["quirk_slack_separator"]["link"].startswith("https://docs.slack.dev/")
    assert found["quirk_slack_separator"]["fix"]["patch"] == [
        {"op": "add", "path": "/auth_components/scopeSeparator", "value": ","}
    ]
    assert found["quirk_slack_http_callback"]["severity"] == "warning"
    shown = {each["code"] for each in made["diagnostics"]}
    assert {"quirk_slack_separator", "quirk_slack_http_callback"} <= shown


async def test_a_warning_about_a_server_does_not_keep_a_draft_from_being_published(
    served: Served,
) -> None:
    made = await served.operator.post("/v1/connectors", {"definition": SLACK, "publish": True})

    assert made["published"] == 1
