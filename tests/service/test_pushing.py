"""Authorization requests that are pushed or signed, at servers that would have them otherwise."""

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.service.standing import ISSUER, Standing, answered, granting

from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.errors import TimedOut

PAR = f"{ISSUER}/par"


class Pushed:
    """A server whose answers to pushed requests are scripted."""

    def __init__(
        self,
        installation: Standing,
        *answers: HttpResponse | Exception,
        document: dict[str, Any] | None = None,
    ) -> None:
        self.requests: list[HttpRequest] = []
        self._document = document
        self._answers = list(answers)
        installation.sender.reply(*[self] * 100)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "/.well-known/" in request.url:
            return answered(self._document or {}, 200 if self._document else 404)
        if request.url != PAR:
            return granting(request)
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


GOOD = answered({"request_uri": "urn:example:1", "expires_in": 60}, 201)


async def leave(installation: Standing, connector: str) -> httpx.Response:
    started = await installation.caller.start(connector)
    return await installation.browser().client.post(started["start_url"])


@pytest.mark.row("C-40")
@pytest.mark.parametrize(
    "failure",
    [
        answered({"error": "invalid_request"}, 400),
        answered({"error": "invalid_client"}, 401),
        answered({}, 201),
        answered({"request_uri": "has spaces in it"}, 201),
        answered({"request_uri": "urn:x\r\nSet-Cookie: a=b"}, 201),
        HttpResponse(307, (("location", "https://evil.example.net/"),)),
        HttpResponse(503),
        TimedOut("late"),
    ],
)
async def test_push_that_fails_sends_the_browser_nowhere_and_may_be_tried_again(
    installation: Standing, failure: HttpResponse | Exception
) -> None:
    connector = await installation.connector(parURL=PAR)
    Pushed(installation, failure, GOOD)
    started = await installation.caller.start(connector)
    browser = installation.browser()

    failed = await browser.client.post(started["start_url"])
    again = await browser.client.post(started["start_url"])

    assert failed.status_code >= 400
    assert "location" not in failed.headers
    assert parse_qs(urlsplit(again.headers["location"]).query) == {
        "client_id": ["the-client"],
        "request_uri": ["urn:example:1"],
    }


@pytest.mark.row("C-40")
async def test_push_holds_everything_and_proves_the_client(installation: Standing) -> None:
    connector = await installation.connector(
        parURL=PAR, clientAuth="basic", authorizationURL=f"{ISSUER}/authorize?tenant=one"
    )
    server = Pushed(installation, GOOD)

    left = await leave(installation, connector)

    (request,) = server.requests
    sent = parse_qs(request.body.decode())
    assert set(sent) == {
        "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge",
        "code_challenge_method", "prompt", "tenant",
    }  # fmt: skip
    assert dict(request.headers)["Authorization"].startswith("Basic ")
    assert "state" not in left.headers["location"]


@pytest.mark.row("C-40")
async def test_issuer_that_takes_pushed_requests_only_is_pushed_to(installation: Standing) -> None:
    document = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "pushed_authorization_request_endpoint": PAR,
        "require_pushed_authorization_requests": True,
    }
    Pushed(installation, GOOD, document=document)
    connector = await installation.connector(issuer=ISSUER, authorizationURL=None, tokenURL=None)

    left = await leave(installation, connector)

    assert "request_uri=urn" in left.headers["location"]


@pytest.mark.row("C-41")
async def test_signed_request_is_for_the_issuer_brief_and_alone(installation: Standing) -> None:
    connector = await installation.connector(
        signedRequest=True,
        issuer=ISSUER,
        assertion={"alg": "ES256"},
        resource=["https://a.b/", "urn:c"],
    )
    installation.sender.reply(*[answered({}, 404)] * 100)

    left = await leave(installation, connector)

    shown = parse_qs(urlsplit(left.headers["location"]).query)
    header, claims = (_part(shown["request"][0], index) for index in (0, 1))
    assert set(shown) == {"client_id", "request"}
    assert (header["typ"], header["alg"]) == ("oauth-authz-req+jwt", "ES256")
    assert (claims["aud"], claims["iss"]) == (ISSUER, "the-client")
    assert 0 < claims["exp"] - claims["iat"] <= 300
    assert claims["resource"] == ["https://a.b/", "urn:c"]
    assert claims["response_type"] == "code"
    assert len(claims["state"]) == 43


def _part(jwt: str, index: int) -> dict[str, Any]:
    part: dict[str, Any] = json.loads(base64.urlsafe_b64decode(jwt.split(".")[index] + "=="))
    return part
