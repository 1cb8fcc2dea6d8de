"""What went wrong on the wire, as our errors: which class, and whether bytes may have left."""

import ssl

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError, TransferEncodingError

from connectsmith.egress.attempt import Attempt, denial
from connectsmith.egress.url import Origin
from connectsmith.errors import (
    ConnectionFailed,
    ConnectsmithError,
    NetworkError,
    RemoteError,
    ResponseUnreadable,
    TimedOut,
    TlsFailed,
)

WIRE_ERRORS = (aiohttp.ClientError, HttpProcessingError, OSError)
"""What aiohttp raises for a request that did not work."""

_UNVERIFIED = {
    10: ("certificate_expired", "its certificate has expired"),
    9: ("certificate_not_yet_valid", "its certificate is not valid yet"),
    18: ("certificate_self_signed", "its certificate is signed by itself"),
    19: ("certificate_self_signed", "its certificate chain ends in one signed by itself"),
    20: ("certificate_authority_unknown", "its certificate's authority is not trusted here"),
    21: ("certificate_authority_unknown", "its certificate's authority is not trusted here"),
    62: ("certificate_wrong_host", "its certificate is for another host"),
    64: ("certificate_wrong_host", "its certificate is for another address"),
}
_OLD_TLS = ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW", "INTERNAL_ERROR")
_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH")


def translated(error: BaseException, attempt: Attempt) -> ConnectsmithError:
    """Return our error for one of `WIRE_ERRORS`."""
    result = _translated(error, attempt)
    if isinstance(result, NetworkError):
        result.sent = attempt.sent
    return result


def timed_out(attempt: Attempt) -> TimedOut:
    """Return the error for a deadline that passed."""
    origin = attempt.origin.text
    if not attempt.sent:
        return TimedOut(f"No connection to {origin} could be made in time; nothing was sent.")
    error = TimedOut(f"{origin} did not answer completely in time; it may have acted anyway.")
    error.sent = True
    return error


def _translated(error: BaseException, attempt: Attempt) -> ConnectsmithError:
    if attempt.denied:
        return denial(attempt)
    if isinstance(error, TimeoutError):
        return timed_out(attempt)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError):
        return _unconnected(error, attempt.origin)
    if isinstance(error, aiohttp.ClientPayloadError | HttpProcessingError):
        return _unreadable(error, attempt.origin)
    closed = ConnectionFailed(
        f"{attempt.origin.text} closed the connection before it had answered."
    )
    closed.unanswered = True
    return closed


def _unconnected(
    error: aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError, origin: Origin
) -> NetworkError:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return _unverified(error.certificate_error, origin)
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return _tls_failed(error, origin)
    if isinstance(error.os_error, ConnectionResetError) and not origin.plain:
        return _tls_error(origin, "tls_broken_off", "the server broke off the TLS handshake")
    reason = "the network or the server did not let it through"
    if isinstance(error.os_error, ConnectionRefusedError):
        reason = "the server refused it"
    return ConnectionFailed(f"No connection to {origin.text} could be made: {reason}.")


def _unverified(error: BaseException, origin: Origin) -> TlsFailed:
    code = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else 0
    cause, sentence = _UNVERIFIED.get(code, ("certificate_refused", "its certificate is refused"))
    return TlsFailed(f"{origin.text} cannot be trusted: {sentence}.", details={"cause": cause})


def _tls_failed(error: aiohttp.ClientConnectorSSLError, origin: Origin) -> TlsFailed:
    reason = str(getattr(error.os_error, "reason", None) or "")
    if any(word in reason for word in _OLD_TLS):
        return _tls_error(origin, "tls_version", "it does not speak TLS 1.2 or newer")
    if any(word in reason for word in _NOT_TLS):
        return _tls_error(origin, "tls_absent", "it does not speak TLS on this port")
    return _tls_error(origin, "tls_failed", "the TLS handshake failed")


def _tls_error(origin: Origin, cause: str, sentence: str) -> TlsFailed:
    return TlsFailed(
        f"No safe connection to {origin.text} could be made: {sentence}.", details={"cause": cause}
    )


def _unreadable(
    error: aiohttp.ClientPayloadError | HttpProcessingError, origin: Origin
) -> RemoteError | NetworkError:
    if isinstance(error, HttpProcessingError):
        return ResponseUnreadable(
            f"{origin.text} answered with something that is no HTTP/1.1, or with oversized headers."
        )
    cause = error.__cause__
    if isinstance(cause, TransferEncodingError) and "Not enough data" not in str(cause):
        return ResponseUnreadable(f"{origin.text} answered with a body that is framed wrongly.")
    return ConnectionFailed(f"{origin.text} closed the connection in the middle of its answer.")
