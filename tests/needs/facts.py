"""Every row with its facts and how its scenario ended; and what that means for the services.

The facts are in `needs.toml` and `services.csv`. How the scenarios ended is in `outcomes.toml`,
which `python -m tests.needs` writes and `test_needs` holds against what happens.
"""

import csv
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
OUTCOMES = HERE / "outcomes.toml"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How both runs of a scenario ended: None when all went well, else what did not."""

    served: str | None
    control: str | None

    @property
    def passed(self) -> bool:
        """Whether the need is served, and the scenario would have noticed if it were not."""
        return self.served is None and self.control is not None


@dataclass(frozen=True, slots=True)
class Row:
    """One need: `services` of `of` have it, where that could be counted."""

    id: str
    need: str
    member: str | None
    services: int | None
    of: int | None
    not_attempted: str | None
    """Why a need outside of the format has no scenario."""
    reason: str | None
    """Why a need is not served."""
    outcome: Outcome | None

    @property
    def passed(self) -> bool:
        """Whether its scenario passes."""
        return self.outcome is not None and self.outcome.passed


def rows() -> list[Row]:
    """Return every row, in the order of the facts."""
    facts = tomllib.loads((HERE / "needs.toml").read_text())
    ended = outcomes()
    return [
        Row(
            id=name,
            need=fact["need"],
            member=fact.get("member"),
            services=fact.get("services"),
            of=fact.get("of"),
            not_attempted=fact.get("not_attempted"),
            reason=fact.get("reason"),
            outcome=ended.get(name),
        )
        for name, fact in facts.items()
    ]


def outcomes() -> dict[str, Outcome]:
    """Return how the scenarios ended when they were last recorded."""
    if not OUTCOMES.exists():
        return {}
    recorded = tomllib.loads(OUTCOMES.read_text())
    return {
        name: Outcome(each.get("served"), each.get("control")) for name, each in recorded.items()
    }


def services() -> dict[str, tuple[str, ...]]:
    """Return the needs of every service that was counted."""
    with (HERE / "services.csv").open(newline="") as file:
        return {each["service"]: tuple(each["needs"].split()) for each in csv.DictReader(file)}


def served_services(known: list[Row]) -> list[str]:
    """Return the services of which every need is served."""
    passed = {each.id for each in known if each.passed}
    return [name for name, needs in services().items() if passed.issuperset(needs)]
