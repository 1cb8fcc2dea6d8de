"""A connection by device code: show the code and the address, and wait until somebody said yes.

The address with the code in it is never opened from here: whoever opens it says yes to what they
may not have begun (RFC 8628 section 5.4).
"""

import time
import webbrowser
from collections.abc import Callable
from typing import Final

from connectsmith.cli.printing import plain, warn
from connectsmith.errors import AuthorizationEnded
from connectsmith.sdk import Client, operations
from connectsmith.sdk.answers import Connection, StartedAuthorization
from connectsmith.sdk.problems import ending_of

PAUSE: Final = 2.0
"""Seconds between looks at our own server, which asks the other one at its own pace."""


def wait_for_yes(
    client: Client,
    started: StartedAuthorization,
    *,
    opens: bool,
    pause: Callable[[float], None] = time.sleep,
) -> Connection:
    """Show what is to be typed where, and return the connection that a yes made.

    Raises:
        AuthorizationEnded, ConsentDenied, ...: as it ended otherwise.
    """
    _show(started)
    if opens and started.device is not None:
        webbrowser.open(started.device.verification_uri)
    while True:
        found = client.send(operations.authorization(started.id))
        if found.error is not None:
            raise ending_of(found.error.code, found.error.message or "It failed.")
        if found.connection is not None:
            return client.send(operations.connection(found.connection))
        if found.status != "polling":
            raise AuthorizationEnded(f"The authorization is {found.status}. Start again.")
        pause(PAUSE)


def _show(started: StartedAuthorization) -> None:
    if started.device is None:
        raise AuthorizationEnded("The server gave no device code. Start again.")
    warn(f"Until {plain(started.expires_at)}, open this address on any screen:")
    warn(f"\n  {started.device.verification_uri}\n")
    warn(f"and type this code there, if it is you who wants to connect: {started.device.user_code}")
    warn("Waiting for a yes; Ctrl-C gives up.")
