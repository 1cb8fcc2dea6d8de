from dataclasses import replace
from datetime import timedelta

from tests.service.standing import Standing
from tests.storage.rows import authorization

from connectsmith.service.address_change import AddressChange
from connectsmith.service.caller import SCOPES, Caller

ADA = Caller("default", "ses_a", "ope_a", frozenset(SCOPES))


async def test_connector_is_marked_until_somebody_signs_in_at_the_new_address(
    installation: Standing,
) -> None:
    desks, clock, storage = installation.application.desks, installation.clock, installation.storage
    connector = await installation.connector()
    overviews = desks.overviews
    await overviews.address.note()
    clock.advance(timedelta(hours=1))

    await overviews.address.note()
    assert not (await overviews.connector(ADA, connector)).callback_changed
    moved = replace(desks.rules, public_url="https://connect.example.com")
    await AddressChange(storage.meta, clock, moved).note()
    later = await desks.beginnings.from_sample(ADA, "github")

    assert await overviews.address.at() == clock.now()
    assert (await overviews.connector(ADA, connector)).callback_changed
    assert not (await overviews.connector(ADA, later.id)).callback_changed
    clock.advance(timedelta(minutes=1))
    for status in ("failed", "kept"):
        assert (await overviews.connector(ADA, connector)).callback_changed
        await storage.authorizations.add(
            authorization(
                f"aut_{status}", connector=connector, status=status, created_at=clock.now()
            )
        )
    assert not (await overviews.connector(ADA, connector)).callback_changed
