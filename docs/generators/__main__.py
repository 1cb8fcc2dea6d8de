"""Write the pages that say what the code says; `--check` only tells which are out of date.

Run it by `make docs`, or `python -m docs.generators [--check]`.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from docs.generators import (
    api,
    command_line,
    conformance,
    errors,
    format_pages,
    needs,
    presets,
    quirks,
    served_pages,
    settings,
)

DOCS = Path(__file__).resolve().parents[1]
PAGES: Mapping[str, Callable[[], str]] = {
    "conformance.md": conformance.page,
    "reference/api.md": api.page,
    "reference/command-line.md": command_line.page,
    "reference/errors.md": errors.page,
    "reference/format.md": format_pages.page,
    "reference/needs.md": needs.page,
    "reference/openapi.json": api.openapi,
    "reference/presets.md": presets.page,
    "reference/quirks.md": quirks.page,
    "reference/settings.md": settings.page,
    **served_pages.PAGES,
}
"""Every generated page, and what writes it."""


def outdated() -> list[str]:
    """Return the pages that differ from what the code says now."""
    return [name for name, write in PAGES.items() if _stored(name) != write()]


def _stored(name: str) -> str:
    path = DOCS / name
    return path.read_text() if path.exists() else ""


def main() -> int:
    """Write the pages, or with `--check` only compare them; 1 when something differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="change nothing; fail on a difference")
    if parser.parse_args().check:
        pages = outdated()
        sys.stdout.writelines(f"out of date: docs/{page}; run make docs\n" for page in pages)
        return 1 if pages else 0
    for name, write in PAGES.items():
        (DOCS / name).parent.mkdir(exist_ok=True)
        (DOCS / name).write_text(write())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
