import webbrowser
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from tests.cli.conftest import CONNECTION, CONNECTOR, Asked, Ended, Run, ScriptedApi

from connectsmith.cli.main import run
from connectsmith.cli.surroundings import Surroundings
from connectsmith.sdk import Profile, write_profile

START = "/v1/connectors/con_1/authorizations"
COMPLETE = "/v1/authorizations/aut_1/complete"
KEEP = "/v1/authorizations/aut_1/keep"
MAKE = "/v1/connectors/con_1/connections"
CANARY = "canary-91bd"

OAUTH = """{"schema": "1.0", "name": "Weather",
 "auth_components": {"type": "oauth2", "authorizationURL": "https://auth.example.com/a",
  "tokenURL": "https://auth.example.com/t", "scope": "read",
  "clientID": "{{clientID}}", "clientSecret": "{{clientSecret}}"},
 "requiredSettings": {"authFields": []}, "endpoints": {}, "actions": []}"""
KEYED = """{"schema": "1.0", "name": "Weather", "auth_components": {"type": "none"},
 "requiredSettings": {"authFields": [
  {"key": "apiKey", "label": "API key", "masked": true}, {"key": "city", "label": "City"}]},
 "auth_request": {"type": "header", "name": "X-Key", "value": "{{authFields.apiKey}}"},
 "endpoints": {}, "actions": []}"""


def publish(api: ScriptedApi, text: str) -> None:
    revision = {
        "number": 1, "published_at": "2026-11-23T18:00:00Z", "published_by": "ope_1", "text": text,
    }  # fmt: skip
    api.on("GET", "/v1/connectors/con_1", CONNECTOR)
    api.on("GET", "/v1/connectors/con_1/revisions/1", revision)
    unconfirmed = {**CONNECTION, "status": "unconfirmed"}
    completed = {"id": "aut_1", "status": "completed", "connection": unconfirmed}
    api.on("POST", COMPLETE, completed)
    api.on("POST", KEEP, CONNECTION)
    api.on("POST", MAKE, CONNECTION, status=201)


def started(_: Asked) -> dict[str, object]:
    return {
        "id": "aut_1", "status": "created", "start_url": "http://127.0.0.1:8400/oauth/start/x",
        "expires_at": "2099-01-01T00:00:00Z",
    }  # fmt: skip


def started_and_answered(asked: Asked, brought: str = f"completion={CANARY}") -> dict[str, object]:
    """Play the browser: come back to wherever the command line said."""
    assert isinstance(asked.body, dict)
    Thread(target=come_back, args=(asked.body["return_to"], brought), daemon=True).start()
    return started(asked)


def come_back(return_to: str, brought: str) -> None:
    parts = urlsplit(return_to)
    browser = HTTPConnection(parts.hostname or "", parts.port or 0, timeout=10)
    browser.request("GET", f"{parts.path}?authorization=aut_1&{brought}")
    browser.getresponse().read()
    browser.close()


def test_a_connection_is_completed_with_what_the_browser_brought_and_kept(
    api: ScriptedApi, run_at: Run
) -> None:
    publish(api, OAUTH)
    api.on("POST", START, started_and_answered, status=201)

    ended = run_at("connect", "con_1", "--yes")

    assert ended.code == 0
    assert api.bodies("POST", COMPLETE) == [{"completion": CANARY}]
    assert len(api.bodies("POST", KEEP)) == 1
    assert "http://127.0.0.1:8400/oauth/start/x" in ended.err
    assert "ada@example.com" in ended.err
    assert CANARY not in ended.out + ended.err


def test_without_a_yes_and_nobody_to_ask_nothing_is_started(api: ScriptedApi, run_at: Run) -> None:
    publish(api, OAUTH)

    ended = run_at("connect", "con_1")

    assert ended.code == 64
    assert api.asked == []


class Asking:
    """Somebody sits at the terminal and types what the test says."""

    def __init__(
        self, api: ScriptedApi, surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self._surroundings = replace(surroundings, somebody=True)
        self._monkeypatch = monkeypatch
        write_profile(surroundings.profile_file, Profile(api.address, "cst_canary"))

    def run(self, *arguments: str, typed: str) -> int:
        import io  # noqa: PLC0415
        import sys  # noqa: PLC0415

        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        return run(arguments, self._surroundings)


@pytest.fixture
def asking(api: ScriptedApi, surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch) -> Asking:
    return Asking(api, surroundings, monkeypatch)


def test_without_a_listener_the_eight_characters_are_typed(
    api: ScriptedApi, asking: Asking
) -> None:
    publish(api, OAUTH)
    api.on("POST", START, started, status=201)

    code = asking.run("connect", "con_1", "--no-listener", typed="ABCD1234\ny\n")

    assert code == 0
    assert api.bodies("POST", START)[0]["return_to"] is None  # type: ignore[index]  # JSON
    assert api.bodies("POST", COMPLETE) == [{"completion": "ABCD1234"}]


def test_a_connection_that_is_not_wanted_is_not_kept(
    api: ScriptedApi, asking: Asking, capfd: pytest.CaptureFixture[str]
) -> None:
    publish(api, OAUTH)
    api.on("POST", START, started, status=201)

    code = asking.run("connect", "con_1", "--no-listener", typed="ABCD1234\nn\n")

    assert code == 0
    assert api.bodies("POST", KEEP) == []
    assert "Not kept" in capfd.readouterr().out


def test_a_masked_field_is_no_argument(api: ScriptedApi, run_at: Run) -> None:
    publish(api, KEYED)

    ended = run_at("connect", "con_1", "--yes", "--field", f"apiKey={CANARY}")

    assert ended.code == 64
    assert "--field-file apiKey=FILE" in ended.err
    assert CANARY not in ended.out + ended.err
    assert api.bodies("POST", MAKE) == []


def test_an_api_key_comes_from_a_file_and_needs_no_browser(
    api: ScriptedApi, run_at: Run, tmp_path: Path
) -> None:
    publish(api, KEYED)
    file = tmp_path / "key"
    file.write_text(f"{CANARY}\n")

    ended = run_at(
        "connect", "con_1", "--yes", "--field", "city=Oslo", "--field-file", f"apiKey={file}"
    )

    assert ended.code == 0
    assert api.bodies("POST", MAKE) == [
        {"fields": {"city": "Oslo", "apiKey": CANARY}, "test": False}
    ]
    assert CANARY not in ended.out + ended.err


def test_a_field_that_nobody_asked_for_is_refused_with_those_there_are(
    api: ScriptedApi, run_at: Run
) -> None:
    publish(api, KEYED)

    ended = run_at("connect", "con_1", "--yes", "--field", "town=Oslo")

    assert ended.code == 64
    assert "apiKey, city" in ended.err


def test_an_unpublished_connector_is_connected_only_for_a_test(
    api: ScriptedApi, run_at: Run
) -> None:
    api.on("GET", "/v1/connectors/con_1", {**CONNECTOR, "published": None})

    ended: Ended = run_at("connect", "con_1", "--yes")

    assert ended.code == 2
    assert "--test" in ended.err


def test_a_no_is_told_as_the_server_keeps_it(api: ScriptedApi, run_at: Run) -> None:
    publish(api, OAUTH)
    api.on("POST", START, lambda asked: started_and_answered(asked, "error=consent_denied"))
    kept = {"code": "consent_denied", "message": "Ada said no (access_denied)."}
    failed = {
        "id": "aut_1", "connector": "con_1", "status": "failed",
        "expires_at": "2099-01-01T00:00:00Z", "error": kept,
    }  # fmt: skip
    api.on("GET", "/v1/authorizations/aut_1", failed)

    ended = run_at("connect", "con_1", "--yes")

    assert ended.code == 3
    assert "consent_denied: Ada said no (access_denied).\n" in ended.err


def test_mistyped_characters_are_asked_for_again(
    api: ScriptedApi, asking: Asking, capfd: pytest.CaptureFixture[str]
) -> None:
    publish(api, OAUTH)
    api.on("POST", START, started, status=201)
    waiting = {
        "id": "aut_1", "connector": "con_1", "status": "returned",
        "expires_at": "2099-01-01T00:00:00Z",
    }  # fmt: skip
    api.on("GET", "/v1/authorizations/aut_1", waiting)
    refused = {"code": "completion_refused", "fault": "caller", "detail": "4 attempts left."}
    completed = {"id": "aut_1", "status": "completed", "connection": CONNECTION}
    answers = iter([(409, refused), (200, completed)])
    api.on_each("POST", COMPLETE, answers)

    code = asking.run("connect", "con_1", "--no-listener", typed="WRONG\nABCD1234\ny\n")

    assert code == 0
    assert len(api.bodies("POST", COMPLETE)) == 2
    assert "4 attempts left." in capfd.readouterr().err


def test_a_renewal_by_somebody_else_is_said_before_it_is_kept(
    api: ScriptedApi, run_at: Run
) -> None:
    publish(api, OAUTH)
    api.on("POST", START, started_and_answered, status=201)
    before = {**CONNECTION, "account": {"id": "8", "label": "bram@example.com"}}
    api.on("GET", "/v1/connections/cnn_1", before)

    ended = run_at("connect", "con_1", "--connection", "cnn_1", "--yes")

    assert ended.code == 0
    assert "Until now the connection was that of: bram@example.com" in ended.err


DEVICE = OAUTH.replace(
    '"authorizationURL": "https://auth.example.com/a"',
    '"grant": "device_code", "deviceAuthorizationURL": "https://auth.example.com/d"',
)


def waiting_for_a_code(api: ScriptedApi) -> None:
    publish(api, DEVICE)
    device = {
        "user_code": "WDJB-MJHT",
        "verification_uri": "https://auth.example.com/device",
        "complete": "https://auth.example.com/device?user_code=WDJB-MJHT",
    }
    begun = {"id": "aut_1", "status": "polling", "start_url": None, "device": device}
    api.on("POST", START, {**begun, "expires_at": "2099-01-01T00:00:00Z"}, status=201)
    done = {
        "id": "aut_1", "connector": "con_1", "status": "completed", "connection": "cnn_1",
        "expires_at": "2099-01-01T00:00:00Z",
    }  # fmt: skip
    api.on("GET", "/v1/authorizations/aut_1", done)
    api.on("GET", "/v1/connections/cnn_1", {**CONNECTION, "status": "unconfirmed"})


@pytest.mark.row("C-46")
def test_device_code_and_address_are_shown_and_nothing_is_opened_unasked(
    api: ScriptedApi, run_at: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    waiting_for_a_code(api)

    ended = run_at("connect", "con_1", "--yes")
    asked_to = run_at("connect", "con_1", "--yes", "--open")

    assert (ended.code, asked_to.code) == (0, 0), ended.err
    assert "WDJB-MJHT" in ended.err
    assert "https://auth.example.com/device\n" in ended.err
    assert opened == ["https://auth.example.com/device"]
    assert api.asked[-1].path == KEEP


NEEDED = {
    "code": "choice_needed", "fault": "caller", "detail": "Choose one (1: Berlin, 2: Vienna).",
    "choices": [{"id": "1", "label": "Berlin"}, {"id": "2", "label": "Vienna"}],
}  # fmt: skip
ROOMS = {**NEEDED, "choices": [{"id": "1", "label": "Attic"}, {"id": "2", "label": "Cellar"}]}


@pytest.mark.row("C-46")
def test_what_a_device_code_leaves_to_choose_is_asked_for_by_number(
    api: ScriptedApi, asking: Asking, capfd: pytest.CaptureFixture[str]
) -> None:
    waiting_for_a_code(api)
    api.on_each("POST", KEEP, iter([(409, NEEDED)]))

    code = asking.run("connect", "con_1", typed="y\n2\n")

    assert code == 0
    assert api.bodies("POST", KEEP) == [{}, {"choice": "2"}]
    assert "1  Berlin" in capfd.readouterr().err


def test_what_is_not_there_is_asked_for_again(api: ScriptedApi, asking: Asking) -> None:
    waiting_for_a_code(api)
    api.on_each("POST", KEEP, iter([(409, NEEDED), (409, NEEDED)]))

    code = asking.run("connect", "con_1", typed="y\nParis\n1\n")

    assert code == 0
    assert api.bodies("POST", KEEP) == [{}, {"choice": "Paris"}, {"choice": "1"}]


@pytest.mark.parametrize("definition", [OAUTH, DEVICE])
def test_scripts_choose_beforehand_from_one_list_after_the_other(
    api: ScriptedApi, run_at: Run, definition: str
) -> None:
    waiting_for_a_code(api)
    publish(api, definition)
    if definition == OAUTH:
        api.on("POST", START, started_and_answered, status=201)
    api.on_each("POST", KEEP, iter([(409, ROOMS)]))

    ended = run_at("connect", "con_1", "--yes", "--choose", "Vienna", "--choose", "Attic")

    assert ended.code == 0
    assert api.bodies("POST", KEEP) == [{"choice": "Vienna"}, {"choice": "Attic"}]


def test_scripts_that_chose_nothing_are_told_what_there_is(api: ScriptedApi, run_at: Run) -> None:
    waiting_for_a_code(api)
    api.on("POST", KEEP, NEEDED, status=409)

    ended = run_at("connect", "con_1", "--yes")

    assert ended.code != 0
    assert "1: Berlin, 2: Vienna" in ended.err
    assert len(api.bodies("POST", KEEP)) == 1
