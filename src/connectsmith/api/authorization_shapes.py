"""What requests and responses about authorizations look like."""

from connectsmith.api.shapes import ErrorShape, Moment, Shape


class DeviceShape(Shape):
    """What somebody types where; `complete` is the address with the code in it already.

    Whoever opens `complete` approves what they may not have begun: open it for nobody unasked.
    """

    user_code: str
    verification_uri: str
    complete: str | None


class StartedShape(Shape):
    """A started authorization; the start URL is shown this once. A device code has none."""

    id: str
    status: str
    start_url: str | None
    device: DeviceShape | None = None
    expires_at: Moment


class AuthorizationShape(Shape):
    """An authorization."""

    id: str
    connector: str
    status: str
    test: bool
    created_at: Moment
    expires_at: Moment
    connection: str | None
    issuer: str | None
    error: ErrorShape | None
    device: DeviceShape | None = None


class AuthorizationList(Shape):
    """A page of authorizations."""

    items: list[AuthorizationShape]
    next: str | None
