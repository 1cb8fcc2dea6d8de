"""Endpoints compared with the literals of another library, where both know a service.

`social_auth.json` pairs presets with that library's backends, and lists what the two disagree about
with how it was settled: a disagreement nobody has looked at fails, and so does one that is over.
"""

import importlib
import inspect
import json
import pkgutil
import re
import warnings
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
import social_core.backends
from social_core.backends.oauth import BaseOAuth2

from connectsmith.presets import preset, presets

KNOWN = json.loads((Path(__file__).parent / "social_auth.json").read_text("utf-8"))
PAIRS = [
    (name, backend) for name, backends in KNOWN["pairs"].items() for backend in backends
]  # fmt: skip
MEMBERS = {"authorizationURL": "AUTHORIZATION_URL", "tokenURL": "ACCESS_TOKEN_URL"}


@cache
def backends() -> dict[str, Any]:
    """Return every OAuth 2 backend by name."""
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        modules = [
            _loaded(each.name) for each in pkgutil.iter_modules(social_core.backends.__path__)
        ]
    classes = [
        each for module in modules for each in vars(module).values() if inspect.isclass(each)
    ]
    return {each.name: each for each in classes if issubclass(each, BaseOAuth2) and each.name}


def _loaded(name: str) -> object:
    try:
        return importlib.import_module(f"social_core.backends.{name}")
    except ImportError:  # a backend that needs what we do not install
        return SimpleNamespace()


def plain(url: str) -> str:
    """Return an address in which any variable looks the same, without a slash at its end."""
    return re.sub(r"\{\{[^{}]*\}\}|\{[^{}]*\}", "{}", url).rstrip("/")


def site(url: str) -> str:
    """Return the last two labels of an address's host."""
    return ".".join((urlsplit(url.replace("{}", "x")).hostname or "").split(".")[-2:])


def disagreements() -> list[dict[str, str]]:
    """Return what presets and backends disagree about."""
    return [
        {"preset": name, "backend": backend, "member": member, "theirs": theirs}
        for name, backend in PAIRS
        for member, literal in MEMBERS.items()
        if (known := preset(name))
        and (theirs := getattr(backends()[backend], literal))
        and plain(theirs) != plain(known.auth_components[member])
    ]


def test_each_disagreement_is_listed_with_how_it_was_settled() -> None:
    listed = [
        {name: each[name] for name in ("preset", "backend", "member", "theirs")}
        for each in KNOWN["disagreements"]
    ]

    assert listed == disagreements()
    assert all(each["settled"].endswith(".") for each in KNOWN["disagreements"])


def test_most_services_that_both_know_agree() -> None:
    differing = {each["preset"] for each in disagreements()}

    assert len(PAIRS) >= 40
    assert len({name for name, _ in PAIRS} - differing) >= 30


@pytest.mark.parametrize("name", backends())
def test_a_backend_of_a_service_that_has_a_preset_is_compared_with_it(name: str) -> None:
    theirs = backends()[name].AUTHORIZATION_URL or ""
    ours = {site(plain(each.auth_components["authorizationURL"])): each.id for each in presets()}

    known = ours.get(site(plain(theirs)))

    assert known is None or name in KNOWN["pairs"].get(known, [])
