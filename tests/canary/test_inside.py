"""The canary sweep over an installation in this process, where everything can be watched."""

import tempfile
from pathlib import Path

import pytest
from tests.canary.allowed import judge, rules
from tests.canary.authority import start_authority
from tests.canary.inside import installed
from tests.canary.keys import note_keys
from tests.canary.ledger import Ledger
from tests.canary.operator import Operator, unasked
from tests.canary.places import files, requested
from tests.canary.recording import all_logs
from tests.canary.sweep import Left, sweep
from tests.canary.walk import Walk


@pytest.mark.row("T-36", "T-38", "C-29")
def test_canaries_are_nowhere_but_where_the_law_allows(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    (tmp_path / "temp").mkdir()
    with all_logs() as logs, start_authority(ledger) as (authority, stranger):
        with installed(tmp_path, ledger, authority.server.port) as inside:
            walk = Walk(inside.api, authority, ledger)
            walk.prepare()
            connection = walk.succeed()
            Operator(inside, walk).work()
            walk.fail(connection)
            with logs.as_served():
                walk.break_things(inside, connection)
            early = list(files(tmp_path))
            walk.end(connection)
            operations = walk.operations()
        note_keys(inside.settings, ledger)
        sent = list(requested("authority", authority.server.received))
        sent += requested("stranger", stranger.received)
    printed = capfd.readouterr()
    left = [
        *inside.api.left, *sent, *early, *files(tmp_path), logs.left(),
        Left("stdout", printed.out.encode()), Left("stderr", printed.err.encode()),
    ]  # fmt: skip

    hits = sweep(ledger.canaries, left)

    verdict = judge("inside", hits, rules())
    assert not verdict.leaks, "\n" + "\n".join(verdict.leaks)
    assert not verdict.stale, "\n" + "\n".join(verdict.stale)
    assert stranger.connections == 0
    assert not operations - inside.api.operations, "operations that nobody asked"
    assert not unasked(inside.api.operations), "\n".join(sorted(unasked(inside.api.operations)))
