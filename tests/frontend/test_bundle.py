"""The committed scripts and styles are what `make frontend` makes of their source, and small."""

import gzip
import subprocess
from pathlib import Path

import pytest
from tests.frontend.building import FRONTEND, build
from tests.servers.node import NODE, with_node

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "src" / "connectsmith" / "web" / "static"
MOST_SCRIPT = 200_000
DRAWN = {"brand.svg"}
"""What is not built."""


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static")
    build(folder)
    return folder


def test_the_committed_files_are_built_from_their_source(rebuilt: Path) -> None:
    made = {each.name: each.read_bytes() for each in rebuilt.iterdir()}
    committed = {each.name: each.read_bytes() for each in STATIC.iterdir()}

    assert made.keys() | DRAWN == committed.keys()
    assert [name for name in made if made[name] != committed[name]] == [], "run: make frontend"


def test_all_scripts_together_are_small() -> None:
    sizes = {each.name: len(gzip.compress(each.read_bytes(), 9)) for each in STATIC.glob("*.js")}

    assert sum(sizes.values()) < MOST_SCRIPT, sizes


def test_the_notices_name_every_package_in_the_scripts() -> None:
    text = (STATIC / "NOTICES.txt").read_text("utf-8")

    assert "htmx.org 2.0." in text
    assert "Permission to use, copy, modify" in text


def test_the_source_has_no_type_errors(rebuilt: Path) -> None:
    tsc = FRONTEND / "node_modules" / "typescript" / "bin" / "tsc"
    checked = subprocess.run(
        [NODE, tsc], cwd=FRONTEND, env=with_node(), check=False, capture_output=True, text=True
    )

    assert checked.returncode == 0, checked.stdout


def test_the_lock_file_names_no_place_to_download_from() -> None:
    assert "://" not in (FRONTEND / "package-lock.json").read_text("utf-8").replace(
        "https://opencollective.com", ""
    ).replace("https://github.com/sponsors", "")
