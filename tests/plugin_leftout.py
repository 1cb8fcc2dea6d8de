"""Say at the end of a run what was left out and why; in a strict run, fail because of it.

A run is strict when `CONNECTSMITH_TEST_STRICT` is 1.
"""

import os
from collections import Counter

import pytest


class LeftOut:
    """Counts skipped tests by reason."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self.reasons[_reason(report.longrepr)] += 1

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.reasons and _strict() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        total = sum(self.reasons.values())
        terminalreporter.write_sep("-", f"left out: {total}")
        for reason, count in self.reasons.most_common():
            terminalreporter.write_line(f"{count} left out: {reason}")
        if total and _strict():
            terminalreporter.write_line("A strict run leaves nothing out: this run has failed.")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(LeftOut(), "connectsmith-left-out")


def _reason(longrepr: object) -> str:
    written = longrepr[2] if isinstance(longrepr, tuple) else longrepr
    return str(written).removeprefix("Skipped: ")


def _strict() -> bool:
    return os.environ.get("CONNECTSMITH_TEST_STRICT") == "1"
