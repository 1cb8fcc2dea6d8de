"""Patterns that fields must match: whole values, in time that grows with the value's length only.

The engine is the linear-time one inside pydantic-core: backreferences and look-around, which can
take exponential time, are refused when compiled, and so is a pattern that would grow too large.
"""

from dataclasses import dataclass, field
from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, core_schema

from connectsmith.errors import DefinitionError

LONGEST = 1000
"""Characters of a pattern."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern."""

    source: str
    _validator: SchemaValidator = field(repr=False, compare=False)

    def matches(self, text: str) -> bool:
        """Tell whether the whole text matches."""
        return self._validator.isinstance_python(text)


@lru_cache(maxsize=1024)
def compile_pattern(source: str) -> Pattern:
    """Compile a pattern.

    Raises:
        DefinitionError: it is too long, or no pattern of the linear-time syntax.
    """
    if len(source) > LONGEST:
        raise DefinitionError(f"A pattern may have at most {LONGEST} characters.")
    try:
        _compiled(source)  # alone first: "a)|(b" is whole only inside our own group
        whole = _compiled(rf"\A(?:{source})\z")
    except SchemaError:
        raise DefinitionError(
            "A pattern must be a regular expression without look-around and backreferences."
        ) from None
    return Pattern(source, whole)


def _compiled(source: str) -> SchemaValidator:
    return SchemaValidator(core_schema.str_schema(pattern=source, regex_engine="rust-regex"))
