"""Every quirk rule, by the matter it is about."""

from collections.abc import Iterator, Mapping
from typing import Final, get_args

from docs.generators.markdown import code, document, table

from connectsmith.core.definition.quirk_rules import About, QuirkRule
from connectsmith.presets import quirk_rules

TITLES: Final[Mapping[str, str]] = {
    "refresh_token": "Refresh tokens",
    "authorization_request": "The authorization request",
    "scope": "Scopes",
    "pkce": "PKCE",
    "client_authentication": "Client authentication",
    "token_request": "Token requests",
    "token_answer": "Token answers",
    "callback": "Callback URLs",
}
INTRODUCTION = """\
Some servers want more than the standard says, or less. These rules warn of it while a definition is
typed, wherever definitions are read: in the editor, in answers of the API, by `connectsmith
validate`. A rule is data: hosts, conditions on `auth_components`, a sentence, the service's own
page, and where the rule was read. A rule never keeps a draft from being published.

Where a rule does not hold for you, silence it: `x-silenced` in `auth_components` maps its code to
your reason, such as `{"quirk_google_offline": "These jobs end within the hour."}`. The warning is
shown no more; the reason stays in the definition for whoever reads it next. A blank reason silences
nothing.

A host with `*.` in front stands for every host below it. A rule without a fix in its warning is one
that only a person can follow; one that is marked *note* is no warning: it is what is true there
whatever a definition says."""


def page() -> str:
    """Return the page."""
    rules = quirk_rules().all
    blocks = [INTRODUCTION]
    for about in get_args(About):
        rows = [_row(each) for each in rules if each.about == about]
        if rows:
            blocks += [
                f"## {TITLES[about]}",
                table(("code", "hosts", "what it says", "read in"), rows),
            ]
    return document("Quirk rules", *blocks)


def _row(rule: QuirkRule) -> tuple[str, ...]:
    note = "" if rule.when else " *Note.*"
    said = f"{rule.message}{note} [Documentation]({rule.link})"
    return code(rule.code), "<br>".join(map(code, rule.hosts)), said, "".join(_source(rule))


def _source(rule: QuirkRule) -> Iterator[str]:
    yield f"<{rule.source}>" if rule.source.startswith("https://") else rule.source
    yield f" ({rule.how}, {rule.read_on.isoformat()})"
