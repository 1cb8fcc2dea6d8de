from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import SealBroken

SECRETS = st.text(min_size=1).map(Secret)
NAMED = st.dictionaries(st.text(), SECRETS, max_size=4)
TOKEN_SETS = st.builds(
    TokenSet,
    access_token=SECRETS,
    received_at=st.datetimes(timezones=st.just(UTC)),
    refresh_token=st.none() | SECRETS,
    id_token=st.none() | SECRETS,
    token_type=st.text(),
    lifetime=st.none() | st.timedeltas(min_value=timedelta(microseconds=1)),
    scopes=st.lists(st.text(), max_size=4).map(tuple),
    captured=NAMED,
)
HELD = TokenSet(access_token=Secret("at"), received_at=datetime(2026, 11, 23, tzinfo=UTC))


@given(st.builds(Credentials, tokens=st.none() | TOKEN_SETS, fields=NAMED, captured=NAMED))
def test_flat_form_reads_back_to_the_same_credentials(credentials: Credentials) -> None:
    assert Credentials.of(credentials.flat()) == credentials


def test_flat_form_names_each_value() -> None:
    flat = Credentials(
        tokens=HELD, fields={"shop": Secret("x")}, captured={"instance": Secret("y")}
    ).flat()

    assert flat.keys() == {"access_token", "tokens", "field.shop", "captured.instance"}
    assert all(isinstance(each, Secret) for each in flat.values())


def test_field_called_like_a_token_stays_a_field() -> None:
    credentials = Credentials(fields={"access_token": Secret("mine"), "field.x": Secret("y")})

    assert Credentials.of(credentials.flat()) == credentials


def test_record_that_lost_its_access_token_is_broken() -> None:
    flat = Credentials(tokens=HELD).flat()
    del flat["access_token"]

    with pytest.raises(SealBroken):
        Credentials.of(flat)


def test_other_tokens_renew_what_was_captured_with_them() -> None:
    before = Credentials(tokens=HELD, captured={"a": Secret("1"), "b": Secret("2")})
    tokens = TokenSet(
        access_token=Secret("new"), received_at=HELD.received_at, captured={"b": Secret("3")}
    )

    after = before.renewed(tokens)

    assert after.tokens == tokens
    assert after.captured == {"a": Secret("1"), "b": Secret("3")}
