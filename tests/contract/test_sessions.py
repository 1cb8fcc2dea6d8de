from datetime import datetime, timedelta

import pytest
from tests.storage.rows import LATER, NOW, WORKSPACE

from connectsmith.errors import NameTaken
from connectsmith.service.ports import Storage
from connectsmith.service.rows import OperatorRow
from connectsmith.service.sign_in_rows import AttemptsRow, DeviceRow, LinkRow, SessionRow

ADA = OperatorRow(WORKSPACE, "ope_a", "Ada", NOW)
BOB = OperatorRow(WORKSPACE, "ope_b", "Bob", LATER, "bob@example.com", "hash")
LINK = LinkRow(WORKSPACE, b"link", ADA.id, LATER + timedelta(minutes=1))


def session(name: str = "ses_a", operator: str = ADA.id, at: datetime = NOW) -> SessionRow:
    return SessionRow(WORKSPACE, name, operator, name.encode(), at, at)


@pytest.fixture
async def with_operators(storage: Storage) -> Storage:
    await storage.accounts.add_operator(ADA)
    await storage.accounts.add_operator(BOB)
    return storage


async def test_session_is_found_by_digest_and_ended_for_good(with_operators: Storage) -> None:
    sessions = with_operators.sessions
    await sessions.add(session())

    assert await sessions.by_digest(b"ses_a") == session()
    assert await sessions.by_digest(b"another") is None
    assert await sessions.get(WORKSPACE, "ses_a") == session()
    assert await sessions.get("other", "ses_a") is None
    await sessions.touch(WORKSPACE, "ses_a", LATER)
    await sessions.touch(WORKSPACE, "ses_a", NOW)
    await sessions.end("other", "ses_a", LATER)
    touched = await sessions.by_digest(b"ses_a")
    assert touched is not None
    assert (touched.last_used_at, touched.ended_at) == (LATER, None)
    await sessions.end(WORKSPACE, "ses_a", LATER)
    await sessions.end(WORKSPACE, "ses_a", LATER + timedelta(days=1))
    ended = await sessions.by_digest(b"ses_a")
    assert ended is not None
    assert ended.ended_at == LATER
    assert await sessions.named(WORKSPACE, "ses_a") == ADA
    assert await sessions.named("other", "ses_a") is None


async def test_link_is_redeemed_once_and_ends_what_was_there_before(
    with_operators: Storage,
) -> None:
    sessions = with_operators.sessions
    await sessions.add_link(LINK)
    await sessions.add(session())
    await sessions.add(session("ses_b", BOB.id))
    await sessions.add_device(DeviceRow(WORKSPACE, b"hers", ADA.id, NOW))
    await sessions.add_device(DeviceRow(WORKSPACE, b"his", BOB.id, NOW))

    assert await sessions.redeem(LINK, email="ada@example.com", password="new", at=LATER)
    assert not await sessions.redeem(LINK, email="eve@example.com", password="eve", at=LATER)

    changed = await sessions.operator_by_email("ada@example.com")
    assert changed is not None
    assert (changed.id, changed.password) == (ADA.id, "new")
    assert await sessions.operator(WORKSPACE, ADA.id) == changed
    hers, his = await sessions.by_digest(b"ses_a"), await sessions.by_digest(b"ses_b")
    assert hers is not None
    assert his is not None
    assert (hers.ended_at, his.ended_at) == (LATER, None)
    assert await sessions.device(b"hers") is None
    assert await sessions.device(b"his") is not None
    used = await sessions.link(b"link")
    assert used is not None
    assert used.used_at == LATER


async def test_expired_link_and_taken_address_change_nothing(with_operators: Storage) -> None:
    sessions = with_operators.sessions
    await sessions.add_link(LINK)
    await sessions.add(session())

    assert not await sessions.redeem(LINK, email="a@b.c", password="new", at=LINK.expires_at)
    with pytest.raises(NameTaken):
        await sessions.redeem(LINK, email="bob@example.com", password="new", at=LATER)

    assert await sessions.operator(WORKSPACE, ADA.id) == ADA
    assert await sessions.link(b"link") == LINK
    assert await sessions.by_digest(b"ses_a") == session()


async def test_password_alone_is_replaced(with_operators: Storage) -> None:
    await with_operators.sessions.set_password(WORKSPACE, BOB.id, "newer")

    found = await with_operators.sessions.operator_by_email("bob@example.com")
    assert found is not None
    assert found.password == "newer"


async def test_count_is_stored_only_if_nobody_counted_between(storage: Storage) -> None:
    sessions = storage.sessions
    first = AttemptsRow(b"who", 1, NOW, NOW)
    second = AttemptsRow(b"who", 2, LATER, LATER)

    assert await sessions.count(first, expected=None)
    assert not await sessions.count(first, expected=None)
    assert await sessions.count(second, expected=first)
    assert not await sessions.count(second, expected=first)
    assert await sessions.attempts(b"who") == second
    await sessions.forgive(b"who")
    assert await sessions.attempts(b"who") is None


async def test_what_is_long_over_is_forgotten(with_operators: Storage) -> None:
    sessions = with_operators.sessions
    await sessions.add(session())
    await sessions.add(session("ses_new", at=LATER))
    await sessions.add_link(LINK)
    await sessions.add_device(DeviceRow(WORKSPACE, b"old", ADA.id, NOW))
    await sessions.count(AttemptsRow(b"who", 1, NOW, NOW), expected=None)

    await sessions.prune(
        sessions=LATER, links=LATER + timedelta(days=1), devices=LATER, attempts=LATER
    )

    assert await sessions.by_digest(b"ses_a") is None
    assert await sessions.by_digest(b"ses_new") is not None
    assert await sessions.link(b"link") is None
    assert await sessions.device(b"old") is None
    assert await sessions.attempts(b"who") is None
