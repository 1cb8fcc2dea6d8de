import tomllib
from pathlib import Path

import pytest

from connectsmith.egress.policy import EgressPolicy
from connectsmith.errors import SettingInvalid

VECTORS = tomllib.loads(
    (Path(__file__).parents[1] / "vectors/egress-addresses.toml").read_text("utf-8")
)
NOTHING_ALLOWED = EgressPolicy()


@pytest.mark.parametrize("address", VECTORS["public"])
def test_public_unicast_may_be_dialled(address: str) -> None:
    assert NOTHING_ALLOWED.permits(address, 443)


@pytest.mark.row("T-01")
@pytest.mark.parametrize("address", [each for each in VECTORS["refused"] if ":" not in each])
def test_ipv4_that_is_not_public_unicast_is_refused(address: str) -> None:
    assert not NOTHING_ALLOWED.permits(address, 443)


@pytest.mark.row("T-04")
@pytest.mark.parametrize("address", [each for each in VECTORS["refused"] if ":" in each])
def test_ipv6_that_is_not_public_unicast_or_disguises_another_is_refused(address: str) -> None:
    assert not NOTHING_ALLOWED.permits(address, 443)


@pytest.mark.row("T-06")
@pytest.mark.parametrize("port", [22, 25, 6379, 8080, 8443, 0])
def test_ports_other_than_those_of_http_are_refused_on_public_addresses(port: int) -> None:
    assert not NOTHING_ALLOWED.permits("8.8.8.8", port)


@pytest.mark.row("C-12")
@pytest.mark.parametrize("port", [80, 443])
def test_plain_http_is_refused_to_public_addresses(port: int) -> None:
    assert not NOTHING_ALLOWED.permits("8.8.8.8", port, plain=True)


def test_an_allowed_pair_opens_exactly_its_address_and_port() -> None:
    policy = EgressPolicy.of(["127.0.0.1:8401", "[::1]:9400", "10.1.2.3:5432"])

    assert policy.permits("127.0.0.1", 8401)
    assert policy.permits("127.0.0.1", 8401, plain=True)
    assert policy.permits("::ffff:127.0.0.1", 8401)
    assert policy.permits("0:0:0:0:0:0:0:1", 9400)
    assert policy.permits("10.1.2.3", 5432)
    assert not policy.permits("127.0.0.1", 8402)
    assert not policy.permits("127.0.0.1", 443)
    assert not policy.permits("127.0.0.2", 8401)
    assert not policy.permits("::1", 8401)
    assert not policy.permits("8.8.8.8", 8401)


def test_an_allowed_pair_may_be_a_metadata_service_only_when_written_out() -> None:
    policy = EgressPolicy.of(["169.254.169.254:80"])

    assert policy.permits("169.254.169.254", 80)
    assert not policy.permits("169.254.169.253", 80)


def test_where_the_installation_itself_listens_is_refused_even_when_allowed() -> None:
    policy = EgressPolicy.of(
        ["127.0.0.1:8400", "127.0.0.1:8401"],
        own=["127.0.0.1:8400", "8.8.8.8:443", "connect.example.com:443"],
    )

    assert not policy.permits("127.0.0.1", 8400)
    assert policy.permits("127.0.0.1", 8401)
    assert not policy.permits("8.8.8.8", 443)
    assert not policy.permits("::ffff:8.8.8.8", 443)
    assert not policy.may_permit("connect.example.com", 443, plain=False)
    assert policy.may_permit("api.example.com", 443, plain=False)


def test_what_is_no_address_is_refused() -> None:
    assert not NOTHING_ALLOWED.permits("localhost", 443)
    assert not NOTHING_ALLOWED.permits("", 443)
    assert not NOTHING_ALLOWED.permits("0x7f.1", 443)


def test_equal_policies_hash_alike() -> None:
    first = EgressPolicy.of(["127.0.0.1:1", "[::1]:2"])
    second = EgressPolicy.of(["[0:0:0:0:0:0:0:1]:2", "127.0.0.1:1"])

    assert first == second
    assert len({first, second}) == 1


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "localhost:8401",
        "::1:8401",
        "[::1]",
        "10.0.0.0/8:443",
        "*:443",
        "",
        "[fe80::1%lo]:80",
    ],
)
def test_an_allowed_pair_that_is_no_exact_address_and_port_refuses_the_start(text: str) -> None:
    with pytest.raises(SettingInvalid):
        EgressPolicy.of([text])
