import pytest

from connectsmith.core.authorization.callback_concerns import concerns_about


@pytest.mark.parametrize(
    ("origin", "codes"),
    [
        ("https://connect.example.com", []),
        ("https://connect.example.com:8443", []),
        ("http://connect.example.com", ["callback_plain_http"]),
        ("http://127.0.0.1:8400", ["callback_plain_http", "callback_loopback"]),
        ("http://localhost:8400", ["callback_plain_http", "callback_loopback"]),
        ("http://[::1]:8400", ["callback_plain_http", "callback_loopback"]),
        ("https://localhost", ["callback_loopback"]),
        ("https://192.0.2.7", ["callback_address"]),
        ("https://[2001:db8::1]", ["callback_address"]),
        ("https://connect.corp", ["callback_private_name"]),
        ("https://box.home.arpa", ["callback_private_name"]),
        ("https://buildhost:8400", ["callback_private_name"]),
    ],
)
def test_what_a_console_may_refuse_is_said(origin: str, codes: list[str]) -> None:
    found = concerns_about(f"{origin}/oauth/callback/con_a")

    assert [each.code for each in found] == codes


def test_plain_http_is_said_to_be_accepted_by_some_only_on_loopback() -> None:
    near, far = (
        concerns_about(f"http://{host}/oauth/callback/con_a")[0].message
        for host in ("localhost:8400", "connect.example.com")
    )

    assert "Some consoles take that" in near
    assert "almost every console refuses" in far
