"""The route of the survival test, and what its request and response look like."""

from fastapi import APIRouter

from connectsmith.api.permissions import ConnectionWriter, TheDesks
from connectsmith.api.routes import CallerRoute
from connectsmith.api.shapes import Asked, Moment, Shape
from connectsmith.service.survival import Report

router = APIRouter(prefix="/v1", tags=["connections"], route_class=CallerRoute)


class SurvivalAsked(Asked):
    """How far a survival test may go: `destructive` steps can end the connection's grant."""

    destructive: bool = False


class SurvivalStep(Shape):
    """One thing a survival test tried; `outcome` is `passed`, `failed` or `skipped`."""

    step: str
    outcome: str
    message: str


class KnownRule(Shape):
    """What is known of the service, and where it says so."""

    message: str
    link: str


class SurvivalShape(Shape):
    """What will become of a connection: the verdict in a sentence, and the evidence.

    `fate`: `renews`, `needs_person`, `ends`, `lasts`, `ended`, `needs_author`, `unknown`.
    """

    connection: str
    fate: str
    sentence: str
    ends_at: Moment | None
    tested_at: Moment
    steps: list[SurvivalStep]
    rules: list[KnownRule]


@router.post("/connections/{connection}/survive")
async def survive(
    connection: str, body: SurvivalAsked, caller: ConnectionWriter, desks: TheDesks
) -> SurvivalShape:
    """Find out what a connection will live through: it is renewed, and the rest is tried."""
    report = await desks.survival.run(caller, connection, destructive=body.destructive)
    return survival_shape(report)


def survival_shape(report: Report) -> SurvivalShape:
    """Show a verdict and its evidence."""
    return SurvivalShape(
        connection=report.connection.id,
        fate=report.verdict.fate.value,
        sentence=report.verdict.sentence,
        ends_at=report.verdict.ends_at,
        tested_at=report.tested_at,
        steps=[
            SurvivalStep(step=each.step, outcome=each.outcome, message=each.message)
            for each in report.steps
        ],
        rules=[KnownRule(message=each.message, link=each.link) for each in report.rules],
    )
