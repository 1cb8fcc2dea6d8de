"""Routes of API tokens."""

from fastapi import APIRouter

from connectsmith.api.permissions import TheDesks, TokenWriter
from connectsmith.api.routes import CallerRoute
from connectsmith.api.shapes import NewToken, TokenList, TokenShape
from connectsmith.api.views import token_shape

router = APIRouter(prefix="/v1/tokens", tags=["tokens"], route_class=CallerRoute)


@router.get("")
async def list_tokens(caller: TokenWriter, desks: TheDesks) -> TokenList:
    """List API tokens, without their text."""
    rows = await desks.access.tokens(caller)
    return TokenList(items=[token_shape(each) for each in rows])


@router.post("", status_code=201)
async def issue(body: NewToken, caller: TokenWriter, desks: TheDesks) -> TokenShape:
    """Issue an API token; its text is in this answer and nowhere else."""
    row, token = await desks.access.issue(
        caller, name=body.name, scopes=body.scopes, days=body.expires_in_days
    )
    return token_shape(row, token)


@router.delete("/{token}", status_code=204)
async def revoke(token: str, caller: TokenWriter, desks: TheDesks) -> None:
    """Revoke an API token at once."""
    await desks.access.revoke(caller, token)
