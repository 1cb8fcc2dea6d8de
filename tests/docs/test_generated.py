import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_generated_pages_say_what_the_code_says() -> None:
    """Run `make docs` when this fails."""
    result = subprocess.run(
        [sys.executable, "-m", "docs.generators", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
