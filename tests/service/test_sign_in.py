from datetime import timedelta

import pytest
from tests.service.standing import Standing

from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    FieldInvalid,
    LinkEnded,
    SignInRefused,
    SignInRequired,
    TooManyAttempts,
)
from connectsmith.service.caller import SCOPES
from connectsmith.service.guessing import OF_ACCOUNT, network_of, normalised
from connectsmith.service.sign_in import ABSOLUTE, IDLE, Attempt, NewSession, SignIn
from connectsmith.testing.passwords import QuickPasswords

EMAIL = "ada@example.com"
PASSWORD = Secret("correct horse battery")
WRONG = Secret("battery horse correct")


@pytest.fixture
def sign_in(installation: Standing) -> SignIn:
    return installation.application.desks.sign_in


async def enrolled(sign_in: SignIn) -> NewSession:
    """Give the first operator a password."""
    return await sign_in.redeem(await sign_in.local_link(), EMAIL, PASSWORD)


def attempt(
    password: Secret = PASSWORD,
    *,
    email: str = EMAIL,
    address: str = "192.0.2.1",
    device: str | None = None,
) -> Attempt:
    return Attempt(email, password, address, device)


def computed(installation: Standing) -> int:
    passwords = installation.application.parts.passwords
    assert isinstance(passwords, QuickPasswords)
    return passwords.computed


async def test_link_works_once_and_for_thirty_minutes(
    sign_in: SignIn, installation: Standing
) -> None:
    used, late = await sign_in.local_link(), await sign_in.local_link()

    begun = await sign_in.redeem(used, " Ada@EXAMPLE.com ", PASSWORD)

    assert begun.signed_in.operator.email == EMAIL
    with pytest.raises(LinkEnded):
        await sign_in.redeem(used, EMAIL, WRONG)
    installation.clock.advance(timedelta(minutes=30))
    with pytest.raises(LinkEnded):
        await sign_in.invited(late)
    assert await sign_in.first_link() is None


async def test_link_survives_a_password_that_is_too_short(sign_in: SignIn) -> None:
    link = await sign_in.first_link()
    assert link is not None

    for email, password in (("nobody", PASSWORD), (EMAIL, Secret("short")), ("a@b@c", PASSWORD)):
        with pytest.raises(FieldInvalid):
            await sign_in.redeem(link, email, password)

    assert await sign_in.redeem(link, EMAIL, PASSWORD)


async def test_signed_in_operator_is_a_caller_with_every_scope(sign_in: SignIn) -> None:
    begun = await enrolled(sign_in)

    caller = (await sign_in.recognise(begun.value)).caller

    assert caller.scopes == set(SCOPES)
    assert caller.token == begun.signed_in.session.id
    assert caller.token.startswith("ses_")
    assert await sign_in.name_of(caller.workspace, caller.token) == EMAIL
    assert await sign_in.name_of(caller.workspace, "tok_x") == "tok_x"


@pytest.mark.row("T-72")
async def test_session_ends_by_idling_by_age_and_by_signing_out(
    sign_in: SignIn, installation: Standing
) -> None:
    idle = await enrolled(sign_in)
    installation.clock.advance(IDLE)
    with pytest.raises(SignInRequired):
        await sign_in.recognise(idle.value)

    aged = await sign_in.sign_in(attempt())
    for _ in range(ABSOLUTE // IDLE * 2 + 1):
        installation.clock.advance(IDLE / 2 - timedelta(minutes=15))
        await sign_in.recognise(aged.value)
    installation.clock.advance(IDLE / 2)
    with pytest.raises(SignInRequired):
        await sign_in.recognise(aged.value)

    ended = await sign_in.sign_in(attempt())
    await sign_in.sign_out(await sign_in.recognise(ended.value))
    with pytest.raises(SignInRequired):
        await sign_in.recognise(ended.value)


@pytest.mark.row("T-72")
async def test_every_session_has_a_value_of_its_own(sign_in: SignIn) -> None:
    first = await enrolled(sign_in)
    second = await sign_in.sign_in(attempt())

    assert first.value != second.value
    assert first.signed_in.session.id != second.signed_in.session.id
    assert second.value.encode() not in second.signed_in.session.digest


@pytest.mark.row("T-71")
async def test_unknown_account_costs_the_same_hash_and_says_the_same(
    sign_in: SignIn, installation: Standing
) -> None:
    await enrolled(sign_in)
    refusals, costs = [], []

    for email in (EMAIL, "nobody@example.com", "not an address"):
        before = computed(installation)
        with pytest.raises(SignInRefused) as refusal:
            await sign_in.sign_in(attempt(WRONG, email=email))
        refusals.append(refusal.value.message)
        costs.append(computed(installation) - before)

    assert costs == [1, 1, 1]
    assert len(set(refusals)) == 1


@pytest.mark.row("T-70")
async def test_thousand_guesses_are_looked_at_ten_times_in_a_quarter_of_an_hour(
    sign_in: SignIn, installation: Standing
) -> None:
    known = await enrolled(sign_in)
    spellings = (
        EMAIL,
        "ADA@example.com",
        " ada@example.com",
        "\uff41da@example.com",
        "ada@exam ple.com",
    )
    before = computed(installation)

    for number in range(1000):
        guess = attempt(WRONG, email=spellings[number % 5], address=f"198.51.100.{number % 50}")
        with pytest.raises((SignInRefused, TooManyAttempts)):
            await sign_in.sign_in(guess)
        installation.clock.advance(timedelta(minutes=15) / 1000)

    assert computed(installation) - before <= 10
    with pytest.raises(TooManyAttempts):
        await sign_in.sign_in(attempt(PASSWORD))
    assert await sign_in.sign_in(attempt(device=known.device))


async def test_guesses_from_a_known_device_are_slowed_down_too(sign_in: SignIn) -> None:
    known = await enrolled(sign_in)

    for _ in range(OF_ACCOUNT.free):
        with pytest.raises(SignInRefused):
            await sign_in.sign_in(attempt(WRONG, device=known.device))

    with pytest.raises(TooManyAttempts) as refusal:
        await sign_in.sign_in(attempt(PASSWORD, device=known.device))
    assert refusal.value.retry_after_seconds == 4


async def test_no_lock_out_is_for_good(sign_in: SignIn, installation: Standing) -> None:
    await enrolled(sign_in)
    for _ in range(40):
        with pytest.raises((SignInRefused, TooManyAttempts)):
            await sign_in.sign_in(attempt(WRONG))
        installation.clock.advance(OF_ACCOUNT.most)

    assert await sign_in.sign_in(attempt())


@pytest.mark.row("T-70")
async def test_one_address_tries_few_accounts_at_speed(sign_in: SignIn) -> None:
    refused = 0
    for number in range(100):
        try:
            await sign_in.sign_in(
                attempt(WRONG, email=f"a{number}@example.com", address=f"2001:db8::{number:x}")
            )
        except TooManyAttempts:
            refused += 1
        except SignInRefused:
            pass

    assert refused >= 59


async def test_outdated_hash_is_replaced_at_sign_in(
    sign_in: SignIn, installation: Standing
) -> None:
    await enrolled(sign_in)
    operator = await installation.storage.sessions.operator_by_email(EMAIL)
    assert operator is not None
    assert operator.password is not None
    passwords = installation.application.parts.passwords
    assert isinstance(passwords, QuickPasswords)
    passwords.old.add(operator.password)

    await sign_in.sign_in(attempt())

    renewed = await installation.storage.sessions.operator_by_email(EMAIL)
    assert renewed is not None
    assert renewed.password not in passwords.old


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("  ada@example.com\t", "ada@example.com"),
        ("ada\u00a0@example.com", "ada@example.com"),
        ("\uff41da@example.com", "ada@example.com"),
        ("ada@example.com\u200b", "ada@example.com"),
        ("STRASSE@example.com", "strasse@example.com"),
        ("straße@example.com", "strasse@example.com"),
    ],
)
def test_spellings_of_one_address_are_one_account(written: str, read: str) -> None:
    assert normalised(written) == read


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("", "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_holder_of_an_ipv6_network_is_one_address(address: str, network: str) -> None:
    assert network_of(address) == network
