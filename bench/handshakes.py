"""OAuth handshakes: started, called back, exchanged and stored; CPU against Authlib's client."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import certifi
import trustme
from bench.harness import Comparison, Measure, compare
from bench.processes import Request, load, process, served
from bench.subject import Api, make_connector

RETURN_TO = "http://127.0.0.1:1/back"
CONCURRENCY = 16
TIMES = 64


@contextmanager
def authorization_server(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Run a token endpoint; yield its address, and the environment that makes it trusted."""
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(folder / "s.pem")
    bundle = folder / "bundle.pem"
    bundle.write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
    with process("bench.token_endpoint", str(folder / "s.pem")) as port:
        yield f"https://127.0.0.1:{port}", {"SSL_CERT_FILE": str(bundle)}


def state_of(location: str) -> str:
    """Return the state of an authorization request."""
    return parse_qs(urlsplit(location).query)["state"][0]


def cookies_of(answer: aiohttp.ClientResponse) -> str:
    """Return a Cookie header for what an answer set."""
    return "; ".join(f"{each.key}={each.value}" for each in answer.cookies.values())


def control(address: str) -> Request:
    """Return one handshake of the control."""

    async def handshake(session: aiohttp.ClientSession) -> None:
        async with session.get(f"{address}/start", allow_redirects=False) as answer:
            state, cookies = state_of(answer.headers["Location"]), cookies_of(answer)
        query = {"code": "splendid", "state": state}
        headers = {"Cookie": cookies}
        async with session.get(f"{address}/callback", params=query, headers=headers) as answer:
            answer.raise_for_status()

    return handshake


def ours(api: Api, connector: str) -> Request:
    """Return one handshake of ours: start, start page, callback, completion."""
    headers = {"Authorization": f"Bearer {api.token}"}
    starts = f"{api.address}/v1/connectors/{connector}/authorizations"
    asked = {"fields": {}, "return_to": RETURN_TO}

    async def handshake(session: aiohttp.ClientSession) -> None:
        async with session.post(starts, json=asked, headers=headers) as answer:
            started = await answer.json()
        async with session.post(started["start_url"], allow_redirects=False) as answer:
            location, cookies = answer.headers["Location"], cookies_of(answer)
        query = {"code": "splendid", "state": state_of(location)}
        callback = parse_qs(urlsplit(location).query)["redirect_uri"][0]
        async with session.get(
            callback, params=query, headers={"Cookie": cookies}, allow_redirects=False
        ) as answer:
            returned = parse_qs(urlsplit(answer.headers["Location"]).query)
        completes = f"{api.address}/v1/authorizations/{started['id']}/complete"
        completion = {"completion": returned["completion"][0]}
        async with session.post(completes, json=completion, headers=headers) as answer:
            answer.raise_for_status()

    return handshake


def measure() -> Iterator[Comparison]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server, trust = stack.enter_context(authorization_server(folder))
        environment = {
            **trust,
            "BENCH_AUTHORIZATION_SERVER": server,
            "BENCH_DATABASE": str(folder / "control.db"),
        }
        address = stack.enter_context(
            served("bench.control_handshake:app", environment=environment)
        )
        private = server.removeprefix("https://")
        line = stack.enter_context(
            process("bench.service", str(folder / "ours"), private, environment=trust)
        )
        api = Api(**json.loads(line))
        connector = make_connector(api, upstream=server, server=server, grant="authorization_code")
        yield compare(
            "OAuth handshakes",
            {
                "Authlib": loaded(address, control(address)),
                "ours": loaded(api.address, ours(api, connector)),
            },
            rounds=5,
            target="a tenth at most",
            limit=0.1,
            note="CPU of the server's process for one handshake: started, called back, code "
            "exchanged over verified TLS, tokens sealed and committed. Ours takes four requests "
            "for that, Authlib's client two.",
        )


def loaded(address: str, request: Request) -> Measure:
    """Return the measure of a server."""
    return load(address, request, times=TIMES, concurrency=CONCURRENCY)
