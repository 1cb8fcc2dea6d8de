import asyncio
import contextlib
import copy
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable
from io import StringIO

import pytest

from connectsmith.core.message import Carried, HttpRequest
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret

CANARY = "canary-7f3a9c51"
_NOWHERE = Destinations(frozenset())

WRITERS: dict[str, Callable[[Secret], str]] = {
    "repr": repr,
    "str": str,
    "format": "{}".format,
    "format with a width": "{:>40}".format,
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - a way of leaking
    "f-string": lambda secret: f"{secret!s} {secret!r} {secret!a} {secret}",
    "in a container": lambda secret: repr({"a": [secret]}),
    "pprint": pprint.pformat,
    "in a request": lambda secret: repr(
        HttpRequest("GET", "https://a.example", carries=(Carried("t", secret, _NOWHERE),))
    ),
    "vars": lambda secret: repr(dir(secret)),
}


@pytest.mark.row("T-38")
@pytest.mark.parametrize("writer", WRITERS)
def test_no_way_of_writing_a_secret_shows_it(writer: str) -> None:
    assert CANARY not in WRITERS[writer](Secret(CANARY))


@pytest.mark.row("T-38")
@pytest.mark.parametrize(
    "serialise",
    [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, iter, bytes],
    ids=lambda each: each.__name__,
)
def test_a_secret_cannot_be_serialised(serialise: Callable[[object], object]) -> None:
    with pytest.raises(TypeError) as caught:
        serialise(Secret(CANARY))

    assert CANARY not in str(caught.value)


def fail_with(secret: Secret) -> None:
    raise RuntimeError(f"could not use {secret!r}")


@pytest.mark.row("T-38")
def test_a_traceback_with_local_variables_does_not_show_a_secret() -> None:
    secret = Secret(CANARY)

    try:
        fail_with(secret)
    except RuntimeError as error:
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)

    assert CANARY not in "".join(shown.format())
    assert "secret" in "".join(shown.format())


def test_a_log_at_debug_level_does_not_show_a_secret() -> None:
    written = StringIO()
    logger = logging.Logger("test", logging.DEBUG)  # noqa: LOG001 - none that others see
    logger.addHandler(logging.StreamHandler(written))

    try:
        fail_with(Secret(CANARY))
    except RuntimeError:
        logger.exception("failed with %s and %r", Secret(CANARY), [Secret(CANARY)])

    assert CANARY not in written.getvalue()
    assert "failed with" in written.getvalue()


async def test_a_failing_task_in_debug_mode_does_not_show_a_secret() -> None:
    reported: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.set_exception_handler(lambda _, context: reported.append(repr(context)))

    async def task(secret: Secret) -> None:
        fail_with(secret)

    running = asyncio.ensure_future(task(Secret(CANARY)))
    with contextlib.suppress(RuntimeError):
        await running

    loop.call_exception_handler({"message": "m", "task": running, "exception": running.exception()})
    assert len(reported) == 1
    assert CANARY not in reported[0]


def test_secrets_compare_by_value_and_are_no_keys() -> None:
    assert Secret(CANARY) == Secret(CANARY)
    assert Secret(CANARY) != Secret("other")
    assert Secret(CANARY) != CANARY
    with pytest.raises(TypeError):
        hash(Secret(CANARY))


def test_a_secret_knows_whether_it_is_empty() -> None:
    assert not Secret("")
    assert len(Secret(CANARY)) == len(CANARY)
