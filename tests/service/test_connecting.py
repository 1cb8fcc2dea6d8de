"""Connections whose owner enters again what they were made with."""

import json
from typing import Any

import pytest
from tests.service.standing import ISSUER, WORKSPACE, Standing, answered

from connectsmith.errors import CallerError, FieldInvalid, OtherAccount
from connectsmith.service.caller import SCOPES, Caller
from connectsmith.service.connecting import Connecting

ADA = Caller(WORKSPACE, "ses_ada", "ope_ada", frozenset(SCOPES))


def keyed() -> dict[str, Any]:
    return {
        "schema": "1.0",
        "name": "Keyed",
        "auth_components": {"type": "api_key"},
        "requiredSettings": {"authFields": [{"key": "key", "masked": True, "required": True}]},
        "auth_request": {"type": "header", "name": "X-Key", "value": "{{authFields.key}}"},
        "auth_test": {"method": "GET", "endpoint": "/me", "account": {"id": "/id"}},
        "endpoints": {"GET": {"/me": {"url": ISSUER}}},
        "actions": [],
    }


class Keyed:
    """An installation with one connection that a key holds."""

    def __init__(self, installation: Standing, connector: str) -> None:
        self.installation = installation
        self.connector = connector

    @property
    def desk(self) -> Connecting:
        return self.installation.application.desks.connecting

    async def connect(self, account: str, *, test: bool = False) -> Any:
        self.installation.sender.reply(answered({"id": account}))
        return await self.installation.application.desks.connections.create(
            ADA, self.connector, {"key": f"key-of-{account}"}, test=test
        )

    async def enter(self, row: Any, account: str) -> Any:
        self.installation.sender.reply(answered({"id": account}))
        return await self.desk.enter(
            ADA, await self.desk.again(row), {"key": f"new-key-of-{account}"}
        )


@pytest.fixture
async def one(installation: Standing) -> Keyed:
    made = await installation.caller.post(
        "/v1/connectors", {"definition": json.dumps(keyed()), "publish": True}
    )
    return Keyed(installation, made["id"])


async def test_new_key_of_the_same_account_takes_the_old_one_s_place(one: Keyed) -> None:
    row = await one.connect("ada")

    renewed = await one.enter(row, "ada")

    (left,) = await one.installation.connections()
    assert (left.id, left.version, renewed.id) == (row.id, row.version + 1, row.id)


@pytest.mark.row("T-13")
async def test_key_of_another_account_changes_nothing(one: Keyed) -> None:
    row = await one.connect("ada")

    with pytest.raises(OtherAccount, match="belongs to ada, and grace"):
        await one.enter(row, "grace")

    (left,) = await one.installation.connections()
    assert (left.id, left.version, left.account_id) == (row.id, row.version, "ada")


async def test_key_whose_account_cannot_be_found_out_changes_nothing(one: Keyed) -> None:
    row = await one.connect("ada")
    one.installation.sender.reply(answered({"error": "no"}, 401))

    with pytest.raises(OtherAccount, match="could not be found out"):
        await one.desk.enter(ADA, await one.desk.again(row), {"key": "a-broken-key"})

    (left,) = await one.installation.connections()
    assert left.version == row.version


async def test_missing_key_and_test_connections_are_refused_before_anything(one: Keyed) -> None:
    row, test = await one.connect("ada"), await one.connect("ada", test=True)

    with pytest.raises(FieldInvalid):
        await one.desk.enter(ADA, await one.desk.again(row), {})
    with pytest.raises(CallerError, match="in the Debugger"):
        await one.desk.enter(ADA, await one.desk.again(test), {"key": "another"})

    assert len(await one.installation.connections()) == 2
