from collections.abc import Sequence
from datetime import timedelta

from tests.storage.rows import NOW, WORKSPACE, call

from connectsmith.service.call_ports import Kept
from connectsmith.service.ports import (
    Storage,
)
from connectsmith.service.rows import LastGood


async def test_call_is_there_as_soon_as_it_was_added(storage: Storage) -> None:
    row = call()

    storage.calls.add(row, b"transcript")

    assert await storage.calls.get(WORKSPACE, row.id) == row
    assert await storage.calls.transcript(WORKSPACE, row.id) == Kept(b"transcript", row.id)
    assert await storage.calls.get("other", row.id) is None
    assert await storage.calls.transcript(WORKSPACE, "cal_none") is None


async def test_written_call_is_the_one_that_was_queued(storage: Storage) -> None:
    row = call(ok=False, status=None, fault="network", code="timed_out", connection=None)
    storage.calls.add(row, None)

    await storage.calls.flush()

    assert await storage.calls.get(WORKSPACE, row.id) == row
    assert await storage.calls.transcript(WORKSPACE, row.id) is None


async def test_list_shows_queued_calls_too_newest_first(storage: Storage) -> None:
    for second in range(5):
        storage.calls.add(call(f"cal_{second}", started_at=NOW + timedelta(seconds=second)), None)

    first = await storage.calls.page(WORKSPACE, filters={}, limit=3, after=None)
    rest = await storage.calls.page(WORKSPACE, filters={}, limit=3, after=first.next)

    assert [row.id for row in first.items] == ["cal_4", "cal_3", "cal_2"]
    assert [row.id for row in rest.items] == ["cal_1", "cal_0"]
    assert rest.next is None


async def test_filters_narrow_together(storage: Storage) -> None:
    storage.calls.add(call("cal_1"), None)
    storage.calls.add(call("cal_2", ok=False), None)
    storage.calls.add(call("cal_3", connector="con_b", connection="cnn_b"), None)
    storage.calls.add(call("cal_4", action="list.events"), None)
    storage.calls.add(call("cal_5", workspace="other"), None)

    async def found(**filters: str) -> list[str]:
        page = await storage.calls.page(WORKSPACE, filters=filters, limit=9, after=None)
        return [row.id for row in page.items]

    assert await found(ok="false") == ["cal_2"]
    assert await found(connector="con_a", ok="true") == ["cal_4", "cal_1"]
    assert await found(connection="cnn_b") == ["cal_3"]
    assert await found(action="list.events") == ["cal_4"]


async def test_token_requests_are_told_from_calls(storage: Storage) -> None:
    storage.calls.add(call("cal_1"), None)
    storage.calls.add(call("cal_2", kind="token", action="refresh"), None)

    page = await storage.calls.page(WORKSPACE, filters={"kind": "token"}, limit=9, after=None)

    assert [(row.id, row.action) for row in page.items] == [("cal_2", "refresh")]


async def test_calls_are_found_by_when_they_began(storage: Storage) -> None:
    for hour in range(4):
        storage.calls.add(call(f"cal_{hour}", started_at=NOW + timedelta(hours=hour)), None)
    times = {
        "since": (NOW + timedelta(hours=1)).isoformat(),
        "until": (NOW + timedelta(hours=3)).isoformat(),
    }

    page = await storage.calls.page(WORKSPACE, filters=times, limit=9, after=None)

    assert [row.id for row in page.items] == ["cal_2", "cal_1"]


async def test_what_went_well_last_is_told_for_many_connections_at_once(storage: Storage) -> None:
    later = NOW + timedelta(minutes=1)
    storage.calls.add(call("cal_1"), None)
    storage.calls.add(call("cal_2", kind="token", action="refresh", started_at=later), None)
    storage.calls.add(call("cal_3", ok=False, started_at=later + timedelta(minutes=1)), None)
    storage.calls.add(call("cal_4", connection="cnn_b"), None)
    storage.calls.add(call("cal_5", connection="cnn_b"), None)
    storage.calls.add(call("cal_6", connection="cnn_c", ok=False), None)
    storage.calls.add(call("cal_7", workspace="other", connection="cnn_c"), None)
    storage.calls.add(call("cal_8", connection="cnn_d"), None)

    found = await storage.calls.last_good(WORKSPACE, ["cnn_a", "cnn_b", "cnn_c", "cnn_none"])

    assert found == {"cnn_a": LastGood("cal_2", later), "cnn_b": LastGood("cal_5", NOW)}
    assert await storage.calls.last_good(WORKSPACE, []) == {}


async def test_old_calls_are_pruned_with_their_transcripts(storage: Storage) -> None:
    storage.calls.add(call("cal_old", started_at=NOW - timedelta(days=8)), b"old")
    storage.calls.add(call("cal_new"), b"new")

    assert await storage.calls.prune(NOW - timedelta(days=7), 1 << 30) == 1

    assert await storage.calls.get(WORKSPACE, "cal_old") is None
    assert await storage.calls.transcript(WORKSPACE, "cal_old") is None
    assert await storage.calls.transcript(WORKSPACE, "cal_new") == Kept(b"new", "cal_new")


async def test_oldest_calls_are_pruned_when_all_together_are_too_large(storage: Storage) -> None:
    for second in range(10):
        row = call(f"cal_{second}", started_at=NOW + timedelta(seconds=second))
        storage.calls.add(row, b"x" * 10_000)

    assert await storage.calls.prune(NOW, 35_000) == 7

    page = await storage.calls.page(WORKSPACE, filters={}, limit=20, after=None)
    assert [row.id for row in page.items] == ["cal_9", "cal_8", "cal_7"]


def sealed_together(workspace: str, heads: Sequence[tuple[str, bytes]]) -> bytes:
    """Stand in for the sealer, and show what it was given."""
    return b" ".join(
        (workspace.encode(), *(b"%b=%b" % (id_.encode(), head) for id_, head in heads))
    )


async def kept(storage: Storage, *ids: str, workspace: str = WORKSPACE) -> list[Kept | None]:
    return [await storage.calls.transcript(workspace, each) for each in ids]


async def test_head_is_there_as_soon_as_it_was_added(storage: Storage) -> None:
    storage.calls.add_head(call("cal_1"), b"head", sealed_together)

    [found] = await kept(storage, "cal_1")

    assert found == Kept(f"{WORKSPACE} cal_1=head".encode(), "cal_1", together=True)


async def test_every_written_head_is_found_in_the_record_it_is_in(storage: Storage) -> None:
    for second, name in enumerate(("cal_b", "cal_c", "cal_a")):
        row = call(name, started_at=NOW + timedelta(seconds=second))
        storage.calls.add_head(row, name[-1].encode(), sealed_together)
    storage.calls.add_head(call("cal_o", workspace="other"), b"o", sealed_together)
    storage.calls.add(call("cal_w"), b"whole")
    await storage.calls.flush()

    found = await kept(storage, "cal_a", "cal_b", "cal_c")

    for name, each in zip("abc", found, strict=True):
        assert each is not None
        assert each.together
        assert b"cal_%b=%b" % (name.encode(), name.encode()) in each.content
        assert b"=o" not in each.content
        assert b" %b=" % each.call.encode() in each.content
    assert await kept(storage, "cal_w") == [Kept(b"whole", "cal_w")]
    [other] = await kept(storage, "cal_o", workspace="other")
    assert other == Kept(b"other cal_o=o", "cal_o", together=True)


async def test_heads_outlive_older_calls_that_they_were_written_with(storage: Storage) -> None:
    for second, name in enumerate(("cal_c", "cal_a", "cal_b")):
        row = call(name, started_at=NOW + timedelta(seconds=second))
        storage.calls.add_head(row, name.encode(), sealed_together)
    await storage.calls.flush()

    await storage.calls.prune(NOW + timedelta(seconds=2), 1 << 30)

    old, newest = await kept(storage, "cal_a", "cal_b")
    assert old is None
    assert newest is not None
    assert b"cal_b=cal_b" in newest.content
    assert await storage.calls.prune(NOW + timedelta(seconds=3), 1 << 30) == 1
    assert await kept(storage, "cal_b") == [None]
