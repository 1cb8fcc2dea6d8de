"""Sign JWTs, and make the keys for it: the only place where a private key is read."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key

from connectsmith.core.authorization.signing import Unsigned
from connectsmith.core.definition.sign_in import ALGORITHMS
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import KeyUnusable

RSA_BITS: Final = 2048
KEPT: Final = 256
"""Keys that are kept once they were read."""
_KEY_TYPES: Final = frozenset({"RSA", "EC", "OKP"})
_CURVES: Final = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_KINDS: Final[Mapping[str, type[RSAKey | ECKey | OKPKey]]] = {
    "RS": RSAKey, "PS": RSAKey, "ES": ECKey, "Ed": OKPKey,
}  # fmt: skip


class JoseSigner:
    """The port `Signer`, and where its keys come from.

    Keys that were read are kept, as checking the primes of one for RSA costs 0.1 s.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Key] = OrderedDict()

    def sign(self, unsigned: Unsigned, key: Secret) -> Secret:
        """Return a JWT in its compact form; `KeyUnusable` when the key cannot sign it."""
        algorithm = str(unsigned.header.get("alg"))
        private = _fit(self._read(key), algorithm)
        payload = json.dumps(unsigned.claims, separators=(",", ":")).encode()
        try:
            signed = jws.serialize_compact(
                dict(unsigned.header), payload, private, algorithms=[algorithm]
            )
        except (JoseError, ValueError) as error:
            raise _unusable(algorithm) from error
        return Secret(signed)

    def public(self, key: Secret) -> Mapping[str, Any]:
        """Return the public half as a JWK."""
        return _public(self._read(key))

    def thumbprint(self, key: Secret) -> str:
        """Return the SHA-256 thumbprint of the public half (RFC 7638)."""
        return self._read(key).thumbprint()

    def new_key(self, algorithm: str) -> Secret:
        """Make a private key, as a JWK; one for RSA takes a tenth of a second or more."""
        if algorithm not in ALGORITHMS:
            raise _unusable(algorithm)
        kind = _KINDS[algorithm[:2]]
        if kind is RSAKey:
            made: Key = RSAKey.generate_key(RSA_BITS, private=True)
        elif kind is ECKey:
            made = ECKey.generate_key(_CURVES[algorithm], private=True)
        else:
            made = OKPKey.generate_key("Ed25519", private=True)
        return Secret(json.dumps(made.as_dict(private=True), separators=(",", ":")))

    def _read(self, key: Secret) -> Key:
        text = key.reveal().strip()
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        found = self._kept.get(digest)
        if found is None:
            found = self._kept[digest] = _read(text)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found


def _read(text: str) -> Key:
    """Read a key from PEM or JWK; neither its text nor the reason goes into the error."""
    try:
        if text.startswith("{"):
            return _from_jwk(json.loads(text))
        for kind in (RSAKey, ECKey, OKPKey):
            found = _from_pem(text, kind)
            if found is not None:
                return found
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise KeyUnusable(_UNREADABLE, place="/auth_components/privateKey") from _without(error)
    raise KeyUnusable(_UNREADABLE, place="/auth_components/privateKey")


def _from_jwk(parameters: dict[str, Any]) -> Key:
    if parameters.get("kty") not in _KEY_TYPES:
        raise ValueError("no key for signatures")
    return import_key(parameters)


def _from_pem(text: str, kind: type[RSAKey | ECKey | OKPKey]) -> Key | None:
    """Return a PEM's key if it is of this kind; line breaks that were escaped count."""
    try:
        return kind.import_key(text.replace("\\n", "\n"))
    except (JoseError, ValueError, TypeError, AttributeError):
        return None


def _fit(found: Key, algorithm: str) -> Key:
    """Return a private key that can sign with an algorithm; refuse any other."""
    kind = _KINDS.get(algorithm[:2])
    if kind is None or not isinstance(found, kind):
        raise _unusable(algorithm)
    if not found.is_private:
        raise KeyUnusable(
            "The private key is a public one. Store the private half as the secret.",
            place="/auth_components/privateKey",
        )
    if isinstance(found, RSAKey) and found.raw_value.key_size < RSA_BITS:
        raise KeyUnusable(
            f"The private key is shorter than {RSA_BITS} bits; make a longer one.",
            place="/auth_components/privateKey",
        )
    if isinstance(found, ECKey) and found.curve_name != _CURVES.get(algorithm):
        raise _unusable(algorithm)
    return found


def _public(key: Key) -> dict[str, Any]:
    return {
        name: value
        for name, value in key.as_dict(private=False).items()
        if name not in {"kid", "use", "alg", "key_ops"}
    }


def _without(error: Exception) -> Exception:
    """Return an error of the same kind without its words: they may hold a part of the key."""
    return type(error)() if isinstance(error, ValueError) else ValueError(type(error).__name__)


_UNREADABLE = (
    "The private key cannot be read. Store it as PEM (PKCS #8 or PKCS #1, without a password) or "
    "as a JWK."
)


def _unusable(algorithm: str) -> KeyUnusable:
    return KeyUnusable(
        f"The private key cannot sign with {algorithm[:20]}. Write the `alg` of that key in "
        "`assertion`, or store a key of that kind.",
        place="/auth_components/privateKey",
    )
