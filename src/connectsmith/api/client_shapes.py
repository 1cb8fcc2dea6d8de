"""What requests and responses about connectors' OAuth clients look like."""

from typing import Any

from connectsmith.api.shapes import Asked, Moment, Shape


class NextKey(Asked):
    """A signing key to make; with `at_once` the old ones are withdrawn and shredded now."""

    at_once: bool = False


class KeyShape(Shape):
    """A connector's own signing key: its public half."""

    id: str
    algorithm: str
    jwk: dict[str, Any]
    origins: list[str]
    created_at: Moment
    signs_from: Moment
    published_until: Moment | None


class KeyList(Shape):
    """A connector's own signing keys, and where their key set is published."""

    jwks_url: str
    items: list[KeyShape]
    next: str | None = None
