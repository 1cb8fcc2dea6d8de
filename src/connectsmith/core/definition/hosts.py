"""URLs of a definition: compiled once, with the origins they may lead to.

The rules are the format's "Hosts" section: a placeholder may stand in path and query, as part of
one host label, as any run of host characters where its field has choices, or as a whole host or
base URL where `allowedHosts` is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectsmith.core.definition.model import Definition


@dataclass(frozen=True, slots=True)
class UrlTemplate:
    """A compiled URL.

    `origins` are origin patterns in text form, as `Destinations.of` reads them:
    `https://api.example.com`, `https://api.example.com:8443`, `https://{}.myshopify.com` ("{}" is
    one open host label or part of it, `[a-z0-9-]`), `https://*.example.com` (one or more labels,
    from `allowedHosts`), `*` (any public host: `allowedHosts` says `"*"`).
    """

    source: str
    names: frozenset[str]
    origins: tuple[str, ...]

    def render(self, values: Mapping[str, Any]) -> str:
        """Return the absolute URL, without fragment; its query, if any, as written.

        `values` is flat: `authFields.shop`, `connection.instance_url`, also `path.{name}` for
        path placeholders of endpoints (see `compile_endpoint`).

        Raises:
            ValueMissing: a placeholder has no value.
            FieldInvalid: a value that may not stand there.
        """
        raise NotImplementedError


def compile_url(text: str, definition: Definition) -> UrlTemplate:
    """Compile a URL member. Call it on definitions that reading found no error in."""
    raise NotImplementedError


def compile_endpoint(
    base: str, path: str, definition: Definition, *, url_fields: frozenset[str]
) -> UrlTemplate:
    """Join a base and a path by exactly one slash and compile the whole.

    Path placeholders `{name}`, `{{urlFields.name}}` and `:name` (whole segment, only when `name`
    is in `url_fields`) become names `path.NAME`.
    """
    raise NotImplementedError
