"""`If-Match` and `ETag`: nobody overwrites or deletes what they have not seen."""

import re

from fastapi import Request

from connectsmith.errors import PreconditionRequired, VersionConflict

ETAG = re.compile(r'(?:W/)?"([0-9]{1,18})"')


def etag(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'


def version_asked(request: Request) -> int | None:
    """Return the version of `If-Match`; None for `*`.

    Raises:
        PreconditionRequired: there is no `If-Match`.
        VersionConflict: it can match nothing of ours.
    """
    header = request.headers.get("if-match")
    if header is None:
        raise PreconditionRequired(
            "Send the ETag you read as `If-Match`, or `If-Match: *` to go on whatever it is now."
        )
    if header.strip() == "*":
        return None
    match = ETAG.fullmatch(header.strip())
    if match is None:
        raise VersionConflict(f"`If-Match` {header[:40]!r} is no ETag of ours.")
    return int(match[1])
