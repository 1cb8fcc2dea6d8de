"""Who can sign in at the sandbox, and what can be asked of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody made up, with a calendar of their own."""

    id: str
    name: str
    email: str


PEOPLE = {
    "ada": Person("ada", "Ada Lindqvist", "ada@sandbox.example"),
    "bram": Person("bram", "Bram Okonjo", "bram@sandbox.example"),
}

READ = "calendar.read"
WRITE = "calendar.write"

SCOPES = {
    READ: "See your name, your calendars and the events in them",
    WRITE: "Add events to your calendars and remove them",
}
