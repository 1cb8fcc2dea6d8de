"""The resource server: whose calendar it is, its calendars, their events (RFC 6750)."""

import json
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectsmith.sandbox.calendar import CALENDARS, CalendarError, Event
from connectsmith.sandbox.grants import AccessToken
from connectsmith.sandbox.people import PEOPLE, READ, WRITE
from connectsmith.sandbox.protocol import ProtocolError, read_body
from connectsmith.sandbox.state import Sandbox

PAGE_SIZE, LARGEST_PAGE = 50, 200
DIGITS_LIMIT, TEXT_LIMIT = 9, 500
_EVENTS = "/calendar/v1/calendars/{calendar}/events"


class _RefusedError(Exception):
    """The access token will not do; holds the whole answer."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


class CalendarApi:
    """`/me` and `/calendar/v1`, for holders of an access token of this sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        """Return where it is mounted."""
        return [
            Route("/me", self.answer),
            Route("/calendar/v1/calendars", self.answer),
            Route(_EVENTS, self.answer, methods=["GET", "POST"]),
            Route(f"{_EVENTS}/{{event}}", self.answer, methods=["DELETE"]),
        ]

    async def answer(self, request: Request) -> Response:
        """Check the access token, then answer; every error has the API's one shape."""
        try:
            if request.url.path == "/me":
                return self._me(self._allowed(request, READ))
            if request.url.path == "/calendar/v1/calendars":
                self._allowed(request, READ)
                return JSONResponse({"items": [_calendar(name) for name in CALENDARS]})
            return await self._events(request)
        except _RefusedError as refused:
            return refused.answer
        except CalendarError as error:
            return _error(error)
        except ProtocolError as error:
            return _error(CalendarError(error.status, error.code, error.description))

    async def _events(self, request: Request) -> Response:
        calendar = request.path_params["calendar"]
        if request.method == "POST":
            owner = _owner(self._allowed(request, WRITE))
            return self._add(owner, calendar, await _read_object(request))
        if request.method == "DELETE":
            owner = _owner(self._allowed(request, WRITE))
            self._sandbox.calendars.remove(owner, calendar, request.path_params["event"])
            return Response(status_code=204)
        owner = _owner(self._allowed(request, READ))
        return _page(self._sandbox.calendars.events(owner, calendar), request)

    def _add(self, owner: str, calendar: str, members: dict[str, object]) -> Response:
        starts_at = _time(members, "starts_at")
        ends_at = _time(members, "ends_at", starts_at + timedelta(hours=1))
        if ends_at <= starts_at:
            raise _invalid("ends_at", "must be after starts_at")
        event = self._sandbox.calendars.add(
            owner,
            calendar,
            title=_text(members, "title"),
            starts_at=starts_at,
            ends_at=ends_at,
            note=_text(members, "note", default=""),
        )
        return JSONResponse(_event(event), status_code=201)

    def _me(self, token: AccessToken) -> Response:
        person = PEOPLE.get(token.family.person or "")
        if person is None:
            client = self._sandbox.clients.find(token.family.client_id)
            name = client.name if client else ""
            return JSONResponse({"id": token.family.client_id, "name": name, "email": None})
        return JSONResponse({"id": person.id, "name": person.name, "email": person.email})

    def _allowed(self, request: Request, scope: str) -> AccessToken:
        """Return the access token, or raise the answer of RFC 6750 section 3.1."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text:
            raise _RefusedError(_challenge(401, "token_missing", "An access token is needed."))
        token = self._sandbox.grants.find_access_token(text.strip())
        if token is None:
            description = "The access token is unknown, expired or revoked."
            raise _RefusedError(_challenge(401, "invalid_token", description))
        if scope not in token.scopes:
            description = f"The access token lacks the scope {scope}."
            raise _RefusedError(_challenge(403, "insufficient_scope", description, scope=scope))
        return token


def _owner(token: AccessToken) -> str:
    return token.family.person or token.family.client_id


def _challenge(status: int, code: str, description: str, *, scope: str = "") -> Response:
    """A request without any token is told no error code (RFC 6750 section 3.1)."""
    parts = ['realm="sandbox"']
    if code != "token_missing":
        parts += [f'error="{code}"', f'error_description="{description}"']
    if scope:
        parts.append(f'scope="{scope}"')
    answer = _error(CalendarError(status, code, description))
    answer.headers["WWW-Authenticate"] = f"Bearer {', '.join(parts)}"
    return answer


def _error(error: CalendarError) -> Response:
    members = {"code": error.code, "message": error.message}
    if error.field is not None:
        members["field"] = error.field
    return JSONResponse({"error": members}, status_code=error.status)


def _calendar(name: str) -> dict[str, str]:
    return {"id": name, "title": CALENDARS[name]}


def _event(event: Event) -> dict[str, str]:
    return {
        "id": event.id,
        "title": event.title,
        "starts_at": _rfc3339(event.starts_at),
        "ends_at": _rfc3339(event.ends_at),
        "note": event.note,
    }


def _page(events: list[Event], request: Request) -> Response:
    """Return one page; `next` is the `cursor` of the following one, or null."""
    start = _count(request, "cursor", 0)
    limit = min(max(_count(request, "limit", PAGE_SIZE), 1), LARGEST_PAGE)
    following = start + limit
    return JSONResponse(
        {
            "items": [_event(event) for event in events[start:following]],
            "next": str(following) if following < len(events) else None,
        }
    )


def _count(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_LIMIT):
        raise _invalid(name, "must be a whole number")
    return int(text)


async def _read_object(request: Request) -> dict[str, object]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise CalendarError(415, "media_type", "The body must be application/json.")
    try:
        members = json.loads(await read_body(request))
    except (ValueError, RecursionError):
        raise CalendarError(400, "body_unreadable", "The body is not JSON.") from None
    if not isinstance(members, dict):
        raise CalendarError(400, "body_unreadable", "The body must be a JSON object.")
    return members


def _text(members: dict[str, object], name: str, *, default: str | None = None) -> str:
    value = members.get(name, default)
    blank_refused = default is None
    if not isinstance(value, str) or len(value) > TEXT_LIMIT or (blank_refused and not value):
        raise _invalid(name, f"must be text of up to {TEXT_LIMIT} characters")
    return value


def _time(members: dict[str, object], name: str, default: datetime | None = None) -> datetime:
    value = members.get(name)
    if value is None and default is not None:
        return default
    try:
        time = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise _invalid(name, "must be an RFC 3339 time with an offset")
    return time.astimezone(UTC)


def _invalid(field: str, what: str) -> CalendarError:
    return CalendarError(422, "field_invalid", f"{field} {what}.", field=field)


def _rfc3339(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
