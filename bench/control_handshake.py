"""Authlib's Starlette client, used as its documentation shows, that keeps what it gets.

TLS verification is on, as it is by default; the tokens are sealed and committed before the answer.
"""

import json
import os
import sqlite3

from authlib.integrations.starlette_client import OAuth
from bench.meter import metered
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

SERVER = os.environ["BENCH_AUTHORIZATION_SERVER"]

oauth = OAuth()
oauth.register(
    name="service",
    client_id="bench",
    client_secret="bench-client-secret",  # noqa: S106 - no secret: the server takes anything
    authorize_url=f"{SERVER}/authorize",
    access_token_url=f"{SERVER}/token",
    client_kwargs={"scope": "read", "code_challenge_method": "S256"},
)
cipher = AESGCM(AESGCM.generate_key(256))
database = sqlite3.connect(os.environ["BENCH_DATABASE"], isolation_level=None)
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = FULL")
database.execute("CREATE TABLE kept (id INTEGER PRIMARY KEY, nonce BLOB, sealed BLOB)")


async def start(request: Request) -> Response:
    answer: Response = await oauth.service.authorize_redirect(request, request.url_for("callback"))
    return answer


async def callback(request: Request) -> Response:
    token = await oauth.service.authorize_access_token(request)
    nonce = os.urandom(12)
    sealed = cipher.encrypt(nonce, json.dumps(token).encode(), b"")
    database.execute("INSERT INTO kept (nonce, sealed) VALUES (?, ?)", (nonce, sealed))
    return JSONResponse({"stored": True})


app = metered(
    Starlette(
        routes=[Route("/start", start), Route("/callback", callback, name="callback")],
        middleware=[Middleware(SessionMiddleware, secret_key="bench-session-key")],  # noqa: S106 - no secret
    )
)
