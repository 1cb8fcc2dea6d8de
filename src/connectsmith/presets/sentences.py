"""What a preset says about callback URLs and refresh tokens, in sentences for people."""

from datetime import timedelta
from typing import Final

from connectsmith.durations import said as duration
from connectsmith.presets.model import CallbackRule, Preset, RefreshRule

_MATCH: Final = {
    "exact": "It must equal the registered one to the letter.",
    "prefix": "It must begin with the registered one.",
    "host": "It must be on the registered host.",
    "wildcard": "The registered one may hold wildcards.",
}
_ISSUED: Final = {
    "always": "A refresh token always comes.",
    "on_request": "A refresh token comes only when asked for",
    "never": "No refresh token is issued.",
    "not_needed": "Access tokens do not expire.",
    "unknown": "Whether a refresh token comes is not known.",
}


UNCONFIRMED: Final = "Unconfirmed: "
"""What stands before a rule that nobody has read in the service's documentation or in a library."""


def callback_of(preset: Preset) -> str:
    """Say which callback URLs a preset's service takes, and whether that is sure."""
    return _surely(preset, "callback", callback_sentence(preset.callback))


def refresh_of(preset: Preset) -> str:
    """Say what makes a refresh token come at a preset's service, and whether that is sure."""
    return _surely(preset, "refresh", refresh_sentence(preset.refresh))


def _surely(preset: Preset, fact: str, said: str) -> str:
    reference = preset.read.get(fact)
    is_hearsay = reference is not None and reference.how == "unconfirmed"
    return f"{UNCONFIRMED}{said[:1].lower()}{said[1:]}" if said and is_hearsay else said


def callback_sentence(rule: CallbackRule) -> str:
    """Say which callback URLs a service takes; empty where nothing is known."""
    said = [_schemes(rule), _MATCH.get(rule.match or "", ""), rule.note or ""]
    return " ".join(each for each in said if each)


def refresh_sentence(rule: RefreshRule) -> str:
    """Say what makes a refresh token come, and how long tokens live."""
    issued = _ISSUED[rule.issued]
    if rule.issued == "on_request":
        issued += f": {rule.switch}." if rule.switch else "."
    said = [issued, _lifetime("An access token", rule.access_token_seconds)]
    said.append(_lifetime("A refresh token", rule.refresh_token_seconds))
    if rule.rotates is not None:
        said.append(
            "Each refresh issues another refresh token."
            if rule.rotates
            else "The refresh token stays the same."
        )
    return " ".join(each for each in (*said, rule.note or "") if each)


def next_steps(preset: Preset) -> str:
    """Say what to do first: where to register an app, and which callback URL it may have."""
    place = preset.registration or preset.documentation
    rule = callback_of(preset)
    return f"Register an OAuth app at {place}.{f' {rule}' if rule else ''}"


def _schemes(rule: CallbackRule) -> str:
    if rule.http:
        return "The callback URL may be http."
    if rule.loopback_http:
        return "The callback URL must be https, or http on this machine."
    if rule.loopback_http is False:
        return "The callback URL must be https, also on this machine."
    if rule.http is False:
        return "The callback URL must be https."
    return ""


def _lifetime(what: str, seconds: int | None) -> str:
    return "" if seconds is None else f"{what} lives {duration(timedelta(seconds=seconds))}."
