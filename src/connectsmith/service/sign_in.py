"""Operators sign in with e-mail and password, and stay so in a session that the server can end.

What a browser holds is stored only as its SHA-256. A session begins with a new value every time,
so that none which somebody planted before is ever worth anything.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    ConnectsmithError,
    FieldInvalid,
    LinkEnded,
    NotFound,
    SignInRefused,
    SignInRequired,
)
from connectsmith.service.access import WORKSPACE
from connectsmith.service.caller import SCOPES, Caller
from connectsmith.service.guessing import (
    OF_ACCOUNT,
    OF_ADDRESS,
    Guessing,
    network_of,
    normalised,
)
from connectsmith.service.ports import Clock, Randomness, Storage
from connectsmith.service.rows import EventRow, OperatorRow
from connectsmith.service.sign_in_ports import Passwords
from connectsmith.service.sign_in_rows import DeviceRow, LinkRow, SessionRow

IDLE: Final = timedelta(hours=12)
ABSOLUTE: Final = timedelta(days=7)
LINK_LIFETIME: Final = timedelta(minutes=30)
DEVICE_LIFETIME: Final = timedelta(days=180)
REMEMBERED: Final = timedelta(days=400)
"""How long an ended session still tells who did something in it."""
TOUCHED_EVERY: Final = timedelta(minutes=1)
SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 1024
LONGEST_EMAIL: Final = 254
"""Characters (RFC 5321 section 4.5.3.1.3, less the brackets)."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An operator in a session."""

    operator: OperatorRow
    session: SessionRow

    @property
    def caller(self) -> Caller:
        """The operator as the use cases see callers: with every scope."""
        session, operator = self.session, self.operator
        return Caller(session.workspace, session.id, operator.id, frozenset(SCOPES))


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that has just begun, with what the browser gets: the only time it is known."""

    signed_in: SignedIn
    value: str = field(repr=False)
    device: str = field(repr=False)
    """What lets this browser's later attempts be counted apart."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody typed, and where they come from."""

    email: str
    password: Secret
    address: str
    """The network address of the connection."""
    device: str | None = field(default=None, repr=False)


class SignIn:
    """Begin, recognise and end sessions; make and redeem one-time links."""

    def __init__(
        self, storage: Storage, passwords: Passwords, clock: Clock, randomness: Randomness
    ) -> None:
        self._accounts = storage.accounts
        self._sessions = storage.sessions
        self._events = storage.events
        self._passwords = passwords
        self._guessing = Guessing(storage.sessions, clock)
        self._clock = clock
        self._randomness = randomness

    # -- one-time links ---------------------------------------------------------------------------

    async def first_link(self) -> str | None:
        """Make a link for the first operator, unless they have a password already."""
        operator = await self._accounts.first_operator(WORKSPACE)
        if operator is None or operator.password is not None:
            return None
        return await self._new_link(operator)

    async def local_link(self) -> str:
        """Make a link for the first operator; for who holds the database."""
        operator = await self._accounts.first_operator(WORKSPACE)
        if operator is None:
            raise NotFound("There is no operator yet. Start the server once.")
        return await self._new_link(operator)

    async def _new_link(self, operator: OperatorRow) -> str:
        value = self._randomness.text()
        expires_at = self._clock.now() + LINK_LIFETIME
        await self._sessions.add_link(
            LinkRow(operator.workspace, _digest(value), operator.id, expires_at)
        )
        await self._record(operator, "sign_in_link_made")
        return value

    async def invited(self, value: str) -> OperatorRow:
        """Return whom a link is for; looking at it does not use it up.

        Raises:
            LinkEnded: it was used, has expired, or never was.
        """
        _, operator = await self._open_link(value)
        return operator

    async def _open_link(self, value: str) -> tuple[LinkRow, OperatorRow]:
        row = await self._sessions.link(_digest(value))
        if row is None or row.used_at is not None or row.expires_at <= self._clock.now():
            raise _link_ended()
        operator = await self._sessions.operator(row.workspace, row.operator)
        if operator is None:
            raise _link_ended()
        return row, operator

    async def redeem(self, value: str, email: str, password: Secret) -> NewSession:
        """Give the operator of a link an e-mail address and a password, and sign them in.

        Raises:
            LinkEnded: it was used, has expired, or never was.
            FieldInvalid: the address or the password is not good enough; the link still works.
            NameTaken: another operator has that address.
        """
        row, operator = await self._open_link(value)
        address = _checked_email(email)
        check_password(password)
        hashed = await self._passwords.hash(password)
        now = self._clock.now()
        if not await self._sessions.redeem(row, email=address, password=hashed, at=now):
            raise _link_ended()
        await self._guessing.forgive(_of_account(address))
        await self._record(operator, "sign_in_set")
        changed = await self._sessions.operator(operator.workspace, operator.id)
        return await self._begin(changed or operator, known=None)

    # -- sessions ---------------------------------------------------------------------------------

    async def sign_in(self, attempt: Attempt) -> NewSession:
        """Begin a session.

        Raises:
            SignInRefused: no operator has that e-mail address and that password.
            TooManyAttempts: it comes too soon after others.
            TooMany: too many passwords are being looked at this moment.
        """
        email = normalised(attempt.email)
        operator = await self._sessions.operator_by_email(email) if email else None
        known = await self._known_device(attempt.device, operator)
        counted = await self._count(email, attempt.address, known)
        stored = None if operator is None else operator.password
        fits = await self._passwords.fits(attempt.password, stored)
        if operator is None or not fits:
            raise SignInRefused("E-mail address or password is wrong. Nobody was signed in.")
        for subject in counted:
            await self._guessing.forgive(subject)
        await self._renew_hash(operator, attempt.password)
        return await self._begin(operator, known=attempt.device if known else None)

    async def _known_device(
        self, device: str | None, operator: OperatorRow | None
    ) -> DeviceRow | None:
        if device is None or operator is None:
            return None
        row = await self._sessions.device(_digest(device))
        if row is None or row.operator != operator.id:
            return None
        return row if row.known_since > self._clock.now() - DEVICE_LIFETIME else None

    async def _count(self, email: str, address: str, known: DeviceRow | None) -> list[str]:
        """Count the attempt; return what is forgiven if it turns out to be right."""
        if known is not None:
            subject = f"device {known.digest.hex()}"
            await self._guessing.count(subject, OF_ACCOUNT)
            return [subject]
        await self._guessing.count(f"address {network_of(address)}", OF_ADDRESS)
        await self._guessing.count(_of_account(email), OF_ACCOUNT)
        return [_of_account(email)]

    async def _renew_hash(self, operator: OperatorRow, password: Secret) -> None:
        if operator.password is not None and self._passwords.outdated(operator.password):
            hashed = await self._passwords.hash(password)
            await self._sessions.set_password(operator.workspace, operator.id, hashed)

    async def _begin(self, operator: OperatorRow, *, known: str | None) -> NewSession:
        value, now = self._randomness.text(), self._clock.now()
        session = SessionRow(
            workspace=operator.workspace,
            id=self._randomness.new_id("ses"),
            operator=operator.id,
            digest=_digest(value),
            created_at=now,
            last_used_at=now,
        )
        await self._sessions.add(session)
        device = known
        if device is None:
            device = self._randomness.text()
            await self._sessions.add_device(
                DeviceRow(operator.workspace, _digest(device), operator.id, now)
            )
        await self._record(operator, "signed_in", session.id)
        return NewSession(SignedIn(operator, session), value, device)

    async def recognise(self, value: str | None) -> SignedIn:
        """Return who is signed in with what a browser holds.

        Raises:
            SignInRequired: nobody, or no longer.
        """
        row = await self._sessions.by_digest(_digest(value)) if value else None
        now = self._clock.now()
        if row is None or _is_over(row, now):
            raise SignInRequired("Sign in to go on.")
        operator = await self._sessions.operator(row.workspace, row.operator)
        if operator is None:
            raise SignInRequired("Sign in to go on.")
        if now - row.last_used_at >= TOUCHED_EVERY:
            await self._sessions.touch(row.workspace, row.id, now)
        return SignedIn(operator, row)

    async def lives(self, workspace: str, session: str) -> bool:
        """Tell whether a session goes on, without using it."""
        row = await self._sessions.get(workspace, session)
        return row is not None and not _is_over(row, self._clock.now())

    async def sign_out(self, signed_in: SignedIn) -> None:
        """End a session, and with it every copy of what the browser holds."""
        session = signed_in.session
        await self._sessions.end(session.workspace, session.id, self._clock.now())
        await self._record(signed_in.operator, "signed_out", session.id)

    async def name_of(self, workspace: str, who: str) -> str:
        """Return whom a page names for a `created_by`: an operator, or an API token's id."""
        if not who.startswith("ses_"):
            return who
        operator = await self._sessions.named(workspace, who)
        return who if operator is None else operator.email or operator.name

    async def prune(self) -> None:
        """Forget what is long over."""
        now = self._clock.now()
        await self._sessions.prune(
            sessions=now - REMEMBERED,
            links=now - LINK_LIFETIME,
            devices=now - DEVICE_LIFETIME,
            attempts=now - 2 * timedelta(days=1),
        )

    async def _record(self, operator: OperatorRow, what: str, subject: str = "") -> None:
        await self._events.add(
            EventRow(operator.workspace, self._clock.now(), operator.id, what, subject)
        )


def _is_over(row: SessionRow, now: datetime) -> bool:
    return (
        row.ended_at is not None
        or now - row.last_used_at >= IDLE
        or now - row.created_at >= ABSOLUTE
    )


def check_password(password: Secret) -> None:
    """Refuse a password that is too short to resist guessing, or too long to be one."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise FieldInvalid(
            f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD:,} characters.",
            place="password",
        )


def _checked_email(email: str) -> str:
    address = normalised(email)
    name, at, domain = address.partition("@")
    if not name or not at or not domain or "@" in domain or len(address) > LONGEST_EMAIL:
        raise FieldInvalid("This is no e-mail address.", place="email")
    return address


def _of_account(email: str) -> str:
    return f"account {email}"


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()


def _link_ended() -> ConnectsmithError:
    return LinkEnded(
        "This link was used before, or has expired: it works once, for 30 minutes. "
        "`connectsmith operator link --local`, run where the server runs, makes another."
    )
