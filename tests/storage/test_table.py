from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connectsmith.core.connection.status import Status
from connectsmith.storage.table import Table, micros, moment

moments = st.datetimes(timezones=st.just(UTC))


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    count: int
    content: bytes | None
    kept: bool
    at: datetime
    ended: datetime | None
    lasted: timedelta | None
    names: tuple[str, ...]
    status: Status = field(default=Status.ACTIVE)


TABLE = Table("things", Thing)
things = st.builds(
    Thing,
    name=st.text(),
    count=st.integers(),
    content=st.none() | st.binary(),
    kept=st.booleans(),
    at=moments,
    ended=st.none() | moments,
    lasted=st.none() | st.timedeltas(),
    names=st.lists(st.text()).map(tuple),
    status=st.sampled_from(Status),
)


@given(thing=things)
def test_record_comes_back_from_its_row(thing: Thing) -> None:
    values = TABLE.encode(thing)

    assert TABLE.decode(list(values.values())) == thing
    assert {type(value) for value in values.values()} <= {str, int, bytes, type(None)}


@given(at=moments)
def test_time_keeps_its_microseconds(at: datetime) -> None:
    assert moment(micros(at)) == at


def test_statements_name_every_column_in_order() -> None:
    assert TABLE.select("WHERE name = :name").startswith("SELECT name, count, content, kept, at,")
    assert TABLE.insert("more").endswith(":names, :status, :more)")
    assert TABLE.assignments(without=TABLE.columns.split(", ")[1:]) == "name = :name"
