"""The sweep itself finds what is planted, wherever it is and however it is written."""

import base64
import html
import json
import logging
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import structlog
from tests.canary.allowed import Rule, judge, rules
from tests.canary.ledger import Canary, Ledger
from tests.canary.places import answered, files, process, requested
from tests.canary.recording import all_logs
from tests.canary.sweep import WORD, Hit, Left, sweep
from tests.servers.wire import Received

WRITERS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "url": lambda text: quote(text, safe=""),
    "url in lower case": lambda text: re.sub("%..", lambda it: it[0].lower(), quote(text, safe="")),
    "form": quote_plus,
    "json": json.dumps,
    "json in json": lambda text: json.dumps(json.dumps(text)),
    "json with escaped slashes": lambda text: json.dumps(text).replace("/", "\\/"),
    "html": html.escape,
    "hex": lambda text: text.encode().hex(),
    "upper case hex": lambda text: text.encode().hex().upper(),
    "repr": repr,
    "cut off": lambda text: text[:20] + "…",
    "without its start": lambda text: "…" + text[-20:],
}


def _base64(write: Callable[[bytes], bytes], before: bytes) -> Callable[[str], str]:
    return lambda text: write(before + text.encode()).decode()


for _before in (b"", b"1", b"12"):
    WRITERS[f"base64 after {len(_before)}"] = _base64(base64.b64encode, _before)
    WRITERS[f"base64url after {len(_before)}"] = _base64(base64.urlsafe_b64encode, _before)


def found(canary: Canary, left: list[Left]) -> set[str]:
    return {each.place for each in sweep([canary], left)}


def planted_everywhere(text: str, folder: Path) -> list[Left]:
    """Leave a text in every sink there is, by the sink's own means."""
    with all_logs() as logs:
        logging.getLogger("anybody").debug("it is %s", text)
        structlog.get_logger("ours").debug("it", value=text)
    (folder / "temp").mkdir()
    (folder / "temp" / "it").write_text(f"it is {text}!")
    with closing(sqlite3.connect(folder / "it.db")) as database:
        database.execute("PRAGMA journal_mode = WAL")
        for table, before in (("it", ""), ("long", "." * 9000)):  # halved by the end of a page
            database.execute(f"CREATE TABLE {table} (value TEXT)")
            database.execute(f"INSERT INTO {table} VALUES (?)", [before + text])  # noqa: S608 - ours
        database.commit()
        stored = list(files(folder))
    child = [sys.executable, "-c", "print('up', flush=True); input()", text]
    with subprocess.Popen(
        child, env={"IT": text}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        running.stdout.readline()
        seen = list(process("child", running.pid))
    head, raw = (("X-It", text),), [(b"X-It", text.encode())]
    return [
        logs.left(), *stored, *seen,
        *answered("GET", "/v1/calls/cal_x/transcript", 200, raw, text.encode()),
        *requested("authority", [Received("GET", f"/it?{text}", head, text.encode(), b"")]),
    ]  # fmt: skip


SINKS = frozenset({
    "log", "file temp/it", "file it.db-wal", "column it.value", "column long.value",
    "cmdline of child", "environ of child", "answer GET /v1/calls/cal_x/transcript: body",
    "answer GET /v1/calls/cal_x/transcript: x-it", "authority GET /it: target",
    "authority GET /it: x-it", "authority GET /it: body",
})  # fmt: skip


@pytest.mark.parametrize("writer", WRITERS)
def test_a_planted_value_is_found_in_every_sink(writer: str, tmp_path: Path) -> None:
    ledger = Ledger()
    text = ledger.make("secret", awkward=True)

    left = planted_everywhere(WRITERS[writer](text), tmp_path)

    assert found(ledger.canaries[0], left) >= SINKS
    assert not found(Canary("secret", b"another value entirely"), left)


@pytest.mark.parametrize("after", range(2 * WORD))
@pytest.mark.parametrize("length", [8, 2 * WORD - 2, 2 * WORD - 1, 60])
def test_a_value_is_found_wherever_it_begins_and_whatever_stands_beside_it(
    length: int, after: int
) -> None:
    value, other = os.urandom(length), os.urandom(length)

    left = [Left("end", bytes(after) + value), Left("middle", bytes(after) + value + b"!" * 40)]

    assert found(Canary("secret", value), left) == {"end", "middle"}
    assert {each.kind for each in sweep([Canary("a", value), Canary("b", other)], left)} == {"a"}


def test_log_lines_hold_structured_values_as_they_are_written() -> None:
    with all_logs() as logs:
        structlog.get_logger("ours").debug("it", value="canary-7f3a9c51")

    assert found(Canary("secret", b"canary-7f3a9c51"), [logs.left()]) == {"log"}


def test_printed_output_is_found(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(1, b"a canary-7f3a9c51")
    os.write(2, b"a canary-7f3a9c51")
    printed = capfd.readouterr()

    left = [Left("stdout", printed.out.encode()), Left("stderr", printed.err.encode())]

    assert found(Canary("secret", b"canary-7f3a9c51"), left) == {"stdout", "stderr"}


@pytest.mark.parametrize("write", [bytes.hex, base64.b64encode, base64.urlsafe_b64encode, repr])
def test_a_key_is_found_in_its_spellings(write: Callable[[bytes], str | bytes]) -> None:
    key = bytes(range(200, 232))
    written = write(key)

    left = [Left("log", written if isinstance(written, bytes) else written.encode())]

    assert found(Canary("root key", key), left) == {"log"}


def test_hits_outside_the_rules_are_leaks_and_rules_without_hits_are_stale() -> None:
    kinds, runs = frozenset({"code"}), frozenset({"inside"})
    rule = Rule(kinds, frozenset({"file a", "file b"}), runs, "because")

    verdict = judge("inside", {Hit("code", "file a", "hex"), Hit("code", "log", "url")}, [rule])

    assert verdict.leaks == ("code in log (url)",)
    assert verdict.stale == ("code in file b",)
    assert judge("served", {Hit("code", "file a", "hex")}, [rule]).leaks == (
        "code in file a (hex)",
    )


def test_every_rule_has_a_reason_and_names_no_place_twice() -> None:
    pairs = [
        (kind, place, run)
        for rule in rules()
        for kind in rule.kinds
        for place in rule.places
        for run in rule.runs
    ]

    assert all(len(rule.reason) > 30 for rule in rules())
    assert len(pairs) == len(set(pairs))
