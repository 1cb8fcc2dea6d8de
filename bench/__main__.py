"""Run the benchmarks and keep their figures in docs/benchmarks.md.

    python -m bench [--only calls] [--json results.json] [--dry]

The page's hand-written parts, below the figures, are kept as they are.
"""

import argparse
import contextlib
import importlib
import io
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench.harness import Result, save, show

MODULES = ("format", "keys", "egress", "calls", "handshakes", "pages", "footprint")
PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
END = "<!-- Below this line the page is written by hand. -->"
HEAD = """\
# Benchmarks

<!-- Written by make bench; change bench/ instead. -->

Ratios say how many times the cost of the first variant, measured side by side in one run: the
median of the rounds' ratios, with the lowest and the highest. A line that ends in *(again)* is the
same code against itself: the noise. CPU is user and system time of the process under test."""


def run(name: str) -> tuple[str, list[Result]]:
    """Run one module's benchmarks; return what they say, and their results."""
    module = importlib.import_module(f"bench.{name}")
    results: list[Result] = []
    parts: list[str] = []
    if not hasattr(module, "measure"):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            module.main()
        return f"## {name.capitalize()}\n\n```text\n{printed.getvalue().rstrip()}\n```", results
    for result in module.measure():
        results.append(result)
        parts.append(f"## {result.title}\n\n{show(result)}")
        print(f"\n{parts[-1]}", flush=True)
    return "\n\n".join(parts), results


def machine() -> str:
    """Return a line about where and when this ran."""
    version = f"{platform.python_implementation()} {platform.python_version()}"
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} with {version} on {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} cores."
    )


def write(figures: str) -> None:
    """Put the figures into the page and keep what stands below them."""
    old = PAGE.read_text() if PAGE.exists() else ""
    _, _, by_hand = old.partition(END)
    PAGE.write_text(f"{HEAD}\n\n{machine()}\n\n{figures}\n\n{END}{by_hand or chr(10)}")


def main() -> int:
    """Run the modules asked for; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=MODULES, help="may be repeated")
    parser.add_argument("--json", type=Path, help="where to keep the results with raw rounds")
    parser.add_argument("--dry", action="store_true", help="leave docs/benchmarks.md alone")
    options = parser.parse_args()
    said, results = [], []
    for name in options.only or MODULES:
        text, more = run(name)
        said.append(text)
        results.extend(more)
    if not options.dry and not options.only:
        write("\n\n".join(said))
    if options.json:
        save(results, options.json)
    missed = [result.title for result in results if result.met is False]
    print(f"\ntargets missed: {', '.join(missed) or 'none'}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
