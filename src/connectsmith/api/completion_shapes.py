"""What completing and keeping an authorization looks like."""

from pydantic import Field

from connectsmith.api.shapes import Asked, ConnectionShape, Shape


class Completion(Asked):
    """The value only the returning browser was given."""

    completion: str = Field(min_length=1, max_length=200)


class Keeping(Asked):
    """What keeping a connection may need."""

    choice: str | None = Field(default=None, max_length=200)
    """The id of one of the `choices`, where the connection's owner has to choose."""


class ChoiceShape(Shape):
    """One of several items, of which the connection's owner picks one."""

    id: str
    label: str


class CompletedShape(Shape):
    """A completed authorization and its unconfirmed connection.

    Where there are `choices`, keeping it needs one of them.
    """

    id: str
    status: str
    connection: ConnectionShape
    choices: list[ChoiceShape]
