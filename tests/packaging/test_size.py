from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

BASE = Path(__file__).parents[2] / "requirements" / "base.txt"
MEGABYTE = 1_000_000
LIMIT = 110 * MEGABYTE


def installed_size(name: str) -> int:
    """Return the bytes that a distribution's files take, compiled ones included."""
    try:
        files = distribution(name).files or []
    except PackageNotFoundError:
        pytest.fail(f"{name} is pinned but not installed")
    paths = (Path(str(each.locate())) for each in files)
    return sum(each.stat().st_size for each in paths if each.is_file())


def pinned() -> list[str]:
    lines = (line.rstrip(" \\") for line in BASE.read_text().splitlines() if line[:1].isalpha())
    found = [Requirement(line) for line in lines]
    return [each.name for each in found if each.marker is None or each.marker.evaluate()]


def own_size() -> int:
    package = Path(__file__).parents[2] / "src" / "connectsmith"
    return sum(each.stat().st_size for each in package.rglob("*") if each.is_file())


def test_the_base_package_with_its_dependencies_is_small() -> None:
    sizes = {name: installed_size(name) for name in pinned()} | {"connectsmith": own_size()}
    largest = sorted(sizes, key=lambda name: -sizes[name])[:8]

    total = sum(sizes.values())
    print()  # noqa: T201 - `make size` shows it
    for name in largest:
        print(f"{sizes[name] / MEGABYTE:6.1f} MB  {name}")  # noqa: T201 - the same
    print(f"{total / MEGABYTE:6.1f} MB  in all, of at most {LIMIT / MEGABYTE:.0f}")  # noqa: T201 - the same
    assert total < LIMIT
