"""Sign in and out in WebKit, whose rules for cookies on plain http are its own."""

from pathlib import Path

import pytest
from tests.browser.conftest import EMAIL, PASSWORD
from tests.browser.webkit import missing, webkit
from tests.journeys.installation import installed

LACKING = missing()


@pytest.mark.skipif(LACKING is not None, reason=f"{LACKING} is not installed")
@pytest.mark.row("T-72")
def test_webkit_keeps_the_session_over_plain_http_and_lets_go_of_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with installed(tmp_path) as running, webkit(home) as browser:
        link = running.loop.run(running.inside.desks.sign_in.local_link())
        browser.open(f"{running.address}/welcome/{link}")
        browser.type("#email", EMAIL)
        browser.type("#password", PASSWORD)
        browser.type("#again", PASSWORD)
        browser.click("main button")
        browser.wait_for("/connectors")
        assert "Custom Connectors" in browser.text()
        (session,) = [each for each in browser.cookies() if "-session-" in each["name"]]
        assert (session["httpOnly"], session["secure"]) == (True, False)

        browser.click("details.menu > summary")
        browser.click("form[action='/sign-out'] button")
        browser.wait_for("/sign-in")
        browser.open(f"{running.address}/connectors")
        browser.wait_for("/sign-in")

        browser.type("#email", EMAIL)
        browser.type("#password", PASSWORD)
        browser.click("main button")
        browser.wait_for("/connectors")
        assert "Custom Connectors" in browser.text()
