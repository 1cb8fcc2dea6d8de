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


class Issuer(Asked):
    """The issuer whose changed metadata is approved."""

    issuer: str


class MetadataShape(Shape):
    """What an issuer says about itself: endpoints by the members that they fill.

    `pending` is what its document says by now, where that waits for approval.
    """

    issuer: str
    endpoints: dict[str, str]
    pending: dict[str, str] | None
    looked_at: Moment


class MetadataList(Shape):
    """What is known of a connector's issuers."""

    items: list[MetadataShape]
    next: str | None = None
