from datetime import timedelta

import pytest
from tests.storage.rows import LATER, NOW, WORKSPACE, api_token

from connectsmith.service.ports import (
    Storage,
)
from connectsmith.service.rows import (
    OperatorRow,
)

OPERATOR = OperatorRow(WORKSPACE, "ope_a", "First", NOW)


@pytest.fixture
async def accounts(storage: Storage) -> Storage:
    await storage.accounts.add_operator(OPERATOR)
    return storage


async def test_first_operator_is_the_one_that_was_there_first(accounts: Storage) -> None:
    later = OperatorRow(WORKSPACE, "ope_b", "Second", NOW + timedelta(days=1))
    await accounts.accounts.add_operator(later)

    assert await accounts.accounts.first_operator(WORKSPACE) == OPERATOR
    assert await accounts.accounts.first_operator("other") is None


async def test_api_token_is_found_by_digest_as_it_was_stored(accounts: Storage) -> None:
    row = api_token(expires_at=LATER)
    await accounts.accounts.add_token(row)

    assert await accounts.accounts.token_by_digest(row.digest) == row
    assert await accounts.accounts.token_by_digest(row.digest) == row
    assert await accounts.accounts.token_by_digest(b"another") is None


async def test_revoked_token_is_seen_revoked_by_the_next_look_up(accounts: Storage) -> None:
    row = api_token()
    await accounts.accounts.add_token(row)
    await accounts.accounts.token_by_digest(row.digest)

    assert await accounts.accounts.revoke_token(WORKSPACE, row.id, LATER)

    found = await accounts.accounts.token_by_digest(row.digest)
    assert found is not None
    assert found.revoked_at == LATER
    assert not await accounts.accounts.revoke_token(WORKSPACE, row.id, LATER)
    assert not await accounts.accounts.revoke_token("other", row.id, LATER)


async def test_last_use_is_listed(accounts: Storage) -> None:
    await accounts.accounts.add_token(api_token())
    await accounts.accounts.add_token(api_token("tok_b", created_at=LATER))

    await accounts.accounts.touch_tokens({"tok_a": LATER, "tok_gone": LATER})
    await accounts.accounts.touch_tokens({})

    tokens = await accounts.accounts.tokens(WORKSPACE)
    assert [(row.id, row.last_used_at) for row in tokens] == [("tok_b", None), ("tok_a", LATER)]
    assert not await accounts.accounts.tokens("other")
