"""The canary sweep over a server process and the command line, as a person uses them."""

import json
import socket
from contextlib import closing
from pathlib import Path

import pytest
from tests.canary.allowed import judge, rules
from tests.canary.authority import Authority, definition, start_authority
from tests.canary.keys import note_keys, note_sealed
from tests.canary.ledger import Ledger
from tests.canary.places import files
from tests.canary.recording import Recorder
from tests.canary.served import Shell, home_in
from tests.canary.sweep import Left, sweep

from connectsmith.places import places
from connectsmith.sdk.profile import read_profile
from connectsmith.settings import Settings

NOWHERE = "no-browser-stops-here:"


def test_nothing_that_the_server_and_the_command_line_leave_holds_a_canary(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ledger, given = Ledger(), tmp_path_factory.mktemp("given")
    with start_authority(ledger) as (authority, stranger):
        shell = home_in(
            tmp_path,
            CONNECTSMITH_ALLOW_PRIVATE=f"127.0.0.1:{authority.server.port}",
            CONNECTSMITH_PORT=str(_free_port()),
        )
        server = shell.serve()
        browser = Recorder(f"http://127.0.0.1:{shell.environment['CONNECTSMITH_PORT']}", ledger, "")
        _use(shell, authority, browser, ledger, given)
        left = [*server.seen(), *files(tmp_path)]
        server.fill_disk()
        shell.run("secret", "add", "Canary", "late", "--stdin", types=ledger.make("late secret"))
        left += server.end()
        browser.close()
    _set_up_wrongly(shell, ledger)
    _note_installation(shell, ledger)

    left += [*shell.left, *browser.left, *files(tmp_path)]
    verdict = judge("served", sweep(ledger.canaries, left), rules())

    assert not verdict.leaks, "\n" + "\n".join(verdict.leaks)
    assert not verdict.stale, "\n" + "\n".join(verdict.stale)
    assert stranger.connections == 0
    assert "[masked:" in _printed(left, "stdout of call")
    assert "storage" in _printed(left, "stderr of secret add")


def test_the_demo_prints_and_leaves_none_of_what_it_stored(tmp_path: Path) -> None:
    ledger = Ledger()
    shell = home_in(
        tmp_path,
        CONNECTSMITH_PORT=str(_free_port()),
        CONNECTSMITH_SANDBOX_PORT=str(_free_port()),
    )
    told = shell.run("demo", "--leave")
    note_sealed(_note_installation(shell, ledger), ledger)

    verdict = judge("demo", sweep(ledger.canaries, [*shell.left, *files(tmp_path)]), rules())

    assert "refresh" in told.lower(), told
    assert ledger.kinds() >= {"access token", "refresh token", "api token", "root key", "ring key"}
    assert not verdict.leaks, "\n" + "\n".join(verdict.leaks)
    assert not verdict.stale, "\n" + "\n".join(verdict.stale)


def _printed(left: list[Left], place: str) -> str:
    return "".join(each.content.decode() for each in left if each.place == place)


def _use(  # noqa: PLR0917 - everybody there is
    shell: Shell, authority: Authority, browser: Recorder, ledger: Ledger, given: Path
) -> None:
    """Make, connect, call, renew, and let each fail once."""
    _prepare(shell, authority, ledger, given)
    owner = given / "owner"
    owner.write_text(ledger.make("owner's field", awkward=True))
    flags = ("Canary", "--field-file", f"owner={owner}", "--yes", "--no-open", "--json")
    for mode in ("denied", "good"):
        authority.mode = mode
        with shell.connecting(*flags) as link:
            browser.browse(link, stop_at=NOWHERE)
    listed = json.loads(shell.run("connection", "list", "Canary", "--json"))
    connection = (listed if isinstance(listed, list) else listed["items"])[0]["id"]
    for action in ("echo", "page", "expired", "moved"):
        shell.run("call", connection, f"try.{action}", "--verbose")
    shell.run("call", connection, "try.binary", "--output", str(shell.home / "temp" / "body"))
    shell.run("connection", "refresh", connection)
    authority.mode = "token error"
    shell.run("connection", "refresh", connection, "--json")
    authority.mode = "good"
    made = shell.run("token", "create", "another")
    ledger.note("issued api token", made.strip())
    shell.run("login", "--stdin", browser.address, types=ledger.make("wrong token"))
    shell.run("connection", "delete", connection, "--yes")


def _prepare(shell: Shell, authority: Authority, ledger: Ledger, given: Path) -> None:
    defined = given / "canary.json"
    defined.write_text(json.dumps(definition(authority.origin)))
    shell.run("connector", "create", str(defined), "--publish")
    secret = given / "secret"
    secret.write_text(ledger.make("client secret", awkward=True))
    shell.run("secret", "add", "Canary", "clientSecret", "--file", str(secret))
    shell.run("secret", "add", "Canary", "clientID", "--stdin", types=ledger.make("client id"))
    extra = ledger.make("extra secret")
    shell.run_on_terminal("secret", "add", "Canary", "extra", types=extra)
    literal = json.dumps(
        definition(authority.origin, clientSecret=ledger.make("secret in a definition"))
        | {"name": "Canary faulty"}
    )
    faulty = given / "faulty.json"
    faulty.write_text(literal)
    shell.run("validate", str(faulty))
    shell.run("connector", "create", "-", "--publish", types=literal[:-1])


def _set_up_wrongly(shell: Shell, ledger: Ledger) -> None:
    """Name databases that cannot be: the password is in their URL."""
    password = ledger.make("database password")
    for url in (
        f"postgresql://canary:{password}@127.0.0.1:1/it",
        f"postgresql://canary:{password}%zz@127.0.0.1:1/it",
        f"postgresql://canary:{password}@127.0.0.1:1/it?{password}=1",
        f"mysql://canary:{password}@127.0.0.1:1/it",
    ):
        shell.run("doctor", CONNECTSMITH_DATABASE=url)
    shell.run("serve", CONNECTSMITH_DATABASE=url)
    shell.run("settings", CONNECTSMITH_DATABASE=url.replace("mysql", "postgresql"))


def _note_installation(shell: Shell, ledger: Ledger) -> Settings:
    found = places({}, platform="linux", home=shell.home)
    settings = Settings(data_dir=found.data_dir, key_file=found.key_file)
    note_keys(settings, ledger)
    ledger.note("api token", read_profile(found.profile_file).token or "")
    return settings


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])
