import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.journeys.installation import settings_for

from connectsmith.errors import StartRefused
from connectsmith.worker import bound, sole


def test_data_directory_is_held_by_one_and_free_after_it(tmp_path: Path) -> None:
    with sole(tmp_path), pytest.raises(StartRefused) as caught, sole(tmp_path):
        pass
    with sole(tmp_path) as again:
        assert again is None

    assert f"(process {os.getpid()})" in caught.value.message
    assert str(tmp_path) in caught.value.message


def test_data_directory_is_made_for_its_owner_only(tmp_path: Path) -> None:
    with sole(tmp_path / "new" / "data"):
        assert (tmp_path / "new" / "data").stat().st_mode & 0o077 == 0


def test_nobody_else_can_hold_the_lock_of_a_directory_that_others_may_enter(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with sole(tmp_path):
        assert (tmp_path / "lock").stat().st_mode & 0o077 == 0


def test_server_process_leaves_no_core_behind() -> None:
    code = (
        "import resource, connectsmith.worker as worker; worker.keep_no_core(); "
        "print(resource.getrlimit(resource.RLIMIT_CORE))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout == "(0, 0)\n"


def test_port_that_is_taken_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = settings_for(tmp_path, taken.getsockname()[1])

        with pytest.raises(StartRefused) as caught, bound(settings):
            pass

    assert f"127.0.0.1:{settings.port}" in caught.value.message
    assert not (tmp_path / "data").exists()


def test_port_is_listened_on_over_either_internet_protocol(tmp_path: Path) -> None:
    for host in ("127.0.0.1", "::1"):
        with bound(settings_for(tmp_path, 0, host=host)) as listener:
            socket.create_connection(listener.getsockname()[:2], timeout=5).close()
