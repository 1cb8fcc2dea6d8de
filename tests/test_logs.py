import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from connectsmith.logs import configure_logging

SECRET = "a-secret-value"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Leave logging as it was found."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def fail() -> None:
    raise ValueError(SECRET)


def test_our_lines_are_json_with_level_and_time(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("debug")

    structlog.get_logger("any").debug("begun", process=7)

    (line,) = written(capsys)
    assert (line["event"], line["level"], line["process"]) == ("begun", "debug", 7)
    assert line["timestamp"].endswith("Z")


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning")

    structlog.get_logger("any").info("begun")
    logging.getLogger("library").info("chatter")

    assert written(capsys) == []


def test_library_is_quoted_with_place_and_kind_and_never_with_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("debug")

    try:
        fail()
    except ValueError:
        logging.getLogger("uvicorn.error").exception("broke on %s", SECRET)
    logging.getLogger("aiohttp").warning("GET /path?code=%s", SECRET)
    logging.getLogger("uvicorn.access").info("GET /path?code=%s", SECRET)

    output = capsys.readouterr().err
    broke, warned = map(json.loads, output.splitlines())
    assert SECRET not in output
    assert (broke["logger"], broke["kind"]) == ("uvicorn.error", "ValueError")
    assert broke["at"].startswith(f"{__file__}:")
    assert (warned["event"], warned["level"]) == ("library", "warning")
