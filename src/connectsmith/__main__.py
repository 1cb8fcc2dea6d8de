"""`python -m connectsmith`, and where the installed program begins."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C while it is still being loaded ends it without a trace."""
    try:
        from connectsmith.cli import main as command_line  # noqa: PLC0415 - loading takes a while
    except KeyboardInterrupt:
        sys.exit(130)
    command_line.main()


if __name__ == "__main__":
    main()
