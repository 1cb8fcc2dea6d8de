"""Device codes: the page shows what is to be typed elsewhere, and goes on when somebody did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import Workbench
from tests.browser.drafts import open_debugger
from tests.browser.screens import look_at
from tests.browser.test_choosing import held, sites
from tests.browser.test_connections import menu
from tests.journeys.calendar import prepared
from tests.servers.hostile import Hostile
from tests.servers.oidc_provider import OidcServer

from connectsmith.testing.system import FixedClock


@dataclass
class Screens:
    """The page, the other screen, and the time between two looks at the server."""

    workbench: Workbench
    page: Page
    oidc: OidcServer
    clock: FixedClock
    connector: str

    def code(self, within: Locator) -> str:
        """Return the code that is shown."""
        return within.locator(".device .copyable code").inner_text()

    def answer(self, within: Locator, *, allow: bool = True) -> None:
        """Type the code at the other screen; the server is asked when its pause is over."""
        self.oidc.answer_device(self.code(within), allow=allow)
        self.pass_time(6)

    def pass_time(self, seconds: int) -> None:
        """Let time pass, and the chores of that time be done."""
        self.clock.advance(timedelta(seconds=seconds))
        self.workbench.installation.do_chores()


@pytest.fixture
def clock() -> FixedClock:
    """The time between two looks at the server, which passes only when it is told to."""
    return FixedClock(datetime.now(UTC))


@pytest.fixture
def neighbours(oidc: OidcServer, hostile: Hostile) -> Sequence[str]:
    """Let `oidc-provider` and a scripted service be reached."""
    return (oidc.issuer, hostile.origin)


def published(workbench: Workbench, clock: FixedClock, oidc: OidcServer, **auth: Any) -> Screens:
    """Publish a connector that signs in by device code; its page goes nowhere else."""
    journey = prepared(
        workbench.installation,
        oidc,
        grant="device_code",
        authorizationURL=None,
        deviceAuthorizationURL=f"{oidc.issuer}/device/auth",
        **auth,
    )
    return Screens(workbench, workbench.operator(), oidc, clock, journey.connector)


@pytest.fixture
def screens(workbench: Workbench, clock: FixedClock, oidc: OidcServer) -> Screens:
    """A connector that knows all it needs once somebody said yes."""
    return published(workbench, clock, oidc)


@pytest.fixture
def several(workbench: Workbench, clock: FixedClock, oidc: OidcServer, hostile: Hostile) -> Screens:
    """A connector for one site of an account, which has several."""
    hostile.on("/sites", sites("Berlin", "Vienna"))
    look_up = {
        "url": f"{hostile.origin}/sites",
        "on": ["exchange"],
        "choose": {"items": "/sites", "label": "/name"},
        "capture": {"site": "/id"},
    }
    return published(workbench, clock, oidc, followUp=[look_up])


@pytest.mark.row("T-22")
def test_debugger_shows_the_code_and_goes_on_by_itself_after_a_reload(screens: Screens) -> None:
    page = screens.page
    sign_in = page.locator("#sign-in")
    open_debugger(page, screens.connector)
    sign_in.get_by_role("button", name="Sign In", exact=True).click()
    link = sign_in.get_by_role("link", name=f"{screens.oidc.issuer}/device")
    expect(link).to_have_attribute("target", "_blank")
    expect(sign_in.get_by_role("button", name="Copy the code")).to_be_visible()
    look_at(page, "debugger-device-code")
    shown = screens.code(sign_in)
    page.reload()
    assert screens.code(sign_in) == shown

    screens.answer(sign_in)

    expect(sign_in.get_by_text("Scopes granted")).to_be_visible()
    held = screens.workbench.installation.api.get("/v1/connections")["items"]
    assert [(each["test"], each["status"]) for each in held] == [(True, "active")]


def test_no_at_the_other_screen_is_explained_and_signing_in_can_begin_again(
    screens: Screens,
) -> None:
    page = screens.page
    sign_in = page.locator("#sign-in")
    open_debugger(page, screens.connector)
    sign_in.get_by_role("button", name="Sign In", exact=True).click()
    expect(sign_in.get_by_text("Waiting for a yes there.")).to_be_visible()

    screens.answer(sign_in, allow=False)

    expect(sign_in.get_by_text("Access was not granted.")).to_be_visible()
    expect(sign_in.get_by_text("If too much was asked for")).to_be_visible()
    look_at(page, "debugger-device-denied")
    sign_in.get_by_role("button", name="Sign In", exact=True).click()
    expect(sign_in.get_by_text("Waiting for a yes there.")).to_be_visible()


def test_code_that_nobody_typed_ends_and_one_can_be_given_up(screens: Screens) -> None:
    page = screens.page
    sign_in = page.locator("#sign-in")
    open_debugger(page, screens.connector)
    begin = sign_in.get_by_role("button", name="Sign In", exact=True)
    begin.click()
    expect(sign_in.get_by_text("Waiting for a yes there.")).to_be_visible()
    screens.pass_time(3600)
    expect(sign_in.get_by_text("It was not finished in time.")).to_be_visible()
    begin.click()
    expect(sign_in.get_by_text("Waiting for a yes there.")).to_be_visible()

    sign_in.get_by_role("button", name="Cancel").click()

    expect(sign_in.get_by_text("It was cancelled here before anybody consented.")).to_be_visible()
    expect(begin).to_be_visible()


def test_account_is_connected_and_reconnected_by_codes(screens: Screens) -> None:
    page = screens.page
    page.goto(f"/connections/connect/{screens.connector}")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Connect", exact=True).click()
    expect(dialog.get_by_text("Waiting for a yes there.")).to_be_visible()
    look_at(page, "connect-device-code")
    page.reload()
    screens.answer(dialog)
    expect(page.get_by_text("Calendar is connected for")).to_be_visible()

    menu(page, "Reconnect")
    dialog.get_by_role("button", name="Reconnect", exact=True).click()
    expect(dialog.get_by_text("Waiting for a yes there.")).to_be_visible()
    screens.answer(dialog)

    expect(page.get_by_text("is renewed.")).to_be_visible()
    held = screens.workbench.installation.api.get("/v1/connections")["items"]
    assert [(each["test"], each["status"]) for each in held] == [(False, "active")]


def test_sign_in_is_kept_although_its_page_was_closed(screens: Screens) -> None:
    page = screens.page
    sign_in = page.locator("#sign-in")
    open_debugger(page, screens.connector)
    sign_in.get_by_role("button", name="Sign In", exact=True).click()
    code = screens.code(sign_in)
    page.goto("about:blank")
    screens.oidc.answer_device(code)
    screens.pass_time(6)
    screens.pass_time(3600)

    open_debugger(page, screens.connector)

    expect(sign_in.get_by_text("Scopes granted")).to_be_visible()
    page.goto("/connections")
    made = page.get_by_role("row").filter(has_text="Calendar")
    expect(made.get_by_text("test", exact=True)).to_be_visible()


def test_one_is_chosen_in_the_debugger_after_the_page_was_closed(several: Screens) -> None:
    page = several.page
    sign_in = page.locator("#sign-in")
    open_debugger(page, several.connector)
    sign_in.get_by_role("button", name="Sign In", exact=True).click()
    code = several.code(sign_in)
    page.goto("about:blank")
    several.oidc.answer_device(code)
    several.pass_time(6)

    page.goto("/connections")
    look_at(page, "connections-waiting")
    page.get_by_role("link", name="Choose").click()
    sign_in.get_by_label("Vienna").check()
    sign_in.get_by_role("button", name="Keep").click()

    expect(sign_in.get_by_text("Scopes granted")).to_be_visible()
    assert held(several.workbench) == ["active"]


def test_one_is_chosen_where_an_account_is_connected_and_reconnected(several: Screens) -> None:
    page = several.page
    dialog = page.get_by_role("dialog")
    page.goto(f"/connections/connect/{several.connector}")
    dialog.get_by_role("button", name="Connect", exact=True).click()
    several.answer(dialog)
    expect(dialog.get_by_label("Vienna")).to_be_visible()
    look_at(page, "connect-device-choice")
    dialog.get_by_label("Vienna").check()
    dialog.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Calendar is connected for")).to_be_visible()

    menu(page, "Reconnect")
    dialog.get_by_role("button", name="Reconnect", exact=True).click()
    several.answer(dialog)

    expect(page.get_by_text("is renewed.")).to_be_visible()
    assert held(several.workbench) == ["active"]
