"""Secrets of a connector: who may enter what, and that a browser sees only what is meant for it."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.journeys.calendar import definition
from tests.service.standing import ISSUER, Caller, Standing

from connectsmith.core.secret.secret import Secret
from connectsmith.errors import Conflict, NameTaken
from connectsmith.service.caller import Caller as ServiceCaller
from connectsmith.service.rows import ConfirmedRow
from connectsmith.service.secret_entry import EnteredChanges, NewSecret
from connectsmith.service.secrets import SecretKeys


async def drafted(installation: Standing, **changes: Any) -> str:
    """Create a connector whose draft has these members; return its id."""
    text = json.dumps(definition(ISSUER, **changes))
    made = await installation.caller.post("/v1/connectors", {"definition": text})
    connector: str = made["id"]
    return connector


async def entered(caller: Caller, connector: str, *names: str, **more: Any) -> dict[str, Any]:
    """Store secrets; return them by name as the API lists them."""
    pairs = [{"name": name, "value": f"value of {name}"} | more for name in names]
    stored = await caller.post(f"/v1/connectors/{connector}/secrets", {"secrets": pairs})
    return {each["name"]: each for each in stored["items"]}


async def redrafted(installation: Standing, connector: str, **changes: Any) -> None:
    """Replace a connector's draft, as an editor would."""
    response = await installation.caller.client.put(
        f"/v1/connectors/{connector}/draft",
        json={"text": json.dumps(definition(ISSUER, **changes))},
        headers={"If-Match": "*"},
    )
    assert response.is_success, response.text


async def test_a_browser_may_see_what_stood_in_client_id_alone_at_entry(
    installation: Standing,
) -> None:
    connector = await drafted(installation)
    both = await drafted(installation, clientID="{{one}}", clientSecret="{{one}}")

    apart = await entered(installation.caller, connector, "clientID", "clientSecret", "other")
    shared = await entered(installation.caller, both, "one")

    assert {name: each["browser"] for name, each in apart.items()} == {
        "clientID": True,
        "clientSecret": False,
        "other": False,
    }
    assert not shared["one"]["browser"]


async def test_setter_may_say_that_a_browser_sees_a_secret_or_that_none_does(
    installation: Standing,
) -> None:
    connector = await drafted(installation)

    said = await entered(installation.caller, connector, "other", browser=True)
    unsaid = await entered(installation.caller, connector, "clientID", browser=False)

    assert said["other"]["browser"]
    assert not unsaid["clientID"]["browser"]


@pytest.mark.row("T-32")
async def test_a_secret_moved_into_client_id_never_reaches_the_address_bar(
    installation: Standing,
) -> None:
    connector = await drafted(installation)
    await entered(installation.caller, connector, "clientID", "clientSecret")
    await redrafted(installation, connector, clientID="{{clientSecret}}", clientSecret=None)

    refused = await installation.caller.problem(
        f"/v1/connectors/{connector}/authorizations", {"test": True}
    )

    assert refused["code"] == "secret_destination_denied"
    assert refused["place"] == "/auth_components/clientID"
    assert "clientSecret" in refused["detail"]
    assert "value of" not in json.dumps(refused)
    [event] = await installation.events("secret_destination_denied")
    assert event.message == "a browser would see it"


async def test_a_browser_is_refused_at_the_button_too_when_the_permission_was_taken_away(
    installation: Standing,
) -> None:
    connector = await drafted(installation)
    stored = await entered(installation.caller, connector, "clientID", "clientSecret")
    started = await installation.caller.start(connector, test=True)
    path = f"/v1/connectors/{connector}/secrets/{stored['clientID']['id']}/confirm"
    await installation.caller.post(path, {"browser": False})

    left = await installation.browser().client.post(started["start_url"])

    assert left.is_client_error
    assert "location" not in left.headers
    assert "value of" not in left.text


async def test_a_secret_entered_before_the_draft_named_it_works_once_confirmed(
    installation: Standing,
) -> None:
    made = await installation.caller.post("/v1/connectors", {"definition": "{ not yet"})
    connector = made["id"]
    stored = await entered(installation.caller, connector, "clientID", "clientSecret")
    await redrafted(installation, connector)
    asked = {"test": True, "return_to": None}

    before = await installation.caller.problem(f"/v1/connectors/{connector}/authorizations", asked)
    secret = stored["clientID"]
    confirmed = await installation.caller.post(
        f"/v1/connectors/{connector}/secrets/{secret['id']}/confirm",
        {"origins": [ISSUER], "browser": True},
    )
    started = await installation.caller.start(connector, test=True)
    request = await installation.browser().depart(started["start_url"])

    assert before["code"] == "secret_destination_denied"
    assert (secret["origins"], secret["browser"]) == ([], False)
    assert (confirmed["origins"], confirmed["browser"]) == ([ISSUER], True)
    assert request["client_id"] == "value of clientID"


async def test_confirming_one_thing_leaves_the_other_as_it_is(installation: Standing) -> None:
    connector = await drafted(installation)
    stored = await entered(installation.caller, connector, "clientID")
    path = f"/v1/connectors/{connector}/secrets/{stored['clientID']['id']}/confirm"

    moved = await installation.caller.post(path, {"origins": ["https://new.example.com"]})
    hidden = await installation.caller.post(path, {"browser": False})
    nothing = await installation.caller.problem(path, {})

    assert (moved["origins"], moved["browser"]) == (["https://new.example.com"], True)
    assert (hidden["origins"], hidden["browser"]) == (["https://new.example.com"], False)
    assert nothing["code"] == "request_invalid"


async def test_only_the_right_to_set_secrets_confirms_them(installation: Standing) -> None:
    connector = await drafted(installation)
    stored = await entered(installation.caller, connector, "clientSecret")
    every = ["connectors:read", "connectors:write", "connections:read", "connections:write"]
    made = await installation.caller.post("/v1/tokens", {"name": "editor", "scopes": every})
    editor = installation.as_holder_of(made["token"])

    refused = await editor.problem(
        f"/v1/connectors/{connector}/secrets/{stored['clientSecret']['id']}/confirm",
        {"browser": True},
    )

    assert refused["code"] == "api_scope_missing"


async def test_token_requests_may_name_redirect_uri_state_and_a_random_value(
    installation: Standing,
) -> None:
    connector = await installation.connector(
        tokenParams={
            "callback": "{{oauth.redirect_uri}}",
            "asked": "{{oauth.state}}",
            "nonce": "{{oauth.random}}",
        }
    )
    installation.grants()
    browser = installation.browser()
    started = await installation.caller.start(connector)
    request = await browser.depart(started["start_url"])
    answer = await browser.come_back(request.callback, code="c", state=request["state"])
    completion = answer.headers["location"].partition("completion=")[2]
    await installation.caller.complete(started, completion)

    sent = dict(pair.split("=") for pair in installation.token_requests[0].body.decode().split("&"))
    assert sent["asked"] == request["state"]
    assert sent["callback"] == sent["redirect_uri"]
    assert len(sent["nonce"]) == 36


@pytest.mark.row("T-33")
@pytest.mark.parametrize(
    "name",
    [
        "borrowed",
        "ClientSecret",
        "clientsecret",
        "client Secret",
        "clientSe\u0441ret",
        "clientSecret\u200b",
    ],
)
async def test_a_secret_answers_to_its_own_name_on_its_own_connector_only(
    name: str, installation: Standing
) -> None:
    mine, other = await drafted(installation), await drafted(installation)
    await entered(installation.caller, mine, "clientID", "clientSecret")
    await entered(installation.caller, other, "borrowed")
    await redrafted(installation, mine, clientSecret="{{" + name + "}}")

    refused = await installation.caller.problem(
        f"/v1/connectors/{mine}/authorizations", {"test": True}
    )

    assert refused["code"] == "secret_missing"
    assert refused["missing"] == [name]


@pytest.mark.parametrize(
    "name", ["", " a", "a ", "a{b", "a}b", "oauth.x", "authFields.x", "a\nb", "a\x00b", "n" * 201]
)
async def test_a_name_no_placeholder_could_say_is_refused(
    name: str, installation: Standing
) -> None:
    connector = await drafted(installation)
    path = f"/v1/connectors/{connector}/secrets"

    refused = await installation.caller.problem(path, {"secrets": [{"name": name, "value": "v"}]})

    assert refused["code"] == "request_invalid"
    assert refused["place"] == "/secrets/0"
    assert not (await installation.caller.get(path))["items"]


async def test_two_spellings_of_one_name_are_one_name(installation: Standing) -> None:
    connector = await drafted(installation)
    await entered(installation.caller, connector, "cl\u00e9")

    refused = await installation.caller.problem(
        f"/v1/connectors/{connector}/secrets", {"secrets": [{"name": "cle\u0301", "value": "v"}]}
    )

    assert refused["code"] == "name_taken"


@pytest.mark.parametrize(
    "origin",
    ["*", "https://*.com", "https://{}.com", "https://a.example.com/x", "https://u@a.com", "a.com"],
)
async def test_an_origin_that_says_too_little_is_not_confirmed(
    origin: str, installation: Standing
) -> None:
    connector = await drafted(installation)
    stored = await entered(installation.caller, connector, "clientSecret")
    path = f"/v1/connectors/{connector}/secrets"

    refused = await installation.caller.problem(
        f"{path}/{stored['clientSecret']['id']}/confirm", {"origins": [origin]}
    )

    assert refused["place"] == "/origins"
    [secret] = (await installation.caller.get(path))["items"]
    assert secret["origins"] == [ISSUER]


async def test_a_secret_of_a_templated_host_goes_wherever_its_pattern_leads(
    installation: Standing,
) -> None:
    text = definition(
        ISSUER, tokenURL="https://{{authFields.shop}}.shops.example.com/token", revocationURL=None
    )
    text["requiredSettings"]["authFields"] = [{"key": "shop", "required": True}]
    made = await installation.caller.post("/v1/connectors", {"definition": text})

    stored = await entered(installation.caller, made["id"], "clientSecret")

    assert stored["clientSecret"]["origins"] == ["https://{}.shops.example.com"]


@pytest.mark.row("T-35")
async def test_a_connector_made_anew_under_the_same_name_inherits_nothing(
    installation: Standing,
) -> None:
    old = await installation.connector()
    await installation.caller.ask("DELETE", f"/v1/connectors/{old}?force=true")

    new = await drafted(installation)
    path = f"/v1/connectors/{new}"
    shown = await installation.caller.get(path)
    lists = [
        await installation.caller.get(f"{path}/{kind}")
        for kind in ("secrets", "connections", "authorizations", "revisions")
    ]

    assert new != old
    assert old not in shown["callback_url"]
    assert [each["items"] for each in lists] == [[], [], [], []]
    assert shown["secrets"]["missing"] == ["clientID", "clientSecret"]
    gone = await installation.caller.ask("GET", f"/v1/connectors/{old}/secrets")
    assert gone.status_code == 404


@pytest.mark.row("T-34")
async def test_what_can_be_taken_from_a_connector_makes_another_that_cannot_sign_in(
    installation: Standing,
) -> None:
    connector = await installation.connector()
    path = f"/v1/connectors/{connector}"
    exported = [
        (await installation.caller.get(f"{path}/draft"))["text"],
        (await installation.caller.get(f"{path}/revisions/1"))["text"],
    ]

    for text in exported:
        made = await installation.caller.post(
            "/v1/connectors", {"definition": text, "publish": True}
        )
        refused = await installation.caller.problem(
            f"/v1/connectors/{made['id']}/authorizations", {"return_to": None}
        )

        assert "the-secret" not in text
        assert "the-client" not in text
        assert made["secrets"]["missing"] == ["clientID", "clientSecret"]
        assert refused["code"] == "secret_missing"


async def test_several_secrets_are_stored_all_or_none(installation: Standing) -> None:
    connector = await drafted(installation)
    await entered(installation.caller, connector, "clientID")
    path = f"/v1/connectors/{connector}/secrets"

    refused = await installation.caller.problem(
        path,
        {"secrets": [{"name": "new", "value": "v"}, {"name": "clientID", "value": "another"}]},
    )

    assert refused["code"] == "name_taken"
    assert [each["name"] for each in (await installation.caller.get(path))["items"]] == ["clientID"]


async def test_a_secret_moved_into_client_id_reaches_no_api_by_that_name_either(
    installation: Standing,
) -> None:
    changes = {"grant": "client_credentials", "authorizationURL": None}
    text = definition(ISSUER, **changes)
    made = await installation.caller.post("/v1/connectors", {"definition": text, "publish": True})
    await entered(installation.caller, made["id"], "clientID", "clientSecret")
    installation.grants()
    connection = await installation.caller.post(f"/v1/connectors/{made['id']}/connections")
    moved = definition(ISSUER, **changes, clientID="{{clientSecret}}", clientSecret=None)
    moved["auth_request"] = {"type": "oauth2", "headers": {"X-Client": "{{oauth.client_id}}"}}
    path = f"/v1/connectors/{made['id']}"
    await installation.caller.client.put(
        f"{path}/draft", json={"text": json.dumps(moved)}, headers={"If-Match": "*"}
    )
    await installation.caller.post(f"{path}/publish")
    before = len(installation.sender.requests)

    refused = await installation.caller.problem(
        f"/v1/connections/{connection['id']}/calls", {"action": "me.get"}
    )

    assert refused["code"] == "secret_destination_denied"
    assert len(installation.sender.requests) == before


async def keys_of(installation: Standing) -> SecretKeys:
    return installation.application.desks.secrets


async def recognised(installation: Standing) -> ServiceCaller:
    bearer = installation.caller.client.headers["authorization"]
    return await installation.application.desks.access.recognise(bearer.removeprefix("Bearer "))


async def test_destinations_left_to_the_draft_need_the_draft_that_was_seen(
    installation: Standing,
) -> None:
    connector = await drafted(installation)
    path, client = f"/v1/connectors/{connector}/secrets", installation.caller.client
    pair = {"name": "clientSecret", "value": "v"}

    blind = await client.post(path, json={"secrets": [pair]})
    said = await client.post(path, json={"secrets": [pair | {"origins": [ISSUER]}]})

    assert (blind.status_code, blind.json()["code"]) == (428, "precondition_required")
    assert said.is_success


@pytest.mark.row("T-30")
async def test_an_editor_who_changes_token_url_just_before_catches_no_secret(
    installation: Standing,
) -> None:
    connector = await drafted(installation)
    seen = await installation.caller.get(f"/v1/connectors/{connector}")
    await redrafted(installation, connector, tokenURL="https://evil.example.com/token")

    refused = await installation.caller.client.post(
        f"/v1/connectors/{connector}/secrets",
        json={"secrets": [{"name": "clientSecret", "value": "v"}]},
        headers={"If-Match": f'"{seen["draft_version"]}"'},
    )

    assert seen["secrets"]["origins"] == [ISSUER]
    assert seen["secrets"]["browser"] == ["clientID"]
    assert (refused.status_code, refused.json()["code"]) == (412, "version_conflict")
    assert not (await installation.caller.get(f"/v1/connectors/{connector}/secrets"))["items"]


async def test_a_draft_with_faults_elsewhere_still_says_where_secrets_go(
    installation: Standing,
) -> None:
    text = json.dumps(definition(ISSUER)).replace('"schema": "1.0"', '"schema": 7')
    made = await installation.caller.post("/v1/connectors", {"definition": text})

    stored = await entered(installation.caller, made["id"], "clientSecret")

    assert made["secrets"]["origins"] == [ISSUER]
    assert made["secrets"]["missing"] == ["clientID", "clientSecret"]
    assert stored["clientSecret"]["origins"] == [ISSUER]


async def test_staged_changes_are_saved_together_and_recorded(installation: Standing) -> None:
    connector = await drafted(installation)
    stored = await entered(installation.caller, connector, "clientID", "clientSecret")
    keys, caller = await keys_of(installation), await recognised(installation)

    rows = await keys.change(
        caller,
        connector,
        EnteredChanges(
            added=(NewSecret("clientSecret", Secret("new"), ("https://new.example.com",)),),
            confirmed=(ConfirmedRow(stored["clientID"]["id"], ("https://new.example.com",)),),
            deleted=(stored["clientSecret"]["id"],),
        ),
        version=1,
    )

    assert [(row.name, row.origins) for row in rows] == [
        ("clientID", ("https://new.example.com",)),
        ("clientSecret", ("https://new.example.com",)),
    ]
    assert rows[1].id != stored["clientSecret"]["id"]
    assert [each.subject for each in await installation.events("secret_deleted")] == [
        stored["clientSecret"]["id"]
    ]
    [confirmed] = await installation.events("secret_confirmed")
    assert confirmed.message == "https://new.example.com"


async def test_second_of_two_who_save_at_once_changes_nothing_and_is_told(
    installation: Standing,
) -> None:
    connector = await drafted(installation)
    stored = await entered(installation.caller, connector, "clientID")
    keys, caller = await keys_of(installation), await recognised(installation)
    first = EnteredChanges(
        added=(NewSecret("clientSecret", Secret("first"), (ISSUER,)),),
        deleted=(stored["clientID"]["id"],),
    )
    await keys.change(caller, connector, first, version=1)

    with pytest.raises(NameTaken) as taken:
        await keys.change(caller, connector, replace(first, deleted=()), version=1)
    with pytest.raises(Conflict):
        await keys.change(caller, connector, replace(first, added=()), version=1)

    assert taken.value.details == {"names": ["clientSecret"]}
    [row] = await keys.list(caller, connector)
    opened = await keys.open(caller.workspace, connector, frozenset({"clientSecret"}))
    assert row.name == "clientSecret"
    assert opened["clientSecret"].value == Secret("first")
