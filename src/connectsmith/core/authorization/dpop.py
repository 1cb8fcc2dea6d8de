"""Proof that whoever sends a token holds the key it is bound to (RFC 9449)."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from connectsmith.core.authorization.signing import Signer, Unsigned
from connectsmith.core.message import Carried, HttpRequest, HttpResponse
from connectsmith.core.secret.destinations import Destinations, origin_of
from connectsmith.core.secret.secret import Secret

ALGORITHM: Final = "ES256"
TOKEN_TYPE: Final = "DPoP"  # noqa: S105 - RFC 9449 section 5's word
HEADER: Final = "DPoP"
ASKED: Final = frozenset({400, 401})
"""What a server answers that wants a nonce (RFC 9449 sections 8 and 9)."""

_NONCE = re.compile(r"[!#-\[\]-~]{1,1024}")
_CHALLENGE = re.compile(r"error=\"?(use_dpop_nonce|invalid_dpop_proof)\b")


def proved(
    request: HttpRequest,
    *,
    signer: Signer,
    key: Secret,
    moment: datetime,
    jti: str,
    nonce: str | None = None,
    access_token: Secret | None = None,
) -> HttpRequest:
    """Return a request with a proof for its method and address (RFC 9449 section 4.2).

    With an access token the proof is bound to it (`ath`), and a `Bearer` before it becomes `DPoP`.
    The proof is carried, as credentials are: wherever a server repeats it, it is masked.
    """
    claims: dict[str, Any] = {
        "jti": jti,
        "htm": request.method,
        "htu": request.url.partition("#")[0].partition("?")[0],
        "iat": int(moment.timestamp()),
    }
    if access_token is not None:
        claims["ath"] = _digest(access_token.reveal())
    if nonce is not None:
        claims["nonce"] = nonce
    header = {"typ": "dpop+jwt", "alg": ALGORITHM, "jwk": dict(signer.public(key))}
    proof = signer.sign(Unsigned(header, claims), key)
    kept = tuple(_schemed(*pair) for pair in request.headers if pair[0].lower() != HEADER.lower())
    here = Carried("the proof of possession", proof, Destinations.of([origin_of(request.url)]))
    return replace(
        request, headers=(*kept, (HEADER, proof.reveal())), carries=(*request.carries, here)
    )


def new_nonce(response: HttpResponse) -> str | None:
    """Return the nonce that a server wants in the next proof, if it gives one."""
    given = response.header("dpop-nonce") or ""
    return given if _NONCE.fullmatch(given) else None


def refuses_proof(response: HttpResponse) -> bool:
    """Tell whether a proof was refused, for want of a nonce or for its time."""
    if response.status not in ASKED:
        return False
    challenges = " ".join(value for name, value in response.headers if name == "www-authenticate")
    if _CHALLENGE.search(challenges):
        return True
    try:
        error = json.loads(response.body).get("error")
    except (ValueError, AttributeError, RecursionError):
        return False
    return error in {"use_dpop_nonce", "invalid_dpop_proof"}


def _schemed(name: str, value: str) -> tuple[str, str]:
    """Put the token's own scheme in front of it (RFC 9449 section 7.1)."""
    scheme, space, rest = value.partition(" ")
    if name.lower() == "authorization" and space and scheme.lower() == "bearer":
        return name, f"{TOKEN_TYPE} {rest}"
    return name, value


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
