"""The editor's page and what its script asks, without a browser."""

import json
import re
from typing import Any

import httpx
import pytest
from tests.journeys.calendar import definition
from tests.service.standing import ISSUER, Standing, standing
from tests.storage.rows import connection
from tests.web.operator import SAME_SITE, OperatorBrowser, signed_in, stranger

from connectsmith.core.definition.reading import read
from connectsmith.service.connectors import diagnostic_json

CANARY = "canary-81ab"
CHALLENGE = "c" * 43


async def made(installation: Standing, text: str | None = None) -> str:
    """Make a connector; return the path of its pages."""
    body = {"definition": json.dumps(definition(ISSUER)) if text is None else text}
    connector = (await installation.caller.post("/v1/connectors", body))["id"]
    return f"/connectors/{connector}"


async def ask(browser: OperatorBrowser, path: str, body: object, **headers: str) -> httpx.Response:
    """Ask as the page's script does."""
    sent = {"X-Connectsmith-Form": await browser.proof(), **SAME_SITE, **headers}
    return await browser.client.post(path, json=body, headers=sent)


def state_of(page: httpx.Response) -> dict[str, Any]:
    """Return what a page hands its script."""
    found = re.search(r'<script type="application/json" id="opened">(.*?)</script>', page.text)
    assert found is not None
    state: dict[str, Any] = json.loads(found[1])
    return state


async def test_the_page_holds_the_draft_and_lets_only_its_own_script_add_styles(
    installation: Standing,
) -> None:
    evil = '</script><script>alert(1)</script>{"name": "<b>"}'
    path = await made(installation, evil)
    browser = await signed_in(installation)

    page, again = await browser.get(path), await browser.get(path)

    assert state_of(page)["text"] == evil
    assert page.text.count("<script") == 3
    policies = [each.headers["content-security-policy"] for each in (page, again)]
    nonces = [re.findall(r"style-src 'self' 'nonce-([\w-]{20,})';", each) for each in policies]
    assert nonces[0] != nonces[1]
    assert f'data-nonce="{nonces[0][0]}"' in page.text
    public = installation.application.desks.rules.public_url
    assert f"connect-src 'self' {public};" in policies[0]
    assert "unsafe" not in policies[0]


async def test_a_text_is_read_by_the_code_that_validates_and_with_the_stored_secrets(
    installation: Standing,
) -> None:
    text = json.dumps(definition(ISSUER, clientSecret="{{other}}"))[:-1] + ', "endpoint": 1,}'
    path = await made(installation)
    pairs = [{"name": "clientID", "value": "v"}]
    await installation.caller.post(f"/v1{path}/secrets", {"secrets": pairs})

    looked = (await ask(await signed_in(installation), f"{path}/look", {"text": text})).json()

    expected = read(text, secret_names=frozenset({"clientID"})).diagnostics
    assert looked["problems"] == [diagnostic_json(each) for each in expected]
    assert [(each["name"], each["stored"]) for each in looked["secrets"]] == [
        ("clientID", True),
        ("other", False),
    ]
    assert looked["origins"] == [ISSUER]
    assert looked["version"] == 1


async def test_second_of_two_who_save_is_refused_with_the_version_that_is_there(
    installation: Standing,
) -> None:
    path, browser = await made(installation), await signed_in(installation)

    first = await ask(browser, f"{path}/draft", {"text": "first\r\n", "version": 1})
    second = await ask(browser, f"{path}/draft", {"text": "second", "version": 1})

    assert first.json()["version"] == 2
    assert (second.status_code, second.json()["code"]) == (409, "version_conflict")
    assert second.json()["details"] == {"version": 2}
    assert (await browser.get(f"{path}/draft")).json()["text"] == "first\r\n"


async def test_staged_secrets_are_stored_together_and_no_value_comes_back(
    installation: Standing,
) -> None:
    path, browser = await made(installation), await signed_in(installation)
    added = {"name": "clientSecret", "value": CANARY, "origins": [ISSUER], "browser": False}

    stored = await ask(browser, f"{path}/secrets", {"version": 1, "added": [added]})
    secret = stored.json()["secrets"][0]
    taken = await ask(browser, f"{path}/secrets", {"version": 1, "added": [added]})
    moved = await ask(browser, f"{path}/secrets", {"version": 2, "deleted": [secret["id"]]})
    elsewhere = [{"id": secret["id"], "origins": [], "seen": ["https://other.example.com"]}]
    unseen = await ask(browser, f"{path}/secrets", {"version": 1, "confirmed": elsewhere})

    assert secret["origins"] == [ISSUER]
    assert (taken.status_code, taken.json()["details"]) == (409, {"names": ["clientSecret"]})
    assert moved.json()["code"] == "version_conflict"
    assert unseen.json()["code"] == "conflict"
    listed = await browser.get(f"{path}/secrets")
    assert listed.json()["secrets"] == [secret]
    assert CANARY not in "".join(each.text for each in (stored, taken, moved, unseen, listed))


@pytest.mark.row("T-73")
async def test_a_script_elsewhere_changes_nothing(installation: Standing) -> None:
    path, browser = await made(installation), await signed_in(installation)
    body = {"text": "evil", "version": 1}
    proof = {"X-Connectsmith-Form": await browser.proof()}

    answers = [
        await ask(browser, f"{path}/draft", body, **{"Sec-Fetch-Site": "cross-site"}),
        await ask(browser, f"{path}/draft", body, Origin="https://evil.example.com"),
        await browser.client.post(f"{path}/draft", json=body, headers=SAME_SITE),
        await browser.client.post(f"{path}/draft", json=body, headers=SAME_SITE | {
            "X-Connectsmith-Form": "x" * 43
        }),
        await browser.client.post(f"{path}/draft", data={"text": "evil", "version": "1"},
                                  headers=SAME_SITE | proof),
    ]  # fmt: skip

    assert [each.status_code for each in answers] == [403, 403, 403, 403, 415]
    assert "evil" not in (await browser.get(f"{path}/draft")).json()["text"]


async def test_who_is_signed_out_is_told_in_json_and_led_back_from_the_page(
    installation: Standing,
) -> None:
    path, browser = await made(installation), stranger(installation)

    asked = await browser.client.post(f"{path}/look", json={"text": ""}, headers=SAME_SITE)
    page = await browser.get(path)

    assert (asked.status_code, asked.json()["code"]) == (401, "sign_in_required")
    assert page.headers["location"] == f"/sign-in?to={path.replace('/', '%2F')}"
    for part in ("/draft", "/secrets"):
        assert (await browser.get(path + part)).status_code == 401


@pytest.mark.parametrize(
    ("part", "body"),
    [
        ("look", []),
        ("look", {}),
        ("look", {"text": 7}),
        ("draft", {"text": "a", "version": "1"}),
        ("draft", {"text": "a", "version": True}),
        ("secrets", {"version": 1, "added": {}}),
        ("secrets", {"version": 1, "added": [7]}),
        ("secrets", {"version": 1, "deleted": [7]}),
        ("secrets", {"version": 1, "added": [{"name": "a"}]}),
        ("secrets", {"version": 1, "added": [{"name": "{}", "value": "v", "origins": []}]}),
        ("secrets", {"version": 1, "added": [{"name": "a", "value": "v", "origins": ["*"]}]}),
    ],
)
async def test_what_no_page_of_ours_sends_is_refused(
    installation: Standing, part: str, body: object
) -> None:
    path = await made(installation)

    refused = await ask(await signed_in(installation), f"{path}/{part}", body)

    assert (refused.status_code, refused.json()["message"] != "") == (400, True)


async def test_a_large_text_is_refused_before_it_is_saved(installation: Standing) -> None:
    path, browser = await made(installation), await signed_in(installation)

    refused = await ask(browser, f"{path}/draft", {"text": "x" * (1024 * 1024 + 1), "version": 1})

    assert refused.json()["code"] == "body_too_large"


async def test_the_saved_draft_is_exported_as_typed_under_a_plain_name(
    installation: Standing,
) -> None:
    text = '{"name": "../É \\"x\\"; y",}\r\n'
    path = await made(installation, text)
    named = await made(installation, '{"name": "Google Calendar: \\"Team\\""}')
    browser = await signed_in(installation)

    odd, good = [await browser.get(f"{each}/export") for each in (path, named)]

    assert odd.text == text
    assert odd.headers["content-disposition"] == 'attachment; filename="x-y.json"'
    assert good.headers["content-disposition"] == (
        'attachment; filename="google-calendar-team.json"'
    )


async def test_only_this_installation_answers_a_challenge_at_the_address_that_is_sent(
    installation: Standing,
) -> None:
    path, browser = await made(installation), await signed_in(installation)
    callback = state_of(await browser.get(path))["callback"]

    arrived = await stranger(installation).client.get(callback["arrival"])
    async with standing(public_url="https://elsewhere.example.com") as moved:
        connector = path.rpartition("/")[2]
        other = moved.application.desks.arrivals.answer(connector, CHALLENGE)
        mine = installation.application.desks.arrivals.answer(connector, CHALLENGE)

    assert callback["arrival"].startswith(callback["url"])
    assert arrived.json() == {"answer": callback["answer"]}
    assert arrived.headers["access-control-allow-origin"] == "*"
    assert other != mine


@pytest.mark.parametrize("challenge", ["", "short", "x" * 44, "%22" * 43])
async def test_a_challenge_of_another_form_is_not_answered(
    installation: Standing, challenge: str
) -> None:
    answer = await stranger(installation).client.get(
        f"/oauth/callback/con_a/arrival?challenge={challenge}"
    )

    assert (answer.status_code, answer.text) == (400, "")


async def test_connections_that_a_secret_renews_are_counted(installation: Standing) -> None:
    connector = await installation.connector()
    for identifier, test in (("cnn_a", False), ("cnn_b", False), ("cnn_c", True)):
        await installation.storage.connections.add(
            connection(identifier, connector=connector, test=test)
        )
    caller = await installation.application.desks.access.recognise(
        installation.caller.client.headers["authorization"].removeprefix("Bearer ")
    )

    ring = await installation.application.desks.editing.key_ring(caller, connector)

    assert ring.renewing == {"clientID": 3, "clientSecret": 3}


@pytest.mark.parametrize("page", ["format", "limitations"])
async def test_reference_pages_are_served_to_whoever_is_signed_in(
    installation: Standing, page: str
) -> None:
    browser = await signed_in(installation)

    answer = await browser.get(f"/reference/{page}")

    assert answer.status_code == 200
    assert 'href=""' not in answer.text
    assert (await stranger(installation).get(f"/reference/{page}")).status_code == 303
