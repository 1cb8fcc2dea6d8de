"""Play every scenario and record how both runs ended: `python -m tests.needs [ROW ...]`."""

import asyncio
import sys

from tests.needs.facts import OUTCOMES, Outcome, outcomes
from tests.needs.scenario import play
from tests.needs.table import SCENARIOS

HEAD = (
    "# How the scenarios ended; written by `python -m tests.needs`, held true by test_needs.py.\n"
)


async def _record(names: list[str]) -> None:
    ended = {name: each for name, each in outcomes().items() if name in SCENARIOS}
    for name in names or list(SCENARIOS):
        scenario = SCENARIOS[name]
        served, control = [await play(scenario, served=each) for each in (True, False)]
        ended[name] = Outcome(served, control)
        sys.stdout.write(f"{name}: {served or 'served'} | {control or 'NOT NOTICED'}\n")
    lines = [_table(name, ended[name]) for name in SCENARIOS if name in ended]
    OUTCOMES.write_text(HEAD + "\n".join(["", *lines]))


def _table(name: str, outcome: Outcome) -> str:
    lines = [f'["{name}"]']
    for member in ("served", "control"):
        text = getattr(outcome, member)
        if text is not None:
            quoted = text.replace("\\", "\\\\").replace('"', '\\"')
            lines.append(f'{member} = "{quoted}"')
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    asyncio.run(_record(sys.argv[1:]))
