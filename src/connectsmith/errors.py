"""The whole error tree: every error has a stable code, a fault, and a message that is safe to show.

A message never holds a secret, a body or a stack. Shells derive HTTP status, exit code and retry
from the fault, each in one table of its own.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar


class Fault(StrEnum):
    """Who has to act."""

    DEFINITION = "definition"
    """The author must fix the connector."""
    CALLER = "caller"
    """This request is wrong."""
    ACCESS = "access"
    """No API token, or one that may not do this."""
    CREDENTIALS = "credentials"
    """The connection's owner must authorize again."""
    REMOTE = "remote"
    """The other service refused or broke before there was an answer to show."""
    NETWORK = "network"
    """The other service could not be reached."""
    UNAVAILABLE = "unavailable"
    """Not now: locked, full, draining, too many."""
    OURS = "ours"
    """A bug."""


class ConnectsmithError(Exception):
    """An ending that callers handle by its code.

    Attributes:
        code: Stable, snake_case; documented in the error reference.
        fault: Who has to act.
        message: One or two sentences, safe to show to whoever asked.
        place: Where in the input it is: a JSON Pointer, a field's name, or None.
        details: Machine-readable extras, safe to show. JSON values only.
        sent: Whether a request it is about may have left us; if False, repeating is safe.
    """

    code: ClassVar[str] = "internal_error"
    fault: ClassVar[Fault] = Fault.OURS
    sent: bool = False

    def __init__(
        self,
        message: str,
        *,
        place: str | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.details: Mapping[str, object] = details or {}


# -- definition: the author must fix the connector ------------------------------------------------


class DefinitionError(ConnectsmithError):
    """The definition cannot be used; `details["diagnostics"]` lists every fault where there are."""

    code = "definition_invalid"
    fault = Fault.DEFINITION


class ConnectorNotPublished(DefinitionError):
    """Nothing but test connections may use a connector that was never published."""

    code = "connector_not_published"


class SecretMissing(DefinitionError):
    """The definition names a secret that is not stored."""

    code = "secret_missing"


class SecretDestinationDenied(DefinitionError):
    """A secret or a connection's credentials would go to an origin nobody confirmed for them."""

    code = "secret_destination_denied"


class ClientRejected(DefinitionError):
    """The authorization server refuses the client itself (RFC 6749 section 5.2)."""

    code = "client_rejected"


class AuthorizationRequestRejected(DefinitionError):
    """The authorization server refuses what the definition asks for: scope, redirect URI, grant."""

    code = "authorization_request_rejected"


class UrlInvalid(DefinitionError):
    """A URL or host that cannot be read in exactly one way, or that the format does not allow."""

    code = "url_invalid"


class ValueMissing(DefinitionError):
    """A placeholder in a URL or a credential has no value."""

    code = "value_missing"


class KeyUnusable(DefinitionError):
    """A private key cannot be read, or cannot sign what the definition asks for."""

    code = "key_unusable"


class IssuerUnexpected(DefinitionError):
    """The authorization response names an issuer the definition does not (RFC 9207)."""

    code = "issuer_unexpected"


# -- caller: this request is wrong ----------------------------------------------------------------


class CallerError(ConnectsmithError):
    """The request is malformed or asks for something impossible."""

    code = "request_invalid"
    fault = Fault.CALLER


class BodyUnreadable(CallerError):
    """The request's body is not the JSON object it must be."""

    code = "body_unreadable"


class BodyTooLarge(CallerError):
    """The request's body is over its limit."""

    code = "body_too_large"


class MediaTypeUnsupported(CallerError):
    """The request's body must be JSON and say so."""

    code = "media_type_unsupported"


class FieldInvalid(CallerError):
    """One or more fields are missing or of the wrong type; `details["fields"]` lists all."""

    code = "field_invalid"


class ValueUnstorable(CallerError):
    """A text or number that no database can hold, such as half of a surrogate pair."""

    code = "value_unstorable"


class ActionUnknown(CallerError):
    """The connector has no action of that name."""

    code = "action_unknown"


class NotFound(CallerError):
    """Nothing by that id here."""

    code = "not_found"


class HostUnknown(CallerError):
    """The request was sent to a host name that is not this server's."""

    code = "host_unknown"


class MethodNotAllowed(CallerError):
    """The address exists, but not for this method."""

    code = "method_not_allowed"


class Conflict(CallerError):
    """The state of the thing does not allow this."""

    code = "conflict"


class NameTaken(Conflict):
    """A name that must be unique is in use."""

    code = "name_taken"


class ConnectorInUse(Conflict):
    """The connector still has connections."""

    code = "connector_in_use"


class ConnectionNotUsable(Conflict):
    """The connection's status does not allow calls."""

    code = "connection_not_usable"


class AuthorizationEnded(Conflict):
    """The authorization was used up, expired, refused or failed."""

    code = "authorization_ended"


class AuthorizationWaiting(Conflict):
    """The authorization is not as far as this step needs."""

    code = "authorization_waiting"


class ChoiceNeeded(Conflict):
    """The connection's owner has to choose one of several items first."""

    code = "choice_needed"


class CompletionRefused(Conflict):
    """The completion value is not the one the returning browser was given."""

    code = "completion_refused"


class OtherAccount(Conflict):
    """A connection is to be renewed by another account than it belongs to."""

    code = "other_account"


class PreconditionRequired(CallerError):
    """Changing this needs an `If-Match` header."""

    code = "precondition_required"


class VersionConflict(CallerError):
    """Somebody else changed it since it was read."""

    code = "version_conflict"


class IdempotencyMismatch(Conflict):
    """An `Idempotency-Key` was used before with another request."""

    code = "idempotency_mismatch"


class LinkEnded(CallerError):
    """A one-time link that was used, has expired, or never was."""

    code = "link_ended"


class CallbackRefused(CallerError):
    """A callback that does not belong to an authorization this browser started."""

    code = "callback_refused"


# -- access ---------------------------------------------------------------------------------------


class AccessError(ConnectsmithError):
    """The caller may not do this."""

    code = "access_denied"
    fault = Fault.ACCESS


class TokenRequired(AccessError):
    """No API token, or none that we know."""

    code = "api_token_required"


class ScopeMissing(AccessError):
    """The API token lacks a scope."""

    code = "api_scope_missing"


class SignInRequired(AccessError):
    """The page is for signed-in operators, and nobody is signed in here, or no longer."""

    code = "sign_in_required"


class SignInRefused(AccessError):
    """No operator has that e-mail address and that password."""

    code = "sign_in_refused"


class CrossSiteRequest(AccessError):
    """A form was sent by another site, or without the value that our own page gave along."""

    code = "cross_site_request"


# -- credentials: the connection's owner must authorize again -------------------------------------


class CredentialsError(ConnectsmithError):
    """The connection's owner must authorize again."""

    code = "authorization_needed"
    fault = Fault.CREDENTIALS


class GrantRejected(CredentialsError):
    """The authorization server no longer honours the grant (`invalid_grant`)."""

    code = "grant_rejected"


class ConsentDenied(CredentialsError):
    """The resource owner, or the authorization server, said no."""

    code = "consent_denied"


# -- remote: refused or broke before there was an answer to show ----------------------------------


class RemoteError(ConnectsmithError):
    """The other service broke the protocol."""

    code = "remote_error"
    fault = Fault.REMOTE

    retry_after_seconds: float | None = None


class TokenAnswerInvalid(RemoteError):
    """The token endpoint answered with something that is no token answer (RFC 6749 section 5)."""

    code = "token_answer_invalid"


class TokenNotBound(TokenAnswerInvalid):
    """The definition asks for tokens bound to a key (RFC 9449), and the server issued another."""

    code = "token_not_bound"


class RegistrationRefused(RemoteError):
    """The server registered no client, or another than was asked for (RFC 7591)."""

    code = "registration_refused"


class MetadataRefused(RemoteError):
    """An issuer's metadata could not be found, or cannot be believed (RFC 8414 section 3.3)."""

    code = "metadata_refused"


class FollowUpFailed(RemoteError):
    """A request that follows the token's was refused, or brought not what it was made for."""

    code = "follow_up_failed"


class TokenEndpointRedirected(RemoteError):
    """A token endpoint answered with a redirect: never followed (RFC 9700 section 4.12)."""

    code = "token_endpoint_redirected"


class TokenEndpointBusy(RemoteError):
    """The token endpoint answered 429 or 5xx."""

    code = "token_endpoint_busy"


class RedirectRefused(RemoteError):
    """A redirect that would take credentials along, or leads nowhere good."""

    code = "redirect_refused"


class ResponseTooLarge(RemoteError):
    """The answer exceeded its budget of (decompressed) bytes."""

    code = "response_too_large"


class ResponseUnreadable(RemoteError):
    """The answer is no HTTP, or is encoded in a way we do not read."""

    code = "response_unreadable"


# -- network --------------------------------------------------------------------------------------


class NetworkError(ConnectsmithError):
    """The other service could not be reached."""

    code = "network_error"
    fault = Fault.NETWORK


class EgressDenied(NetworkError):
    """The egress policy does not let this request out."""

    code = "egress_denied"


class NameNotResolved(NetworkError):
    """DNS knows no address for the host."""

    code = "name_not_resolved"


class ConnectionFailed(NetworkError):
    """No connection could be made, or it broke."""

    code = "connection_failed"
    unanswered: bool = False
    """Whether it broke after a request and before a byte of the answer, as it does when the closing
    of an idle connection crosses a request."""


class TlsFailed(NetworkError):
    """The server's certificate or TLS version was refused."""

    code = "tls_failed"


class TimedOut(NetworkError):
    """A deadline passed."""

    code = "timed_out"


# -- unavailable ----------------------------------------------------------------------------------


class Unavailable(ConnectsmithError):
    """Not now; try again."""

    code = "unavailable"
    fault = Fault.UNAVAILABLE

    retry_after_seconds: float = 5.0


class StorageBusy(Unavailable):
    """The database is locked or unreachable."""

    code = "storage_busy"


class StorageUncertain(StorageBusy):
    """The database went away while it stored something, which it may have done."""

    code = "storage_uncertain"


class StorageFull(Unavailable):
    """The disk is full."""

    code = "storage_full"


class RefreshBusy(Unavailable):
    """Another process is refreshing this connection and did not finish in time."""

    code = "refresh_busy"


class RefreshPostponed(Unavailable):
    """The last refresh failed a moment ago, and the access token has ended."""

    code = "refresh_postponed"


class AuthorizationServerPaused(Unavailable):
    """The authorization server failed several times in a row, or asked for a pause."""

    code = "authorization_server_paused"


class TooMany(Unavailable):
    """Too many requests at once."""

    code = "too_many"


class TooManyAttempts(TooMany):
    """Too many attempts to sign in; `retry_after_seconds` says when the next one is looked at."""

    code = "too_many_attempts"

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


# -- ours -----------------------------------------------------------------------------------------


class Bug(ConnectsmithError):
    """Something that cannot happen did."""


class SealBroken(ConnectsmithError):
    """A sealed record does not open in its place: wrong key, moved, or altered."""

    code = "seal_broken"
    fault = Fault.OURS


class StartRefused(ConnectsmithError):
    """The installation may not start as it stands; the message says what to do."""

    code = "start_refused"
    fault = Fault.UNAVAILABLE


class SettingInvalid(StartRefused):
    """A setting has an unknown name or a value that cannot be."""

    code = "setting_invalid"


def fault_of(code: str) -> Fault | None:
    """Return who has to act on an error that is known by its code alone; None for another word."""
    left = [ConnectsmithError]
    while left:
        kind = left.pop()
        if kind.code == code:
            return kind.fault
        left += kind.__subclasses__()
    return None
