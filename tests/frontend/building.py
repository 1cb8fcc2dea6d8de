"""`make frontend`: build the scripts and styles of the pages into the package."""

import subprocess
from pathlib import Path

from tests.servers.node import NODE, install, with_node

FRONTEND = Path(__file__).parents[2] / "frontend"


def build(*into: Path) -> None:
    """Install what is pinned, and build: into the package, or into another folder."""
    install(FRONTEND)
    subprocess.run([NODE, "build.mjs", *into], cwd=FRONTEND, env=with_node(), check=True)


if __name__ == "__main__":
    build()
