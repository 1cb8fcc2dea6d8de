"""The canary sweep over an installation on PostgreSQL: what its tables and our log hold."""

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from tests.canary.allowed import judge, rules
from tests.canary.authority import start_authority
from tests.canary.inside import installed
from tests.canary.keys import note_root
from tests.canary.ledger import Ledger
from tests.canary.operator import Operator
from tests.canary.places import files, postgres_rows
from tests.canary.recording import all_logs
from tests.canary.sweep import sweep
from tests.canary.walk import Walk
from tests.storage.postgres_server import URL, own_schema

LONG_ENOUGH = 12


@pytest.mark.postgres
def test_no_table_on_postgres_holds_a_canary(tmp_path: Path) -> None:
    ledger = Ledger()
    password = str(conninfo_to_dict(URL).get("password") or "")
    if len(password) >= LONG_ENOUGH:
        ledger.note("database password", password)
    with own_schema() as schema, all_logs() as logs, start_authority(ledger) as (authority, _):
        with installed(tmp_path, ledger, authority.server.port, schema=schema) as inside:
            walk = Walk(inside.api, authority, ledger)
            walk.prepare()
            connection = walk.succeed()
            Operator(inside, walk).work()
            walk.fail(connection)
        note_root(inside.settings, ledger)
        left = [*postgres_rows(URL, schema), *files(tmp_path), logs.left()]

    verdict = judge("postgres", sweep(ledger.canaries, left), rules())

    assert not verdict.leaks, "\n" + "\n".join(verdict.leaks)
    assert not verdict.stale, "\n" + "\n".join(verdict.stale)
