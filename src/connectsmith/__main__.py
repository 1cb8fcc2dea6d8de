"""`python -m connectsmith` is the command line."""

from connectsmith.cli.main import main

main()
