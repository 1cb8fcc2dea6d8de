"""The bare route that a call through the REST API is compared with.

It does what cannot be left out: check the caller's token, read one row, decrypt it, make the
call, answer JSON. It reads SQLite on the event loop, which no careful server would, because
nothing is cheaper.
"""

import hashlib
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from bench.meter import metered
from bench.upstream import TOKEN
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

CALLER = "bench-caller-token"


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.cipher = AESGCM(AESGCM.generate_key(256))
    app.state.database = sqlite3.connect(os.environ["BENCH_DATABASE"], isolation_level=None)
    app.state.database.execute("PRAGMA journal_mode = WAL")
    app.state.database.execute("CREATE TABLE kept (id TEXT PRIMARY KEY, nonce BLOB, sealed BLOB)")
    nonce = os.urandom(12)
    sealed = app.state.cipher.encrypt(nonce, TOKEN.encode(), b"one")
    app.state.database.execute("INSERT INTO kept VALUES ('one', ?, ?)", (nonce, sealed))
    app.state.upstream = os.environ["BENCH_UPSTREAM"]
    app.state.callers = {hashlib.sha256(CALLER.encode()).digest()}
    async with aiohttp.ClientSession() as app.state.session:
        yield


async def call(request: Request) -> JSONResponse:
    state = request.app.state
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if hashlib.sha256(token.encode()).digest() not in state.callers:
        return JSONResponse({"error": "no"}, 401)
    asked = await request.json()
    row = request.path_params["id"], *_read(state.database, request.path_params["id"])
    access = state.cipher.decrypt(row[1], row[2], row[0].encode()).decode()
    headers = {"Authorization": f"Bearer {access}"}
    url = f"{state.upstream}/events/{asked['fields']['id']}"
    async with state.session.get(url, headers=headers) as answer:
        return JSONResponse({"status": answer.status, "value": await answer.json()})


def _read(database: sqlite3.Connection, key: str) -> tuple[bytes, bytes]:
    row = database.execute("SELECT nonce, sealed FROM kept WHERE id = ?", (key,)).fetchone()
    return row[0], row[1]


app = metered(Starlette(routes=[Route("/calls/{id}", call, methods=["POST"])], lifespan=lifespan))
