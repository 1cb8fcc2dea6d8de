"""What browser tests share: Chromium, a running installation beside the sandbox, an operator.

`workbench` is the installation; `page` is a browser in which its operator is signed in. Whatever a
page does that it may not fails the test at its end: errors on the console, policy reports,
requests to elsewhere. Chromium is one for each module: Playwright's loop must have ended when the
next module's asynchronous tests begin.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from tests.browser.chromium import Watch, chromium, wide
from tests.journeys.installation import Installation, installed
from tests.servers.sandbox import SandboxServer, start_sandbox

from connectsmith.core.secret.secret import Secret
from connectsmith.testing.system import FixedClock
from connectsmith.web.cookies import PageCookies

EMAIL = "ada@example.com"
PASSWORD = "correct horse battery"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Workbench:
    """A running installation that browsers visit."""

    installation: Installation
    sandbox: SandboxServer
    browser: Browser = field(repr=False)
    rest: ExitStack = field(repr=False)
    watches: list[Watch] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where the installation is."""
        return self.installation.address

    def link(self) -> str:
        """Make a one-time link, as the command line does."""
        installation = self.installation
        value = installation.loop.run(installation.inside.desks.sign_in.local_link())
        return f"{self.address}/welcome/{value}"

    def visitor(self, *hosts: str) -> Page:
        """Open a browser in which nobody is signed in; it may ask `hosts` besides us."""
        return self._visitor(self.address, *hosts)

    def _visitor(self, address: str, *hosts: str) -> Page:
        context = self.rest.enter_context(_context(self.browser, address))
        own = {urlsplit(self.address).netloc, urlsplit(self.sandbox.issuer).netloc}
        watch = Watch(own | set(hosts))
        watch.over(context)
        self.watches.append(watch)
        page = context.new_page()
        wide(page)
        return page

    def operator(self, *hosts: str) -> Page:
        """Open a browser in which the first operator is signed in."""
        return self.operator_at(self.address, *hosts)

    def operator_at(self, address: str, *hosts: str) -> Page:
        """Open such a browser at another address of the installation."""
        page = self._visitor(address, urlsplit(address).netloc, *hosts)
        page.context.add_cookies(
            [{"name": self.cookie("session"), "value": self._session(), "url": address}]
        )
        return page

    def cookie(self, what: str) -> str:
        """Return the name of one of the installation's cookies."""
        return PageCookies.at(self.installation.inside.desks.rules.public_url).name(what)

    def _session(self) -> str:
        inside = self.installation.inside.desks.sign_in
        link = self.installation.loop.run(inside.local_link())
        return self.installation.loop.run(inside.redeem(link, EMAIL, Secret(PASSWORD))).value

    def check(self) -> None:
        """Fail on whatever a page did that it may not."""
        for each in self.watches:
            each.check()


@contextmanager
def _context(browser: Browser, address: str) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=address, locale="en-GB", timezone_id="Europe/Berlin")
    context.set_default_timeout(15_000)
    try:
        yield context
    finally:
        context.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    with chromium() as one:
        yield one


@pytest.fixture
def neighbours() -> Sequence[str]:
    """Origins besides the sandbox's that installation and operator may reach; a module's own."""
    return ()


@pytest.fixture
def clock() -> FixedClock | None:
    """What the installation takes for the time; None: the machine's."""
    return None


@pytest.fixture
def workbench(
    browser: Browser, tmp_path: Path, neighbours: Sequence[str], clock: FixedClock | None
) -> Iterator[Workbench]:
    """Run an installation that may reach the sandbox, with chores going on."""
    with start_sandbox() as sandbox, ExitStack() as rest:
        ports = [sandbox.port, *(urlsplit(each).port or 0 for each in neighbours)]
        running = rest.enter_context(
            installed(tmp_path, *ports, clock=clock, sandbox_port=sandbox.port)
        )
        one = Workbench(running, sandbox, browser, rest)
        yield one
        one.check()


@pytest.fixture
def page(workbench: Workbench, neighbours: Sequence[str]) -> Page:
    """A browser in which the first operator is signed in, on no page yet."""
    return workbench.operator(*(urlsplit(each).netloc for each in neighbours))


@pytest.fixture
def desk(page: Page) -> Page:
    """The operator's browser, which has a clipboard; what is copied elsewhere comes from there."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return page


@pytest.fixture
def console(workbench: Workbench, desk: Page) -> Page:
    """A second window, on the page where the sandbox's apps are registered."""
    opened = desk.context.new_page()
    opened.goto(workbench.sandbox.issuer)
    return opened
