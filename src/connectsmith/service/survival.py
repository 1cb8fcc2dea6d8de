"""Find out what a connection will live through, before anybody depends on it.

Nothing here can cost the grant unless that is asked for: by default the newest refresh token alone
is used, and every answer is stored.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from connectsmith.core.call.plan import ActionPlan
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.connection.keep_alive import SHORTEST_LOOK, Stated, end_moved
from connectsmith.core.connection.status import Status, moment_text
from connectsmith.core.connection.survival import Found, Outcome, Rule, Step, StepName, Verdict
from connectsmith.core.connection.survival import verdict as judged
from connectsmith.durations import said
from connectsmith.errors import ConnectionNotUsable, ConnectsmithError, GrantRejected
from connectsmith.presets import refresh_token_rules
from connectsmith.service.asking import Asker
from connectsmith.service.blueprints import Blueprint
from connectsmith.service.caller import Caller
from connectsmith.service.calls import CallDesk
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.holdings import opened
from connectsmith.service.lossy import Ending, LossyAsker
from connectsmith.service.ports import Clock, Events, Sealer
from connectsmith.service.proof import stand_in
from connectsmith.service.refresh import Refresher
from connectsmith.service.rows import ConnectionRow, EventRow

_LOST: Final[dict[Ending, tuple[Outcome, str]]] = {
    "untried": (
        "skipped",
        (
            "Not tried: somebody else renewed the connection at that moment, or the answer "
            "brought an unexpected refresh token, which was kept."
        ),
    ),
    "unchanged": ("passed", "A lost answer costs nothing: the same refresh token works again."),
    "forgiven": (
        "passed",
        (
            "A lost answer costs nothing if it is asked for again at once: the refresh token "
            "before the newest still works for a while."
        ),
    ),
    "refused": (
        "failed",
        (
            "An answer that is lost takes its refresh token with it: the one before is refused. "
            "The grant itself survived its use."
        ),
    ),
    "ended": (
        "failed",
        (
            "A lost answer ends the grant: the authorization server took the second use of a "
            "refresh token for theft. It has done so now; authorize again."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict, and the evidence it is given on."""

    connection: ConnectionRow
    verdict: Verdict
    steps: tuple[Step, ...]
    rules: tuple[Rule, ...]
    tested_at: datetime


@dataclass(slots=True)
class _Trial:
    """One survival test as it goes on."""

    row: ConnectionRow
    blueprint: Blueprint
    destructive: bool
    steps: list[Step] = field(default_factory=list)

    def note(self, step: StepName, outcome: Outcome, message: str) -> None:
        """Write down what came of a step."""
        self.steps.append(Step(step, outcome, message))


class SurvivalTest:
    """Try what a connection will meet, and judge."""

    def __init__(
        self,
        *,
        connections: ConnectionDesk,
        refresher: Refresher,
        asker: Asker,
        calls: CallDesk,
        events: Events,
        sealer: Sealer,
        clock: Clock,
    ) -> None:
        self._connections = connections
        self._refresher = refresher
        self._asker = asker
        self._calls = calls
        self._events = events
        self._sealer = sealer
        self._clock = clock

    async def run(self, caller: Caller, connection: str, *, destructive: bool = False) -> Report:
        """Test a connection; with `destructive` also in ways that can end its grant.

        Raises:
            NotFound: there is no such connection.
            ConnectionNotUsable: it was not kept yet, or was revoked.
        """
        row = await self._connections.usable_by(caller, connection)
        if row.status in (Status.UNCONFIRMED, Status.REVOKED):
            raise ConnectionNotUsable(
                "This connection was revoked: there is nothing to test."
                if row.status is Status.REVOKED
                else "This connection was not kept yet. Keep it first."
            )
        trial = _Trial(row, await self._connections.blueprint_of(row), destructive)
        rules = tuple(
            Rule(each.message, each.link)
            for each in refresh_token_rules(trial.blueprint.definition)
        )
        found = await self._found(caller, trial)
        verdict = judged(found, rules, self._clock.now())
        await self._record(caller, trial, verdict)
        return Report(trial.row, verdict, tuple(trial.steps), rules, self._clock.now())

    async def _found(self, caller: Caller, trial: _Trial) -> Found:
        begun, failure, ends_at = trial.row, None, None
        self._note_expiry(trial)
        if trial.row.renewable or trial.row.status is Status.NEEDS_AUTHORIZATION:
            try:
                await self._renew_twice(trial)
                ends_at = await self._grant_end(trial, begun)
                await self._lose_an_answer(trial)
            except ConnectsmithError as error:
                failure = error
                step: StepName = "rotation" if _passed(trial, "refresh") else "refresh"
                trial.note(step, "failed", error.message)
                trial.row = await self._connections.row(begun.workspace, begun.id)
        if not isinstance(failure, GrantRejected):
            await self._use(caller, trial)
        row = trial.row
        return Found(
            renewable=row.renewable,
            expires_at=row.received_at + row.lifetime if row.received_at and row.lifetime else None,
            authorized_at=row.authorized_at,
            grant_ends_at=ends_at,
            failure=failure,
        )

    def _note_expiry(self, trial: _Trial) -> None:
        lifetime = trial.row.lifetime
        stated = "no lifetime" if lifetime is None else f"a lifetime of {said(lifetime)}"
        trial.note("expiry", "passed", f"The authorization server states {stated}.")

    async def _renew_twice(self, trial: _Trial) -> None:
        """Renew although the access token still works, and renew with what that brought."""
        before = self._held(trial.row)
        await self._renew(trial)
        first = self._held(trial.row)
        same = _access(before) == _access(first)
        kept = " It is the same access token, though." if same else ""
        trial.note("refresh", "passed", f"Treated as expired, the access token was renewed.{kept}")
        await self._renew(trial)
        if not first.tokens or not first.tokens.refresh_token:
            message = (
                "There is no refresh token and none is needed: a new token is simply asked for."
            )
        elif self._rotates(before, first) or self._rotates(first, self._held(trial.row)):
            message = "Each refresh may bring another refresh token; the new one renews too."
        else:
            message = "The refresh token stays the same, and renews again."
        trial.note("rotation", "passed", message)

    async def _renew(self, trial: _Trial) -> None:
        trial.row = await self._refresher.refresh(trial.row, trial.blueprint, insist=True)

    async def _grant_end(self, trial: _Trial, begun: ConnectionRow) -> datetime | None:
        """Return the end of the grant that renewing does not move, waiting until that shows."""
        row = trial.row
        if row.refresh_until is None or begun.refresh_until is None:
            trial.note("end", "passed", "The authorization server states no end of the grant.")
            return None
        if begun.received_at and row.received_at:
            left = SHORTEST_LOOK - (row.received_at - begun.received_at)
            if left.total_seconds() > 0:
                await asyncio.sleep(left.total_seconds())
                await self._renew(trial)
                row = trial.row
        until = row.refresh_until
        before = Stated(begun.received_at, begun.refresh_until)
        if until is None or end_moved(before, Stated(row.received_at, until)):
            trial.note("end", "passed", "Renewing puts off the end that is stated.")
            return None
        at = moment_text(until, self._clock.now())
        trial.note("end", "passed", f"The grant ends {at}; renewing does not put that off.")
        return until

    async def _lose_an_answer(self, trial: _Trial) -> None:
        held = self._held(trial.row)
        if held.tokens is None or held.tokens.refresh_token is None:
            return
        if not trial.destructive and any("another refresh" in each.message for each in trial.steps):
            trial.note(
                "lost_answer",
                "skipped",
                "Not tried: where refresh tokens rotate, using an old one can end the grant.",
            )
            return
        lossy = LossyAsker(self._asker, destructive=trial.destructive)
        try:
            trial.row = await self._refresher.refresh(
                trial.row, trial.blueprint, insist=True, ask=lossy.ask
            )
        finally:
            trial.note("lost_answer", *_LOST[lossy.ending])

    async def _use(self, caller: Caller, trial: _Trial) -> None:
        """See whether the API tells a refused access token, and takes the renewed one."""
        plan, _ = stand_in(trial.blueprint)
        if plan is None or trial.blueprint.client is None:
            why = "The definition has no auth_test and no harmless action to try it with."
            trial.note("refused_token", "skipped", why)
            return
        try:
            await self._refuse(trial, plan)
            outcome = await self._calls.prove(caller, trial.row, plan)
        except ConnectsmithError as error:
            trial.note("access", "failed", error.message)
            return
        if outcome.ok:
            trial.note("access", "passed", f"The API takes the access token ({outcome.status}).")
        else:
            trial.note("access", "failed", outcome.message or f"The API says {outcome.status}.")

    async def _refuse(self, trial: _Trial, plan: ActionPlan) -> None:
        status, recognised = await self._calls.refuses(trial.row, plan)
        if recognised:
            message = f"A wrong access token is told by {status}, and would lead to a renewal."
            trial.note("refused_token", "passed", message)
        else:
            trial.note(
                "refused_token",
                "failed",
                f"A wrong access token is answered with {status}, which nobody can tell from other "
                "answers: one that ends early would not be renewed. Write refresh.when.",
            )

    def _held(self, row: ConnectionRow) -> Credentials:
        return opened(self._sealer, row)

    def _rotates(self, before: Credentials, after: Credentials) -> bool:
        if before.tokens is None or after.tokens is None:
            return False
        return before.tokens.refresh_token != after.tokens.refresh_token

    async def _record(self, caller: Caller, trial: _Trial, verdict: Verdict) -> None:
        await self._events.add(
            EventRow(
                trial.row.workspace,
                self._clock.now(),
                caller.token,
                "connection_survival_tested",
                trial.row.id,
                f"{verdict.fate.value}{', destructively' if trial.destructive else ''}",
            )
        )


def _passed(trial: _Trial, step: StepName) -> bool:
    return any(each.step == step and each.outcome == "passed" for each in trial.steps)


def _access(held: Credentials) -> object:
    return held.tokens.access_token if held.tokens else None
