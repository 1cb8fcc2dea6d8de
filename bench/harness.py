"""Compare costs side by side: rounds interleaved, medians, ratios, and the noise beside them.

A *round* measures every variant once, so that whatever slows the machine slows all of them. A
ratio is taken within a round; the median of the rounds' ratios is what counts. The baseline is
measured twice in each round, and its ratio against itself is the noise.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

Measure = Callable[[], float]
"""Does one round of work and returns its cost."""

AGAIN = " (again)"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of comparing variants with a baseline."""

    title: str
    unit: str
    baseline: str
    target: str
    limit: float | None
    rounds: Mapping[str, list[float]]
    """Costs by variant, one a round; the baseline's second run under its name and `AGAIN`."""
    note: str = ""

    def median(self, variant: str) -> float:
        return statistics.median(self.rounds[variant])

    def ratios(self, variant: str) -> list[float]:
        pairs = zip(self.rounds[variant], self.rounds[self.baseline], strict=True)
        return [cost / base for cost, base in pairs]

    def ratio(self, variant: str) -> float:
        return statistics.median(self.ratios(variant))

    @property
    def variants(self) -> list[str]:
        return [name for name in self.rounds if name != self.baseline and not name.endswith(AGAIN)]

    @property
    def met(self) -> bool | None:
        """Whether every variant is within the limit; None without one."""
        if self.limit is None:
            return None
        return all(self.ratio(variant) <= self.limit for variant in self.variants)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value with its limit, where there is nothing to compare it with."""

    title: str
    unit: str
    value: float
    target: str
    limit: float | None
    raw: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def met(self) -> bool | None:
        return None if self.limit is None else self.value <= self.limit


Result = Comparison | Figure


def compare(
    title: str,
    variants: Mapping[str, Measure],
    *,
    unit: str = "s",
    rounds: int = 7,
    target: str = "",
    limit: float | None = None,
    note: str = "",
) -> Comparison:
    """Measure all variants in interleaved rounds; the first one is the baseline.

    One round before the first is thrown away, and every other round goes backwards.
    """
    baseline = next(iter(variants))
    order = [*variants.items(), (baseline + AGAIN, variants[baseline])]
    costs: dict[str, list[float]] = {name: [] for name, _ in order}
    for _, measure in order:
        measure()
    for number in range(rounds):
        for name, measure in order if number % 2 == 0 else reversed(order):
            costs[name].append(measure())
    return Comparison(title, unit, baseline, target, limit, costs, note)


def cpu_each(work: Callable[[], object], times: int) -> Measure:
    """Return a measure of the CPU seconds that one call of `work` takes."""

    def measure() -> float:
        before = time.process_time()
        for _ in range(times):
            work()
        return (time.process_time() - before) / times

    return measure


def cpu_concurrently(
    work: Callable[[], Awaitable[object]],
    *,
    runner: asyncio.Runner,
    times: int,
    concurrency: int,
) -> Measure:
    """Return a measure of this process's CPU seconds for one `work`, many at once."""

    async def worker(count: int) -> None:
        for _ in range(count):
            await work()

    async def all_of_it() -> None:
        await asyncio.gather(*(worker(times // concurrency) for _ in range(concurrency)))

    def measure() -> float:
        before = time.process_time()
        runner.run(all_of_it())
        return (time.process_time() - before) / (times // concurrency * concurrency)

    return measure


def show(result: Result) -> str:
    """Return a result as lines for a terminal and for Markdown alike."""
    verdict = {True: "met", False: "not met", None: "no target"}[result.met]
    if isinstance(result, Figure):
        head = f"{_number(result.value, result.unit)}; target: {result.target} ({verdict})"
        return "\n\n".join(
            filter(None, [head, result.note, _raw({"raw": result.raw}, result.unit)])
        )
    rows = ["| variant | median | ratio | lowest | highest |", "| --- | --: | --: | --: | --: |"]
    for name in result.rounds:
        ratios = result.ratios(name)
        cells = [f"{result.ratio(name):.2f}", f"{min(ratios):.2f}", f"{max(ratios):.2f}"]
        rows.append(
            f"| {name} | {_number(result.median(name), result.unit)} | {' | '.join(cells)} |"
        )
    target = f"Target: {result.target} ({verdict})." if result.target else ""
    blocks = ["\n".join(rows), target, result.note, _raw(result.rounds, result.unit)]
    return "\n\n".join(filter(None, blocks))


def _raw(rounds: Mapping[str, list[float]], unit: str) -> str:
    lines = [f"- {name}: {_numbers(costs, unit)}" for name, costs in rounds.items() if costs]
    return "\n".join(["Raw rounds:", "", *lines]) if lines else ""


def _numbers(values: list[float], unit: str) -> str:
    if unit != "s":
        return f"{', '.join(f'{each:,.1f}' for each in values)} {unit}"
    return ", ".join(_number(each, unit) for each in values)


def _number(value: float, unit: str) -> str:
    if unit != "s":
        return f"{value:,.1f} {unit}"
    for size, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= size:
            return f"{value / size:.3g} {name}"
    return f"{value * 1e9:.3g} ns"


def save(results: list[Result], path: Path) -> None:
    """Write results with their raw rounds as JSON."""
    path.write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n")
