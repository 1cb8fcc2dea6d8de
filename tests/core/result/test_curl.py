import shlex
from typing import Any

import pytest

from connectsmith.core.result.curl import curl_command


def request(**changes: Any) -> dict[str, Any]:
    body = {"size": 0, "content": None, "encoding": "text", "cut": False}
    return {"method": "GET", "url": "https://api.example.com/me", "headers": [], "body": body} | (
        changes
    )


def test_request_is_a_command_that_a_shell_reads_back() -> None:
    body = {"size": 20, "content": '{"it\'s": "$(rm -rf ~)"}', "encoding": "text", "cut": False}
    asked = request(
        method="POST",
        headers=[["Authorization", "Bearer [masked:58984e02]"], ["Content-Length", "20"]],
        body=body,
    )

    words = shlex.split(curl_command(asked).replace("\\\n", ""))

    assert words == [
        "curl",
        "--request",
        "POST",
        "https://api.example.com/me",
        "--header",
        "Authorization: Bearer [masked:58984e02]",
        "--data-raw",
        body["content"],
    ]


@pytest.mark.parametrize("url", ["https://a/'; rm -rf ~ #", "https://a/`id`", "https://a/\x1b[2J"])
def test_nothing_in_an_address_is_run_or_acted_upon(url: str) -> None:
    command = curl_command(request(url=url))

    assert "\x1b" not in command
    if "\x1b" not in url:
        assert shlex.split(command)[3] == url


def test_body_that_cannot_be_shown_is_named() -> None:
    binary = {"size": 5000, "content": "AAAA", "encoding": "base64", "cut": False}

    assert "the body of 5,000 bytes is not shown here" in curl_command(request(body=binary))
