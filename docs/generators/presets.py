"""Every preset with its facts, and where each of them was read."""

from collections.abc import Iterator

from docs.generators.markdown import code, document, table

from connectsmith.presets import Preset, callback_of, presets, refresh_of
from connectsmith.presets.model import ADDRESSES, Reference

INTRODUCTION = """\
A preset holds the known facts of one service: where its endpoints are, how it wants to be spoken
to, which callback URLs it takes, what makes a refresh token come. A connector that begins with one
has them filled in; [the how-to](../how-to/start-from-a-preset.md) shows it. Nothing is guessed:
each address and each rule says where it was read, on which day, and how surely.

| how | meaning |
| --- | --- |
| `document` | read in the service's own documentation, API description or code |
| `library literal` | read as a literal in the source of libraries that sign in there |
| `unconfirmed` | known by hearsay, not seen in the place named; never an address of the sign-in |

Services change. Where a preset and a service disagree, the service is right: correct the
definition, and tell us."""


def page() -> str:
    """Return the page."""
    return document(
        "Presets",
        INTRODUCTION,
        f"## All {len(presets())}",
        table(("preset", "service", "endpoints known from"), map(_row, presets())),
        *(block for each in presets() for block in _service(each)),
    )


def _row(each: Preset) -> tuple[str, str, str]:
    return code(each.id), f"[{each.name}](#{_anchor(each)})", each.how


def _anchor(each: Preset) -> str:
    kept = "".join(part for part in each.name.lower() if part.isalnum() or part in "-_ ")
    return kept.replace(" ", "-")


def _service(each: Preset) -> Iterator[str]:
    yield f"## {each.name}"
    yield table(("", ""), _facts(each))
    if each.scopes:
        rows = ((code(scope.scope), scope.meaning or "") for scope in each.scopes)
        yield table(("scope", "meaning"), rows)
    yield "\n".join(f"- {_reference(reference)}" for reference in each.references)


def _facts(each: Preset) -> Iterator[tuple[str, str]]:
    auth = each.auth_components
    yield "preset", code(each.id)
    yield "documentation", f"<{each.documentation}>"
    if each.registration:
        yield "register an app at", f"<{each.registration}>"
    for member in (*ADDRESSES, "scope", "scopeSeparator", "clientAuth"):
        if member in auth:
            yield code(member), code(auth[member])
    for name, value in auth.get("authorizationParams", {}).items():
        yield f"{code('authorizationParams')} {code(name)}", code(value)
    for field in each.auth_fields:
        yield f"asks for {code(field['key'])}", field["label"]
    if each.pkce != "unknown":
        yield "PKCE", each.pkce
    yield "callback URL", callback_of(each) or "not known"
    yield "refresh token", refresh_of(each)


def _reference(each: Reference) -> str:
    source = f"<{each.source}>" if each.source.startswith("https://") else each.source
    facts = ", ".join(map(code, each.of))
    return f"{facts}: {source} ({each.how}, {each.read_on.isoformat()})"
