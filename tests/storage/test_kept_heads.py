"""Transcripts of good calls, sealed and stored a page at a time in a real file."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.keys.rings import sealer
from tests.storage.rows import NOW, WORKSPACE, call

from connectsmith.errors import SealBroken
from connectsmith.service.caller import Caller
from connectsmith.service.records import Records
from connectsmith.service.rules import Rules
from connectsmith.storage.opening import CALLS_FILE, open_sqlite
from connectsmith.storage.sql_storage import SqlStorage
from connectsmith.testing.system import FixedClock

CALLER = Caller(WORKSPACE, "tok_a", "ope_a", frozenset())
IDS = [f"cal_{number}" for number in range(3)]


def _transcript(call: str) -> dict[str, Any]:
    return {"steps": [{"purpose": call, "note": 'ä"}'}]}


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[SqlStorage]:
    opened = await open_sqlite(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
async def records(storage: SqlStorage) -> Records:
    """Three heads were kept, and one transcript whole."""
    kept = Records(
        calls=storage.calls,
        idempotency=storage.idempotency,
        events=storage.events,
        sealer=sealer(),
        clock=FixedClock(NOW),
        rules=Rules(public_url="http://127.0.0.1:8400"),
    )
    for each in IDS:
        kept.keep(call(each), _transcript(each), whole=False)
    kept.keep(call("cal_whole"), _transcript("cal_whole"))
    return kept


@pytest.mark.parametrize("written", [False, True])
async def test_every_call_has_its_own_transcript_before_and_after_it_is_written(
    records: Records, storage: SqlStorage, *, written: bool
) -> None:
    if written:
        await storage.calls.flush()

    found = {each: await records.transcript(CALLER, each) for each in (*IDS, "cal_whole")}

    assert found == {each: _transcript(each) for each in found}


async def test_one_record_holds_the_heads_and_nothing_of_them_in_clear(
    records: Records, storage: SqlStorage, tmp_path: Path
) -> None:
    await storage.calls.flush()

    database = sqlite3.connect(tmp_path / CALLS_FILE)
    stored = database.execute("SELECT call, content FROM transcripts ORDER BY call").fetchall()
    database.close()

    assert [call for call, _ in stored] == ["cal_2", "cal_whole"]
    assert all(b"purpose" not in content for _, content in stored)


async def test_a_page_opens_in_no_other_calls_place(
    records: Records, storage: SqlStorage, tmp_path: Path
) -> None:
    await storage.calls.flush()
    database = sqlite3.connect(tmp_path / CALLS_FILE)
    with database:
        database.execute("UPDATE transcripts SET call = 'cal_0' WHERE call = 'cal_2'")
        database.execute("UPDATE calls SET page = 'cal_0'")
    database.close()

    with pytest.raises(SealBroken):
        await records.transcript(CALLER, "cal_1")
