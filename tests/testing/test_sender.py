import pytest

from connectsmith.core.message import Carried, HttpRequest, HttpResponse
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import SecretDestinationDenied, TimedOut
from connectsmith.testing import ScriptedSender

GET = HttpRequest("GET", "https://api.example.com/things")


async def test_replies_are_played_in_order_and_requests_kept() -> None:
    sender = ScriptedSender([HttpResponse(200), lambda request: HttpResponse(201, url=request.url)])

    answers = [await sender.send(GET), await sender.send(GET)]

    assert [answer.status for answer in answers] == [200, 201]
    assert answers[1].url == GET.url
    assert sender.requests == [GET, GET]
    assert sender.left == 0


async def test_error_is_raised_and_a_missing_reply_is_noticed() -> None:
    sender = ScriptedSender([TimedOut("Too slow.")])

    with pytest.raises(TimedOut):
        await sender.send(GET)
    with pytest.raises(AssertionError, match="no reply is left for GET"):
        await sender.send(GET)


async def test_nothing_is_sent_where_a_credential_may_not_go() -> None:
    elsewhere = Destinations.of(["https://auth.example.com"])
    carried = Carried('the secret "clientSecret"', Secret("canary"), elsewhere)
    sender = ScriptedSender([HttpResponse(200)])

    with pytest.raises(SecretDestinationDenied, match="clientSecret"):
        await sender.send(HttpRequest("GET", GET.url, carries=(carried,)))

    assert (sender.requests, sender.left) == ([], 1)


async def test_body_is_streamed_in_pieces() -> None:
    sender = ScriptedSender([HttpResponse(200, body=b"x" * 3000)])

    async with sender.stream(GET) as answer:
        pieces = [piece async for piece in answer.chunks()]

    assert (answer.head.status, answer.head.body) == (200, b"")
    assert [len(piece) for piece in pieces] == [1024, 1024, 952]
