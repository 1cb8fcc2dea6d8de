"""Compile what the definition says about the JWTs that a client signs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connectsmith.core.definition.model import Assertion
from connectsmith.core.definition.placeholders import OMITTED, Template, compile_template


@dataclass(frozen=True, slots=True)
class JsonTemplate:
    """A JSON value whose texts are templates."""

    value: Any

    @classmethod
    def of(cls, written: Any) -> "JsonTemplate":
        """Compile a value."""
        return cls(_compiled(written))

    @property
    def names(self) -> frozenset[str]:
        """All placeholders in it."""
        return frozenset[str]().union(*(each.names for each in _templates(self.value)))

    def render(self, texts: Mapping[str, str]) -> Any:
        """Fill it; a member whose placeholder has no value is left out."""
        return _rendered(self.value, texts)


@dataclass(frozen=True, slots=True)
class AssertionPlan:
    """A compiled `assertion`; None stands for what holds unless it is said."""

    alg: str
    header: JsonTemplate
    iss: Template | None
    sub: Template | None
    aud: Template | None
    lifetime: timedelta
    claims: JsonTemplate

    @property
    def names(self) -> frozenset[str]:
        """All placeholders in it."""
        said = (each.names for each in (self.iss, self.sub, self.aud) if each)
        return self.header.names.union(self.claims.names, *said)


def assertion_plan(written: Assertion | None) -> AssertionPlan:
    """Compile `assertion`, or what holds without one."""
    said = written or Assertion()
    iss, sub, aud = (
        compile_template(each) if each else None for each in (said.iss, said.sub, said.aud)
    )
    return AssertionPlan(
        alg=said.alg,
        header=JsonTemplate.of(said.header),
        iss=iss,
        sub=sub,
        aud=aud,
        lifetime=timedelta(seconds=said.lifetime),
        claims=JsonTemplate.of(said.claims),
    )


def _compiled(value: Any) -> Any:
    match value:
        case str():
            return compile_template(value)
        case dict():
            return {name: _compiled(each) for name, each in value.items()}
        case list():
            return [_compiled(each) for each in value]
        case _:
            return value


def _templates(value: Any) -> Iterator[Template]:
    match value:
        case Template():
            yield value
        case dict():
            for each in value.values():
                yield from _templates(each)
        case list():
            for each in value:
                yield from _templates(each)


def _rendered(value: Any, texts: Mapping[str, str]) -> Any:
    match value:
        case Template():
            return value.render(texts)
        case dict():
            members = {name: _rendered(each, texts) for name, each in value.items()}
            return {name: each for name, each in members.items() if each is not OMITTED}
        case list():
            items = [_rendered(each, texts) for each in value]
            return [each for each in items if each is not OMITTED]
        case _:
            return value
