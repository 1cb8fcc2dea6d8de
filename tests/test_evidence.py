"""The evidence is read from the tests' source, and mutants are judged by running them."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.evidence import ROOT, EvidenceError, marked_tests, rows

MARKED = """
import pytest

pytestmark = [pytest.mark.row("C-05")]


@pytest.mark.row("C-01", "C-02")
def test_one(): ...


class TestGroup:
    @pytest.mark.parametrize("x", [1, pytest.param(2, marks=pytest.mark.row("C-03"))])
    async def test_two(self, x): ...


@pytest.mark.row("C-04")
def helper(): ...
"""


def test_marks_are_found_on_functions_methods_parameters_and_modules(tmp_path: Path) -> None:
    write(tmp_path / "tests/deep/test_some.py", MARKED)

    one, two = "tests/deep/test_some.py::test_one", "tests/deep/test_some.py::TestGroup::test_two"
    assert marked_tests(tmp_path) == {
        "C-01": {one},
        "C-02": {one},
        "C-03": {two},
        "C-05": {one, two},
    }


def test_a_marker_for_an_unknown_row_is_a_contradiction(tmp_path: Path) -> None:
    write(tmp_path / "tests/conformance.toml", "")
    write(tmp_path / "tests/test_some.py", MARKED)

    with pytest.raises(EvidenceError, match="C-01"):
        rows(tmp_path)


def test_every_row_states_its_requirement_and_source() -> None:
    assert all(row.requirement and row.source for row in rows())


def test_no_row_is_open_and_no_mutant_is_stale() -> None:
    for row in rows():
        assert row.tests, f"{row.id} has no test"
        assert row.mutants, f"{row.id} has no mutant"
        for mutant in row.mutants:
            for edit in mutant.edits:
                source = (ROOT / edit.file).read_text(encoding="utf-8")
                assert source.count(edit.find) == 1, f"{mutant.name} is stale in {edit.file}"


def test_each_failure_that_credentials_survive_has_a_control_in_a_file_of_its_tests() -> None:
    for row in (each for each in rows() if each.id.startswith("R-")):
        files = {test.partition("::")[0] for test in row.tests}
        controls = {control.partition("::")[0] for control in row.controls}
        assert controls & files, f"{row.id} has no control"


def test_mutants_end_killed_survived_stale_or_in_error(tmp_path: Path) -> None:
    """`C-06` waits for nothing and must still end: its test is red from the start."""
    write_small_tree(tmp_path)

    result = judge(tmp_path)

    endings = {line.split()[1]: line.split()[0] for line in result.stdout.splitlines()[:6]}
    assert endings == {
        "C-01": "killed",
        "C-02": "survived",
        "C-03": "stale",
        "C-04": "error",
        "C-05": "killed",
        "C-06": "error",
    }, result.stdout + result.stderr
    assert "rows without a mutant: C-07" in result.stdout
    assert result.returncode == 1


def test_mutants_that_are_all_killed_end_with_success(tmp_path: Path) -> None:
    write_small_tree(tmp_path)

    result = judge(tmp_path, "--row", "C-01")

    assert (result.returncode, result.stdout) == (0, "killed    C-01\n1 killed\n")


def judge(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.mutants", "--root", root, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def write_small_tree(root: Path) -> None:
    promise = 'requirement = "It holds."\nsource = "us"\n'
    write(
        root / "tests/conformance.toml",
        "".join(f"[C-0{number}]\n{promise}" for number in range(1, 8)),
    )
    write(root / "src/connectsmith/__init__.py", "LIMIT = 5\nNAME = 'a'\n")
    write(
        root / "pyproject.toml",
        '[tool.pytest.ini_options]\nmarkers = ["row(*ids): rows"]\npythonpath = ["."]\n'
        'addopts = ["--import-mode=importlib"]\n',
    )
    write(
        root / "tests/test_all.py",
        """
import pytest
import connectsmith

@pytest.mark.row("C-01", "C-02", "C-03", "C-05")
def test_limit():
    assert connectsmith.LIMIT == 5

@pytest.mark.row("C-06")
def test_red():
    assert connectsmith.LIMIT == 6
""",
    )
    limit, name = ("LIMIT = 5", "LIMIT = 7"), ("NAME = 'a'", "NAME = 'b'")
    gone = ("OTHER = 1", "")
    edits = {"C-01": limit, "C-02": name, "C-03": gone, "C-04": limit, "C-05": limit, "C-06": limit}
    for row, (find, replace) in edits.items():
        write(
            root / f"tests/mutants/{row}.toml",
            f'why = "no limit"\n[[edit]]\nfile = "src/connectsmith/__init__.py"\n'
            f'find = "{find}"\nreplace = "{replace}"\n',
        )


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
