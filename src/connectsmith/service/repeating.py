"""What is repeated of a connection when its owner authorizes again."""

from connectsmith.core.connection.fields import shown_fields
from connectsmith.errors import ConnectsmithError
from connectsmith.service.attempts import blueprint_of
from connectsmith.service.blueprints import Blueprint, Blueprints
from connectsmith.service.holdings import opened
from connectsmith.service.making import written
from connectsmith.service.ports import Sealer
from connectsmith.service.rows import ConnectionRow


async def entered_again(
    blueprints: Blueprints, sealer: Sealer, row: ConnectionRow, now: Blueprint
) -> dict[str, str]:
    """Return the fields that a reconnect repeats.

    What is masked, or was when it was entered, its owner has to enter again; and everything, where
    it would go to an origin that the connection was not authorized for.
    """
    held = opened(sealer, row)
    try:
        before = await blueprint_of(blueprints, row)
    except ConnectsmithError:
        return {}
    origins = now.reach.of(held)
    if not {*written(origins.auth)} <= {*row.origins_auth}:
        return {}
    if not {*written(origins.api)} <= {*row.origins_api}:
        return {}
    shown = shown_fields(before.definition, held.fields)
    return {key: shown[key] for key in shown_fields(now.definition, held.fields) if key in shown}
