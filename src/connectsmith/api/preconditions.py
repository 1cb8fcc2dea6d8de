"""`If-Match` and `ETag`: nobody overwrites or deletes what they have not seen.

The dependencies are async because FastAPI runs others in another thread.
"""

import re
from typing import Annotated

from fastapi import Depends, Header

from connectsmith.errors import PreconditionRequired, VersionConflict

ETAG = re.compile(r'(?:W/)?"([0-9]{1,18})"')


def etag(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'


IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="The ETag that was read, or `*` for whatever is there."),
]


async def version_asked(if_match: IfMatch = None) -> int | None:
    """Return the version of `If-Match`; None for `*`.

    Raises:
        PreconditionRequired: there is no `If-Match`.
        VersionConflict: it can match nothing of ours.
    """
    if if_match is None:
        raise PreconditionRequired(
            "Send the ETag you read as `If-Match`, or `If-Match: *` to go on whatever it is now."
        )
    return version_of(if_match)


async def version_if_asked(if_match: IfMatch = None) -> int | None:
    """Return the same where `If-Match` may be left out.

    Raises:
        VersionConflict: it can match nothing of ours.
    """
    return None if if_match is None else version_of(if_match)


def version_of(header: str) -> int | None:
    """Read an `If-Match`; None for `*`."""
    if header.strip() == "*":
        return None
    match = ETAG.fullmatch(header.strip())
    if match is None:
        raise VersionConflict(f"`If-Match` {header[:40]!r} is no ETag of ours.")
    return int(match[1])


VersionAsked = Annotated[int | None, Depends(version_asked)]
VersionIfAsked = Annotated[int | None, Depends(version_if_asked)]
