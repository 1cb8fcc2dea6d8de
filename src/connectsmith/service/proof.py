"""Prove that a connection works, and find out whose account it is."""

from dataclasses import dataclass
from typing import Literal

from connectsmith.core.call.plan import AUTH_TEST, ActionPlan
from connectsmith.core.result.outcome import Outcome, account_of
from connectsmith.service.blueprints import Blueprint
from connectsmith.service.caller import Caller
from connectsmith.service.calls import CallDesk
from connectsmith.service.rows import (
    ConnectionRow,
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What proving a connection came to; `did` says how."""

    ok: bool
    did: Literal["auth_test", "action", "fields"]
    status: int | None = None
    account_id: str | None = None
    account_label: str | None = None
    message: str | None = None
    call: str | None = None
    action: str | None = None
    """The action that stood in for `auth_test`."""


class Prover:
    """Prove connections with what their definition offers for it."""

    def __init__(self, calls: CallDesk) -> None:
        self._calls = calls

    async def prove(self, caller: Caller, row: ConnectionRow, blueprint: Blueprint) -> Proof:
        """Run `auth_test`, else the first read without required fields, else nothing.

        Raises:
            ConnectionNotUsable, CredentialsError: the connection's status allows no calls.
            RemoteError, NetworkError: there was no answer to judge.
        """
        plan, did = stand_in(blueprint)
        if plan is None:
            return _NOTHING_SENT
        return _proof(did, plan, await self._calls.prove(caller, row, plan))

    async def prove_open(self, caller: Caller, connector: str, blueprint: Blueprint) -> Proof:
        """Do the same for an API without sign-in, with its draft."""
        plan, did = stand_in(blueprint)
        if plan is None:
            return _NOTHING_SENT
        return _proof(did, plan, await self._calls.prove_open(caller, connector, plan))

    async def introduce(self, row: ConnectionRow, blueprint: Blueprint) -> Proof:
        """Run `auth_test` alone, also for a connection that is not confirmed yet."""
        plan = blueprint.plans.get(AUTH_TEST)
        if plan is None:
            return Proof(ok=True, did="fields")
        asker = Caller(row.workspace, row.created_by, "", frozenset())
        return _proof("auth_test", plan, await self._calls.prove(asker, row, plan, unkept=True))


_NOTHING_SENT = Proof(
    ok=True,
    did="fields",
    message="The definition has no auth_test and no action that could stand in for it, "
    "so nothing was sent; all required fields are filled.",
)


def stand_in(blueprint: Blueprint) -> tuple[ActionPlan | None, Literal["auth_test", "action"]]:
    """Return what proves a connection, and which of the two it is."""
    plan = blueprint.plans.get(AUTH_TEST)
    return (_harmless(blueprint), "action") if plan is None else (plan, "auth_test")


def _harmless(blueprint: Blueprint) -> ActionPlan | None:
    for name in blueprint.plans:
        plan = blueprint.plans[name]
        required = any(each.required for each in plan.fields)
        if plan.method == "GET" and plan.effect == "read" and not required:
            return plan
    return None


def _proof(did: Literal["auth_test", "action"], plan: ActionPlan, outcome: Outcome) -> Proof:
    account = account_of(plan, outcome)
    return Proof(
        ok=outcome.ok,
        did=did,
        status=outcome.status,
        account_id=account.id if account else None,
        account_label=account.label if account else None,
        message=outcome.message,
        call=outcome.call,
        action=plan.name if did == "action" else None,
    )
