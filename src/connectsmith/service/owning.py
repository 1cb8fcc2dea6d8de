"""Whose a connection is: the operator who may use it, and the account at the service."""

from connectsmith.errors import NotFound, OtherAccount
from connectsmith.service.caller import Caller
from connectsmith.service.rows import ConnectionRow


def check_own(row: ConnectionRow, caller: Caller) -> None:
    """Let a test connection be used by the operator who made it, and by nobody else.

    Raises:
        NotFound: it is another operator's, for whom it might as well not exist.
    """
    if row.test and row.operator not in ("", caller.operator):
        raise NotFound("There is no connection with that id.")


def check_same_account(new: ConnectionRow, old: ConnectionRow) -> None:
    """Refuse to put the grant of one account in the place of another's.

    Where the definition never said whose account it was, nobody can tell.

    Raises:
        OtherAccount: the accounts differ, or the new one could not be found out.
    """
    known = old.account_id or old.account_label
    if known is None or (new.account_id or new.account_label) == known:
        return
    held = old.account_label or known
    brought = new.account_label or new.account_id
    if brought is None:
        raise OtherAccount(
            f"This connection belongs to {held}, and it could not be found out whose account has "
            "consented now. Nothing was changed. Try again when the service answers."
        )
    raise OtherAccount(
        f"This connection belongs to {held}, and {brought} has consented. Nothing was changed. "
        f"Sign in at the service as {held}, or make a new connection for {brought}.",
        details={"account": held, "consented": brought},
    )
