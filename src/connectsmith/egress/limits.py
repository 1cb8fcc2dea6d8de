"""How long and how large an exchange may get."""

from dataclasses import dataclass
from datetime import timedelta

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Budgets of one exchange. Byte counts are those of the decompressed body.

    Attributes:
        credential_bytes: For answers of token and revocation endpoints; more is an error.
        action_bytes: For other answers; the rest is cut off.
        download_bytes: For streamed bodies; more is an error.
        ratio: How many times larger than what was received a decompressed body may get.
        deadline: For a whole exchange with its redirects, unless the request says otherwise.
        longest_deadline: The most a request may ask for.
        download_deadline: For a streamed exchange, unless the request says otherwise.
        connect: For one connection with its TLS handshake.
        silence: The longest pause before and within an answer, unless the request has a deadline
            of its own.
        lookup: For one DNS look-up.
        redirects: How many an action may follow.
    """

    credential_bytes: int = 256 * KIB
    action_bytes: int = 10 * MIB
    download_bytes: int = 1024 * MIB
    ratio: int = 100
    deadline: timedelta = timedelta(seconds=30)
    longest_deadline: timedelta = timedelta(seconds=120)
    download_deadline: timedelta = timedelta(minutes=10)
    connect: timedelta = timedelta(seconds=5)
    silence: timedelta = timedelta(seconds=15)
    lookup: timedelta = timedelta(seconds=2)
    redirects: int = 3
    header_line_bytes: int = 16 * KIB
    header_lines: int = 128
    interim_answers: int = 5
    connections: int = 512
    connections_to_one_host: int = 128
