"""Rows for tests of storage: valid, small, and different where told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectsmith.core.connection.status import Status
from connectsmith.service.rows import (
    ApiTokenRow,
    AuthorizationRow,
    CallRow,
    ClientRecordRow,
    ConnectionRow,
    ConnectorRow,
    RevisionRow,
    SecretRow,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
SOON = NOW + timedelta(seconds=45)
LATER = NOW + timedelta(hours=1)
WORKSPACE = "default"


def connector(identifier: str = "con_a", **different: Any) -> ConnectorRow:
    row = ConnectorRow(
        workspace=WORKSPACE,
        id=identifier,
        name="Calendar",
        draft='{"name": "Calendar"}',
        draft_version=1,
        draft_saved_at=NOW,
        draft_saved_by="tok_a",
        published=None,
        created_at=NOW,
        created_by="tok_a",
    )
    return replace(row, **different)


def revision(number: int = 1, **different: Any) -> RevisionRow:
    row = RevisionRow(
        workspace=WORKSPACE,
        id=f"rev_{number}",
        connector="con_a",
        number=number,
        text='{"name": "Calendar"}',
        published_at=NOW,
        published_by="tok_a",
    )
    return replace(row, **different)


def secret(identifier: str = "sec_a", **different: Any) -> SecretRow:
    row = SecretRow(
        workspace=WORKSPACE,
        id=identifier,
        connector="con_a",
        name="clientSecret",
        version=1,
        origins=("https://auth.example.com",),
        sealed=b"\x00sealed\xff",
        created_at=NOW,
        created_by="tok_a",
    )
    return replace(row, **different)


def authorization(identifier: str = "aut_a", **different: Any) -> AuthorizationRow:
    row = AuthorizationRow(
        workspace=WORKSPACE,
        id=identifier,
        connector="con_a",
        revision=1,
        status="created",
        test=False,
        created_by="tok_a",
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=10),
        start_digest=identifier.encode().ljust(32, b"s"),
    )
    return replace(row, **different)


def connection(identifier: str = "cnn_a", **different: Any) -> ConnectionRow:
    row = ConnectionRow(
        workspace=WORKSPACE,
        id=identifier,
        connector="con_a",
        revision=1,
        test=False,
        status=Status.ACTIVE,
        version=1,
        origins_api=("https://api.example.com",),
        origins_auth=("https://auth.example.com",),
        created_at=NOW,
        created_by="tok_a",
        sealed=b"\x00tokens 1",
        scopes=("read", "write"),
        account_id="42",
        account_label="Ada Lovelace ☕",
        received_at=NOW,
        lifetime=timedelta(seconds=3600),
        renewable=True,
    )
    return replace(row, **different)


def call(identifier: str = "cal_a", **different: Any) -> CallRow:
    row = CallRow(
        workspace=WORKSPACE,
        id=identifier,
        connector="con_a",
        connection="cnn_a",
        revision=1,
        action="create.event",
        caller="tok_a",
        started_at=NOW,
        duration=timedelta(milliseconds=12),
        ok=True,
        status=200,
        fault=None,
        code=None,
        test=False,
        has_transcript=True,
    )
    return replace(row, **different)


def api_token(identifier: str = "tok_a", **different: Any) -> ApiTokenRow:
    row = ApiTokenRow(
        workspace=WORKSPACE,
        id=identifier,
        operator="ope_a",
        name="first",
        digest=identifier.encode().ljust(32, b"d"),
        scopes=("connectors:read", "calls:write"),
        created_at=NOW,
    )
    return replace(row, **different)


def client_record(identifier: str = "kid-a", **different: Any) -> ClientRecordRow:
    row = ClientRecordRow(
        workspace=WORKSPACE,
        connector="con_a",
        kind="key",
        id=identifier,
        version=1,
        content='{"alg": "ES256"}',
        created_at=NOW,
        sealed=b"\x00sealed\xff",
        due_at=LATER,
    )
    return replace(row, **different)
