"""What a server process writes to standard error: one JSON object a line.

Never a query string, a header or a body; and of an exception that nobody expected its kind and its
place only, because its message and its frames may hold anything.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from types import TracebackType

import structlog


def configure_logging(level: str) -> None:
    """Write our own lines from `level` on, and those of libraries from warnings on."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LibraryLines())
    logging.basicConfig(level=max(threshold, logging.WARNING), handlers=[handler], force=True)


class LibraryLines(logging.Formatter):
    """Say which library has something to say, and of an exception its kind and place."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line without the record's message: it may quote what was sent."""
        line = {
            "event": "library",
            "logger": record.name,
            "level": record.levelname.lower(),
            "at": f"{record.pathname}:{record.lineno}",
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
        }
        kind, _, trace = record.exc_info or (None, None, None)
        if kind is not None:
            line |= {"kind": kind.__name__, "at": place_of(trace)}
        return json.dumps(line)


def place_of(trace: TracebackType | None) -> str:
    """Return file and line where an exception was raised."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
