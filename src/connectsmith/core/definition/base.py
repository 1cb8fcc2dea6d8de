"""What all objects of the format share, and the types that recur in them."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Json = Any
"""A JSON value as Python reads it."""

Pointer = Annotated[str, Field(pattern=r"^(/.*)?$", description="A JSON Pointer (RFC 6901).")]
StringMap = dict[str, str]
ParameterMap = dict[str, str | None]


class Member(BaseModel):
    """One object of the format: unknown members are kept, types are not coerced."""

    model_config = ConfigDict(
        extra="allow", frozen=True, strict=True, populate_by_name=True, allow_inf_nan=False
    )
