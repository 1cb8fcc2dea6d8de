"""The entries of the bar on top, in order. A page is entered here when it can be used."""

from typing import Final

CONNECTORS: Final = "/connectors"

ENTRIES: Final = ((CONNECTORS, "Custom Connectors"),)
"""Path and name of each."""
