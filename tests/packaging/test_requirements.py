import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "requirements").glob("*.txt"))
PIN = re.compile(r"^[a-z0-9][a-z0-9._-]*==\S+( ; .+)? \\$")


@pytest.mark.parametrize("file", FILES, ids=lambda each: str(each.name))
def test_every_requirement_is_pinned_with_hashes_and_names_no_place(file: Path) -> None:
    text = file.read_text()
    pins = [line for line in text.splitlines() if line[:1] not in (" ", "#", "")]

    assert pins
    assert [line for line in pins if not PIN.match(line)] == []
    assert text.count("--hash=sha256:") >= len(pins)
    assert not re.search(r"://|@ |file:|--index|--find-links", text)


def test_the_pins_satisfy_the_ranges_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = dict(
        line.split(" ")[0].split("==")
        for line in (ROOT / "requirements" / "base.txt").read_text().splitlines()
        if "==" in line and line[:1].isalpha()
    )

    for each in map(Requirement, project["dependencies"]):
        assert each.specifier.contains(pinned[each.name.lower()]), each
