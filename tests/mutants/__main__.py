"""Take each control out of a copy of the source and see its tests turn red.

    python -m tests.mutants [--row C-17] [--jobs 2]

A mutant is *killed* when a test marked for its row fails. It is a fault when it *survives*, when
it is *stale* (its text no longer stands exactly once in the source), or when the tests could not
run (*error*): red before the mutant, not collected, no test marked, or longer than the limit.
"""

import argparse
import os
import queue
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.evidence import ROOT, Mutant, Row, rows

_LIMIT_SECONDS = 180
_PASSED, _FAILED = 0, 1
_LEFT_OUT = shutil.ignore_patterns("__pycache__", ".pytest_cache", "node_modules")


class Stale(Exception):  # noqa: N818 - an ending of a mutant, named as it is reported
    """A mutant's text does not stand exactly once in the source."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one mutant."""

    mutant: Mutant
    ending: str
    note: str = ""


class Copy:
    """A copy of the tree that one worker at a time may change."""

    def __init__(self, original: Path, place: Path) -> None:
        self.root = place
        self._stamps = count(1)
        for entry in original.iterdir():
            if entry.name in {"src", "tests"}:
                shutil.copytree(entry, place / entry.name, ignore=_LEFT_OUT)
            elif entry.name != ".git":
                (place / entry.name).symlink_to(entry)
        for modules in (original / "tests").glob("**/node_modules"):
            if "node_modules" not in modules.parent.parts:
                (place / modules.relative_to(original)).symlink_to(modules)
        self._refuse_to_be_shadowed()

    def run(self, tests: Sequence[str], *options: str) -> tuple[int, str]:
        """Run tests on this copy; the exit code is pytest's, and 124 past the limit."""
        command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider"]
        with tempfile.TemporaryFile("w+") as output:
            process = subprocess.Popen(
                [*command, *options, *tests],
                cwd=self.root,
                env=self._environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                code = process.wait(_LIMIT_SECONDS if "-x" in options else None)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                code = 124
            output.seek(0)
            return code, output.read()

    @contextmanager
    def mutated(self, mutant: Mutant) -> Iterator[None]:
        """Apply a mutant's edits for the length of a block."""
        before: dict[Path, tuple[str, os.stat_result]] = {}
        try:
            for edit in mutant.edits:
                path = self.root / edit.file
                text = path.read_text() if path.is_file() else ""
                if text.count(edit.find) != 1:
                    raise Stale(f"found {text.count(edit.find)} times in {edit.file}")
                before.setdefault(path, (text, path.stat()))
                changed = text.replace(edit.find, edit.replace)
                if path.suffix == ".py":
                    compile(changed, str(path), "exec")
                path.write_text(changed)
                self._date(path)
            yield
        finally:
            for path, (text, stat) in before.items():
                path.write_text(text)
                os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    def _date(self, path: Path) -> None:
        """Give a changed file a second of its own: cached bytecode is found by whole seconds."""
        moment = 2_000_000_000 + next(self._stamps)
        os.utime(path, (moment, moment))

    def _environment(self) -> dict[str, str]:
        paths = os.pathsep.join([str(self.root / "src"), str(self.root)])
        return {**os.environ, "PYTHONPATH": paths}

    def _refuse_to_be_shadowed(self) -> None:
        """Stop if an installed package would be tested instead of the copy."""
        seen = subprocess.run(
            [sys.executable, "-c", "import connectsmith; print(connectsmith.__file__)"],
            cwd=self.root,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        if not Path(seen).is_relative_to(self.root):
            raise SystemExit(f"the installed {seen} hides the copy in {self.root}")


def judge(copy: Copy, mutant: Mutant, tests: Sequence[str]) -> Verdict:
    """Return what becomes of a mutant on a copy."""
    try:
        with copy.mutated(mutant):
            code, output = copy.run(tests, "-x")
    except (Stale, SyntaxError) as fault:
        return Verdict(mutant, "stale", str(fault))
    if code == _FAILED:
        return Verdict(mutant, "killed")
    if code == _PASSED:
        return Verdict(mutant, "survived", mutant.why)
    return Verdict(mutant, "error", f"pytest ended with {code}\n{output[-2000:]}")


def judge_all(original: Path, wanted: Sequence[Row], jobs: int) -> Iterator[Verdict]:
    """Yield a verdict for every mutant, as they come."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        idle: queue.Queue[Copy] = queue.Queue()
        for number in range(jobs):
            (Path(place) / str(number)).mkdir()
            idle.put(Copy(original, Path(place) / str(number)))
        first = idle.get()
        red = _red_already(first, wanted, jobs)
        idle.put(first)

        def work(row: Row, mutant: Mutant) -> Verdict:
            if not row.tests:
                return Verdict(mutant, "error", "no test is marked for its row")
            if red.intersection(row.tests):
                return Verdict(mutant, "error", "its test is red without the mutant")
            copy = idle.get()
            try:
                return judge(copy, mutant, row.tests)
            finally:
                idle.put(copy)

        with ThreadPoolExecutor(jobs) as pool:
            futures = [pool.submit(work, row, mutant) for row in wanted for mutant in row.mutants]
            yield from (future.result() for future in as_completed(futures))


def _red_already(copy: Copy, wanted: Sequence[Row], jobs: int) -> set[str]:
    """Return the tests that fail on the source as it is; their mutants would prove nothing."""
    tests = sorted({test for row in wanted if row.mutants for test in row.tests})
    if not tests:
        return set()
    code, output = copy.run(tests, "-n", str(jobs), "-rfE")
    if code == _PASSED:
        return set()
    lines = [line for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    red = {test for test in tests for line in lines if test in line or line.split()[1] in test}
    if not red:
        raise SystemExit(f"the marked tests do not run on the source as it is:\n{output[-4000:]}")
    return red


def main() -> int:
    """Run the mutants and report; 0 when every one was killed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--row", action="append", help="only this row; may be repeated")
    parser.add_argument("--jobs", type=int, default=2, help="copies worked on at once")
    parser.add_argument("--root", type=Path, default=ROOT, help="the tree to copy")
    options = parser.parse_args()
    wanted = [row for row in rows(options.root) if not options.row or row.id in options.row]
    endings: Counter[str] = Counter()
    for verdict in judge_all(options.root, wanted, options.jobs):
        endings[verdict.ending] += 1
        _say(f"{verdict.ending:9} {verdict.mutant.name}  {verdict.note}".rstrip())
    bare = [row.id for row in wanted if not row.mutants]
    _say(", ".join(f"{number} {ending}" for ending, number in endings.items()) or "no mutants")
    if bare:
        _say(f"rows without a mutant: {' '.join(bare)}")
    return 0 if endings.keys() <= {"killed"} and not bare else 1


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
