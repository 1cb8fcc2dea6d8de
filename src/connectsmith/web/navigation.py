"""The entries of the bar on top, in order. A page is entered here when it can be used."""

from typing import Final

CONNECTORS: Final = "/connectors"

CONNECTIONS: Final = "/connections"
ACTIVITY: Final = "/activity"
SETTINGS: Final = "/settings"

ENTRIES: Final = (
    (CONNECTORS, "Custom Connectors"),
    (CONNECTIONS, "Connections"),
    (ACTIVITY, "Activity"),
    (SETTINGS, "Settings"),
)
"""Path and name of each."""
