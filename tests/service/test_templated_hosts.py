"""Hosts that an owner's values, or a service's answers, complete: how far each credential goes."""

from typing import Any
from urllib.parse import urlsplit

from tests.journeys.calendar import definition
from tests.service.standing import TOKENS, Standing, answered

from connectsmith.core.message import HttpRequest, HttpResponse


async def published(installation: Standing, base: str, token_url: str, **more: Any) -> str:
    """Publish a connector that signs in by itself; return its id."""
    text = definition(
        "https://auth.example.com",
        grant="client_credentials",
        authorizationURL=None,
        revocationURL=None,
        tokenURL=token_url,
        **more.pop("auth", {}),
    )
    for paths in text["endpoints"].values():
        for each in paths.values():
            each["url"] = base
    del text["auth_test"]
    text |= more
    made = await installation.caller.post("/v1/connectors", {"definition": text, "publish": True})
    pairs = [{"name": name, "value": "v"} for name in ("clientID", "clientSecret")]
    await installation.caller.post(f"/v1/connectors/{made['id']}/secrets", {"secrets": pairs})
    connector: str = made["id"]
    return connector


def fields(**choices: Any) -> dict[str, Any]:
    """Return required fields, with choices where there are any."""
    return {
        "authFields": [
            {"key": key, "required": True} | ({"choices": each} if each else {})
            for key, each in choices.items()
        ]
    }


def hosts(installation: Standing) -> list[str]:
    """Return the hosts that were sent something, in order."""
    return [urlsplit(each.url).netloc for each in installation.sender.requests]


def serving(instance: str | None = None) -> Any:
    """Answer as an honest service; a token answer names the instance."""

    def answer(request: HttpRequest) -> HttpResponse:
        if urlsplit(request.url).path == "/token":
            return answered(TOKENS if instance is None else {**TOKENS, "instance": instance})
        return answered({"id": "ada"})

    return answer


async def test_a_label_of_a_host_is_the_owners_and_the_rest_the_authors(
    installation: Standing,
) -> None:
    base = "https://{{authFields.shop}}.shops.example.com"
    connector = await published(
        installation, base, f"{base}/token", requiredSettings=fields(shop=None)
    )
    installation.sender.reply(*[serving()] * 10)
    path = f"/v1/connectors/{connector}/connections"

    refused = [
        (await installation.caller.problem(path, {"fields": {"shop": shop}}))["code"]
        for shop in ("evil.com/", "a.b", "a#", "a@evil.com", "-", "")
    ]
    made = await installation.caller.post(path, {"fields": {"shop": "one"}})
    called = await installation.caller.post(
        f"/v1/connections/{made['id']}/calls", {"action": "me.get"}
    )

    assert set(refused) == {"field_invalid"}
    assert called["ok"]
    assert hosts(installation) == ["one.shops.example.com"] * 2


async def test_choices_are_the_only_hosts_there_are(installation: Standing) -> None:
    base = "https://api.example.{{authFields.region}}"
    regions = {"com": "Everywhere", "com.au": "Australia"}
    connector = await published(
        installation, base, f"{base}/token", requiredSettings=fields(region=regions)
    )
    installation.sender.reply(*[serving()] * 10)
    path = f"/v1/connectors/{connector}"

    refused = await installation.caller.problem(
        f"{path}/connections", {"fields": {"region": "com.evil.com"}}
    )
    made = await installation.caller.post(f"{path}/connections", {"fields": {"region": "com.au"}})
    secrets = await installation.caller.get(f"{path}/secrets")

    assert refused["code"] == "field_invalid"
    assert made["status"] == "active"
    assert secrets["items"][0]["origins"] == [
        "https://api.example.com",
        "https://api.example.com.au",
    ]
    assert hosts(installation) == ["api.example.com.au"]


async def test_an_instance_that_a_service_names_stays_within_the_allowed_hosts(
    installation: Standing,
) -> None:
    connector = await published(
        installation,
        "{{connection.instance}}",
        "https://auth.example.com/token",
        allowedHosts=["*.example.com"],
        auth={"capture": {"token": {"instance": "/instance"}}},
    )
    inside, outside = serving("https://na1.example.com"), serving("https://evil.example.net")
    installation.sender.reply(inside, inside, outside)

    made = await installation.caller.post(f"/v1/connectors/{connector}/connections")
    path = f"/v1/connections/{made['id']}"
    called = await installation.caller.post(f"{path}/calls", {"action": "me.get"})
    await installation.caller.post(f"{path}/refresh")
    moved = await installation.caller.problem(f"{path}/calls", {"action": "me.get"})

    assert called["ok"]
    assert moved["code"] == "field_invalid"
    assert "evil.example.net" not in hosts(installation)


async def test_where_any_host_is_allowed_a_connection_stays_at_the_one_it_was_made_for(
    installation: Standing,
) -> None:
    connector = await published(
        installation,
        "{{connection.instance}}",
        "https://auth.example.com/token",
        allowedHosts=["*"],
        auth={"capture": {"token": {"instance": "/instance"}}},
    )
    first, later = serving("https://one.example.net"), serving("https://evil.example.org")
    installation.sender.reply(first, first, later, later)

    made = await installation.caller.post(f"/v1/connectors/{connector}/connections")
    path = f"/v1/connections/{made['id']}"
    called = await installation.caller.post(f"{path}/calls", {"action": "me.get"})
    await installation.caller.post(f"{path}/refresh")
    moved = await installation.caller.problem(f"{path}/calls", {"action": "me.get"})
    await installation.caller.post(f"{path}/confirm", {"api": ["https://evil.example.org"]})
    after = await installation.caller.post(f"{path}/calls", {"action": "me.get"})

    assert made["origins"]["api"] == ["https://one.example.net"]
    assert called["ok"]
    assert moved["code"] == "secret_destination_denied"
    assert after["ok"]
