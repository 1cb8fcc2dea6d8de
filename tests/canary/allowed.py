"""Where a canary may lawfully be: `tests/canary_allowed.toml`, judged with a run's hits."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.canary.sweep import Hit

FILE = Path(__file__).resolve().parents[1] / "canary_allowed.toml"


@dataclass(frozen=True, slots=True)
class Rule:
    """Kinds of value at places, in runs; no wildcards."""

    kinds: frozenset[str]
    places: frozenset[str]
    runs: frozenset[str]
    reason: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is wrong; nothing if both are empty."""

    leaks: tuple[str, ...]
    stale: tuple[str, ...]


def rules(file: Path = FILE) -> list[Rule]:
    """Read the rules."""
    return [
        Rule(
            frozenset(each["kinds"]),
            frozenset(each["places"]),
            frozenset(each["runs"]),
            each["reason"],
        )
        for each in tomllib.loads(file.read_text())["allowed"]
    ]


def judge(run: str, hits: Iterable[Hit], allowed: Iterable[Rule]) -> Judgement:
    """Return hits that no rule allows, and pairs of a rule that were not hit in a run it names."""
    found = {(each.kind, each.place): each for each in sorted(hits)}
    lawful = {
        (kind, place)
        for rule in allowed
        if run in rule.runs
        for kind in rule.kinds
        for place in rule.places
    }
    leaks = [f"{at[0]} in {at[1]} ({found[at].form})" for at in sorted(found.keys() - lawful)]
    stale = [f"{kind} in {place}" for kind, place in sorted(lawful - found.keys())]
    return Judgement(tuple(leaks), tuple(stale))
