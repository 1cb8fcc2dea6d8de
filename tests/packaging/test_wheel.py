"""The wheel, built as anybody would and installed away from the checkout."""

import os
import socket
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
SOURCE = CHECKOUT / "src"


@dataclass(frozen=True, slots=True)
class Installed:
    """A virtual environment that holds the wheel, and the dependencies of this one."""

    folder: Path
    wheel: Path

    def run(self, *command: str, home: Path) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment, with nothing of ours around it."""
        program, *arguments = command
        environ = {
            "HOME": str(home),
            "PATH": os.defpath,
            "PYTHONSAFEPATH": "1",
        }
        return subprocess.run(
            [str(self.folder / "bin" / program), *arguments],
            cwd=home,
            env=environ,
            check=False,
            capture_output=True,
            text=True,
            timeout=240,
        )


def build(into: Path) -> Path:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(into)]
    subprocess.run([*command, str(CHECKOUT)], check=True, capture_output=True)
    (wheel,) = into.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("away")
    wheel = build(folder / "dist")
    environment = folder / "venv"
    venv.create(environment, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", str(environment), "--no-input", "--quiet"]
    install = [*pip, "install", "--no-index", "--no-deps", "--disable-pip-version-check"]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Installed(environment, wheel)


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (each for each in opened.namelist() if each.endswith(".dist-info/METADATA"))
        return Parser().parsestr(opened.read(name).decode())


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_everything_under_src_is_in_the_wheel_and_nothing_else(installed: Installed) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "src/connectsmith"],
        cwd=CHECKOUT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    there = {each for each in listed.stdout.splitlines() if (CHECKOUT / each).exists()}

    with zipfile.ZipFile(installed.wheel) as opened:
        packed = {each for each in opened.namelist() if ".dist-info/" not in each}

    assert packed == {each.removeprefix("src/") for each in there}


def test_the_licence_travels_along_and_the_metadata_names_it(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as opened:
        names = opened.namelist()

    assert metadata(installed.wheel)["License-Expression"] == "Apache-2.0"
    assert any(each.endswith(".dist-info/licenses/LICENSE") for each in names)


def test_the_metadata_holds_ranges_so_that_a_plain_install_works(installed: Installed) -> None:
    said = metadata(installed.wheel)
    needed = said.get_all("Requires-Dist") or []

    assert said["Requires-Python"] == ">=3.11"
    assert said.get_all("Provides-Extra") == ["postgres"]
    assert not [each for each in needed if "==" in each.partition(";")[0]]


def test_the_package_runs_away_from_the_checkout(installed: Installed, tmp_path: Path) -> None:
    where = installed.run(
        "python", "-c", "import connectsmith; print(connectsmith.__file__)", home=tmp_path
    )
    version = installed.run("connectsmith", "--version", home=tmp_path)

    assert where.stdout.startswith(str(installed.folder)), where.stderr
    assert version.returncode == 0, version.stderr


def test_the_demo_plays_away_from_the_checkout_and_is_not_played_twice(
    installed: Installed, tmp_path: Path
) -> None:
    ports = ("--port", free_port(), "--sandbox-port", free_port())

    first = installed.run("connectsmith", "demo", "--leave", *ports, home=tmp_path)
    second = installed.run("connectsmith", "demo", "--leave", *ports, home=tmp_path)

    assert first.returncode == 0, first.stderr
    assert "calendars.list is called." in first.stdout
    assert (second.returncode, second.stdout) == (0, ""), second.stderr
    assert "demo --again" in second.stderr
    assert 'Ada signed in to "Practice calendar"' in second.stderr
