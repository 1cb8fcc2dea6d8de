"""Exit codes: one for each fault, the same for errors and for outcomes of calls."""

from collections.abc import Mapping
from typing import Final

from connectsmith.errors import Fault

EXIT_OF_FAULT: Final[Mapping[Fault, int]] = {
    Fault.DEFINITION: 2,
    Fault.CALLER: 64,
    Fault.ACCESS: 77,
    Fault.CREDENTIALS: 3,
    Fault.REMOTE: 4,
    Fault.NETWORK: 4,
    Fault.UNAVAILABLE: 75,
    Fault.OURS: 70,
}
INTERRUPTED: Final = 130


def exit_of(fault: str | None) -> int:
    """Return the exit code of an outcome's fault, also of one that is newer than this client."""
    return EXIT_OF_FAULT[Fault(fault)] if fault in set(Fault) else EXIT_OF_FAULT[Fault.OURS]
