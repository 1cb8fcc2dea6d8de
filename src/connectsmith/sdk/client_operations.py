"""Operations on what connectors' OAuth clients are made of; see `operations`."""

from connectsmith.sdk.answers import IssuerMetadata, KeySet, Page, SigningKey
from connectsmith.sdk.operations import Operation, path_of


def keys(connector: str) -> Operation[KeySet]:
    """See a connector's own signing keys, and the address of their key set."""
    return Operation(KeySet, "GET", path_of("v1", "connectors", connector, "keys"))


def rotate_key(connector: str, *, at_once: bool = False) -> Operation[SigningKey]:
    """Make a connector's next signing key; `at_once` withdraws the old ones now."""
    path = path_of("v1", "connectors", connector, "keys")
    return Operation(SigningKey, "POST", path, body={"at_once": at_once})


def metadata(connector: str) -> Operation[Page[IssuerMetadata]]:
    """See what a connector's issuers say about themselves."""
    path = path_of("v1", "connectors", connector, "metadata")
    return Operation(Page[IssuerMetadata], "GET", path)


def approve_metadata(connector: str, issuer: str) -> Operation[IssuerMetadata]:
    """Use from now on what an issuer's document has changed to."""
    path = path_of("v1", "connectors", connector, "metadata", "approve")
    return Operation(IssuerMetadata, "POST", path, body={"issuer": issuer})
