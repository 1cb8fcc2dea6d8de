"""Follow-up requests as a definition describes them, compiled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectsmith.core.definition.facts import is_secret_name
from connectsmith.core.definition.hosts import UrlTemplate, compile_url
from connectsmith.core.definition.model import (
    CaptureMap,
    Choose,
    Definition,
    FollowUp,
    TokenResponse,
)
from connectsmith.core.definition.placeholders import Template, compile_template
from connectsmith.errors import DefinitionError

REFRESH_TOKEN: Final = "oauth.refresh_token"  # noqa: S105 - a placeholder's name


@dataclass(frozen=True, slots=True)
class Step:
    """A compiled follow-up request. `names` are all placeholders in it."""

    number: int
    """Counted from 1, as messages name it."""
    method: str
    url: UrlTemplate
    query: Mapping[str, Template]
    headers: tuple[tuple[str, Template], ...]
    body: Any
    """JSON with a `Template` for each text; None when there is none."""
    format: str
    auth: str
    on: frozenset[str]
    answer: TokenResponse | None
    capture: CaptureMap
    choose: Choose | None
    names: frozenset[str]

    @property
    def place(self) -> str:
        """The pointer of the step in a definition."""
        return f"/auth_components/followUp/{self.number - 1}"


def compile_follow_ups(definition: Definition, token_url: UrlTemplate) -> tuple[Step, ...]:
    """Compile the follow-up requests of a definition.

    Raises:
        DefinitionError: a refresh token would go elsewhere than to the token endpoint's origin.
    """
    written = enumerate(definition.auth_components.follow_up, 1)
    return tuple(_step(number, each, definition, token_url) for number, each in written)


def _step(number: int, written: FollowUp, definition: Definition, token_url: UrlTemplate) -> Step:
    url = compile_url(written.url, definition)
    query = {name: compile_template(text) for name, text in written.query.items()}
    headers = tuple((name, compile_template(text)) for name, text in written.headers.items())
    body = _compiled(written.body)
    templates = [*query.values(), *(each for _, each in headers), *_templates(body)]
    step = Step(
        number=number,
        method=written.method.upper(),
        url=url,
        query=query,
        headers=headers,
        body=body,
        format=written.format,
        auth=written.auth,
        on=frozenset(written.on),
        answer=written.token_response,
        capture=written.capture,
        choose=written.choose,
        names=url.names.union(*(each.names for each in templates)),
    )
    if REFRESH_TOKEN in step.names and not set(url.origins) <= set(token_url.origins):
        raise DefinitionError(
            "A refresh token goes to the origin of the token endpoint and nowhere else.",
            place=f"{step.place}/url",
        )
    return step


def secrets_of(steps: tuple[Step, ...]) -> frozenset[str]:
    """Return the connector's secrets that steps name."""
    names = frozenset[str]().union(*(each.names for each in steps))
    return frozenset(name for name in names if is_secret_name(name))


def _compiled(value: Any) -> Any:
    if isinstance(value, str):
        return compile_template(value)
    if isinstance(value, dict):
        return {name: _compiled(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_compiled(each) for each in value]
    return value


def _templates(value: Any) -> list[Template]:
    if isinstance(value, Template):
        return [value]
    if isinstance(value, dict):
        return [each for member in value.values() for each in _templates(member)]
    if isinstance(value, list):
        return [each for member in value for each in _templates(member)]
    return []
