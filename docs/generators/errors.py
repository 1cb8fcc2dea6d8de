"""The error tree as callers see it: codes, faults, and what each fault becomes."""

import inspect
from collections.abc import Iterator
from enum import EnumType
from itertools import pairwise

from docs.generators.markdown import code, document, one_line, table

from connectsmith import errors
from connectsmith.errors import ConnectsmithError, Fault

INTRODUCTION = """\
Every error has a stable code and a fault, which says who has to act. The API answers with a
problem document (RFC 9457) of type `application/problem+json`; the command line prints the same
message on standard error. A message never holds a secret, a body or a stack.

A call that the service answered is no error, whatever its status: its outcome says how it ended."""

FAULTS = {
    Fault.DEFINITION: ("422", "2", "no"),
    Fault.CALLER: ("400, 404, 405, 409, 412, 413, 415, 428", "64", "no"),
    Fault.ACCESS: ("401, 403", "77", "no"),
    Fault.CREDENTIALS: ("409", "3", "no"),
    Fault.REMOTE: ("502", "4", "if the answer says so"),
    Fault.NETWORK: ("504", "4", "if the request may be repeated"),
    Fault.UNAVAILABLE: ("429, 503", "75", "after `Retry-After`"),
    Fault.OURS: ("500", "70", "no"),
}


def page() -> str:
    """Return the page."""
    blocks = [INTRODUCTION, "## Faults", _faults()]
    for fault in Fault:
        blocks += [f"## {fault.value}", _codes(fault)]
    return document("Errors", *blocks)


def _faults() -> str:
    meanings = _member_docstrings(Fault)
    rows = ((f"[{fault}](#{fault})", meanings[fault.name], *FAULTS[fault]) for fault in Fault)
    return table(("fault", "who has to act", "HTTP status", "exit code", "retry"), rows)


def _codes(fault: Fault) -> str:
    rows = sorted((code(each.code), _meaning(each)) for each in _own(fault))
    return table(("code", "meaning"), rows)


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
