"""The error tree as callers see it: codes, faults, and what each fault becomes."""

import inspect
from collections.abc import Iterator
from enum import EnumType
from itertools import pairwise

from docs.generators.markdown import code, document, one_line, table

from connectsmith import errors
from connectsmith.api.problems import STATUS_OF_CODE, STATUS_OF_FAULT
from connectsmith.cli.exits import EXIT_OF_FAULT
from connectsmith.errors import ConnectsmithError, Fault

INTRODUCTION = """\
Every error has a stable code and a fault, which says who has to act. The API answers with a
problem document (RFC 9457) of type `application/problem+json`; the command line prints the same
message on standard error. A message never holds a secret, a body or a stack.

A call that the service answered is no error, whatever its status: its outcome says how it ended."""

RETRY = {
    Fault.REMOTE: "if the answer says so",
    Fault.NETWORK: "if the request may be repeated",
    Fault.UNAVAILABLE: "after `Retry-After`",
}


def page() -> str:
    """Return the page."""
    blocks = [INTRODUCTION, "## Faults", _faults()]
    for fault in Fault:
        blocks += [f"## {fault.value}", _codes(fault)]
    return document("Errors", *blocks)


def _faults() -> str:
    meanings = _member_docstrings(Fault)
    rows = (
        (
            f"[{fault}](#{fault})",
            meanings[fault.name],
            str(EXIT_OF_FAULT[fault]),
            RETRY.get(fault, "no"),
        )
        for fault in Fault
    )
    return table(("fault", "who has to act", "exit code", "retry"), rows)


def _codes(fault: Fault) -> str:
    rows = sorted((code(each.code), str(_status(each)), _meaning(each)) for each in _own(fault))
    return table(("code", "HTTP status", "meaning"), rows)


def _status(error: type[ConnectsmithError]) -> int:
    return STATUS_OF_CODE.get(error.code, STATUS_OF_FAULT[error.fault])


def _own(fault: Fault) -> Iterator[type[ConnectsmithError]]:
    for each in vars(errors).values():
        if not isinstance(each, type) or not issubclass(each, ConnectsmithError):
            continue
        if each.fault is fault and each is not ConnectsmithError:
            yield each


def _meaning(error: type[ConnectsmithError]) -> str:
    return one_line(inspect.getdoc(error))


def _member_docstrings(enum: EnumType) -> dict[str, str]:
    """Return the text under each member of an enum, which Python itself drops."""
    lines = inspect.getsource(enum).splitlines()
    pairs = pairwise(lines)
    return {
        line.split("=")[0].strip(): below.strip().strip('"')
        for line, below in pairs
        if "=" in line and below.strip().startswith('"""')
    }
