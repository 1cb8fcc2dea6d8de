"""The home page: the list, its search, and what begins, copies and deletes a connector."""

import base64
import json
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, expect
from tests.browser.conftest import Workbench
from tests.browser.screens import look_at
from tests.storage.rows import call, connection

from connectsmith.core.connection.status import Status
from connectsmith.samples import sample

ICON = (
    "data:image/svg+xml;base64,"
    + base64.b64encode(
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><circle r="2"/></svg>'
    ).decode()
)


def definition(name: str, **more: object) -> str:
    found = sample("github")
    assert found is not None
    return json.dumps({**json.loads(found.text), "name": name, **more}, indent=2)


def made(workbench: Workbench, name: str, *, publish: bool = False, **more: object) -> str:
    body = {"definition": definition(name, **more), "publish": publish}
    identifier: str = workbench.installation.api.post("/v1/connectors", body)["id"]
    return identifier


def filled(workbench: Workbench) -> dict[str, str]:
    """Make connectors in every state, with connections and calls."""
    ids = {
        "Google Calendar": made(workbench, "Google Calendar", publish=True, icon=ICON),
        "GitHub": made(workbench, "GitHub", publish=True),
        "A connector whose name is so long that it has to be broken, Donaudampfschifffahrts"
        "gesellschaftskapitän included": made(
            workbench,
            "A connector whose name is so long that it has to be broken, Donaudampfschifffahrts"
            "gesellschaftskapitän included",
        ),
        "Draft with errors": workbench.installation.api.post(
            "/v1/connectors", {"definition": '{"name": "Draft with errors", '}
        )["id"],
    }
    api = workbench.installation.api
    draft = api.ask("GET", f"/v1/connectors/{ids['GitHub']}/draft")
    api.ask(
        "PUT",
        f"/v1/connectors/{ids['GitHub']}/draft",
        json={"text": definition("GitHub", description="changed")},
        headers={"If-Match": draft.headers["etag"]},
    )
    storage, run = workbench.installation.inside.parts.storage, workbench.installation.loop.run
    now = workbench.installation.inside.desks.clock.now()
    for number in range(14):
        status = Status.ACTIVE if number < 12 else Status.NEEDS_AUTHORIZATION
        row = connection(
            f"cnn_{number}",
            connector=ids["Google Calendar"],
            status=status,
            created_at=now - timedelta(days=number),
            account_label=f"person{number}@example.com",
            received_at=now,
        )
        run(storage.connections.add(row))
    storage.calls.add(
        call(connector=ids["Google Calendar"], started_at=now - timedelta(minutes=3)), None
    )
    run(storage.calls.flush())
    return ids


def test_list_shows_state_connections_and_last_call(workbench: Workbench, page: Page) -> None:
    filled(workbench)

    page.goto("/connectors")

    calendar = page.get_by_role("row", name="Google Calendar")
    expect(calendar.get_by_text("Published", exact=True)).to_be_visible()
    expect(calendar.get_by_text("12 healthy")).to_be_visible()
    expect(calendar.get_by_text("2 need attention")).to_be_visible()
    expect(calendar.get_by_text("3 minutes ago")).to_be_visible()
    expect(
        page.get_by_role("row", name="GitHub").get_by_text("Changed since published")
    ).to_be_visible()
    expect(
        page.get_by_role("row", name="Draft with errors").get_by_text("Draft", exact=True)
    ).to_be_visible()
    assert page.evaluate("document.querySelector('td img').naturalWidth") > 0
    look_at(page, "connectors")


def test_search_narrows_the_list_while_typing(workbench: Workbench, page: Page) -> None:
    filled(workbench)
    page.goto("/connectors")

    page.get_by_label("Search connectors by name").press_sequentially("CALEN")

    expect(page.get_by_role("row")).to_have_count(2)
    expect(page).to_have_url(f"{workbench.address}/connectors?search=CALEN")
    expect(page.get_by_label("Search connectors by name")).to_be_focused()
    page.get_by_label("Search connectors by name").press_sequentially("xyz")
    expect(page.get_by_text("No connector’s name contains “CALENxyz”.")).to_be_visible()
    look_at(page, "connectors-not-found")
    page.reload()
    expect(page.get_by_label("Search connectors by name")).to_have_value("CALENxyz")


def test_long_list_goes_on_when_asked(workbench: Workbench, page: Page) -> None:
    for number in range(25):
        made(workbench, f"Connector {number:02}")
    page.goto("/connectors")
    expect(page.get_by_role("row", name="Connector")).to_have_count(20)

    page.get_by_role("link", name="Show more").click()

    expect(page.get_by_role("row", name="Connector")).to_have_count(25)
    expect(page.get_by_role("link", name="Show more")).to_have_count(0)


def test_delete_says_what_uses_it_and_asks_for_the_name(workbench: Workbench, page: Page) -> None:
    ids = filled(workbench)
    page.goto("/connectors")

    page.get_by_label("More for Google Calendar").click()
    page.get_by_role("menuitem", name="Delete …").click()

    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("14 connections will end")).to_be_visible()
    expect(dialog.get_by_text("person0@example.com")).to_be_visible()
    look_at(page, "connector-delete")
    dialog.get_by_label("Type the connector’s name").fill("Google")
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog.get_by_text("Nothing was deleted.")).to_be_visible()
    look_at(page, "connector-delete-wrong")
    dialog.get_by_label("Type the connector’s name").fill(" Google  Calendar ")
    dialog.get_by_role("button", name="Delete").click()

    expect(page.get_by_text("“Google Calendar” was deleted.")).to_be_visible()
    expect(page.get_by_role("row", name="Google Calendar")).to_have_count(0)
    gone = workbench.installation.api.ask("GET", f"/v1/connectors/{ids['Google Calendar']}")
    assert gone.status_code == 404


def test_delete_by_the_keyboard_can_be_left_again(workbench: Workbench, page: Page) -> None:
    made(workbench, "GitHub")
    page.goto("/connectors")

    page.get_by_label("More for GitHub").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("menuitem", name="Delete …")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Type the connector’s name")).to_be_focused()
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("row", name="GitHub")).to_be_visible()


def test_everything_there_is_to_begin_with(workbench: Workbench, page: Page) -> None:
    page.goto("/connectors")
    page.get_by_role("link", name="Create a new connector").first.click()
    expect(page.get_by_role("heading", name="Create a new connector")).to_be_visible()
    look_at(page, "new-connector")

    known = page.locator("#services").get_by_role("button")
    expect(known.first).to_contain_text("Google")

    page.get_by_label("Search known services").fill("slack")
    expect(page.get_by_role("link", name="Register an app at Slack")).to_have_attribute(
        "href", "https://api.slack.com/apps"
    )
    expect(
        page.get_by_text("The callback URL must be https, also on this machine.")
    ).to_be_visible()

    page.get_by_label("Search known services").fill("")
    page.get_by_label("Search known services").press_sequentially("no such thing")
    expect(page.get_by_text("is not among them")).to_be_visible()


def test_file_becomes_a_connector(workbench: Workbench, page: Page, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(definition("From a file"))
    page.goto("/connectors/new")

    page.get_by_text("Import a definition").click()
    page.get_by_label("JSON file").set_input_files(file)
    expect(page.get_by_label("Or its text")).to_have_value(file.read_text())
    page.get_by_role("button", name="Import").click()

    page.wait_for_url("**/connectors/con_*")
    (made_,) = workbench.installation.api.get("/v1/connectors")["items"]
    assert made_["name"] == "From a file"
    draft = workbench.installation.api.get(f"/v1/connectors/{made_['id']}/draft")
    assert draft["text"] == file.read_text()


def test_sandbox_begins_with_its_secrets_stored(workbench: Workbench, page: Page) -> None:
    page.goto("/connectors/new")

    page.get_by_role("button", name="The sandbox").click()

    page.wait_for_url("**/connectors/con_*")
    (made_,) = workbench.installation.api.get("/v1/connectors")["items"]
    assert made_["secrets"]["needed"] == ["clientID", "clientSecret"]
    assert made_["secrets"]["missing"] == []
    text = workbench.installation.api.get(f"/v1/connectors/{made_['id']}/draft")["text"]
    assert f"{workbench.sandbox.issuer}/authorize" in text


def test_duplicate_has_another_name_and_no_secrets(workbench: Workbench, page: Page) -> None:
    original = made(workbench, "GitHub", publish=True)
    workbench.installation.api.post(
        f"/v1/connectors/{original}/secrets",
        {"secrets": [{"name": "clientID", "value": "x"}, {"name": "clientSecret", "value": "y"}]},
    )
    page.goto("/connectors")

    page.get_by_label("More for GitHub").click()
    page.get_by_role("menuitem", name="Duplicate").click()

    page.wait_for_url("**/connectors/con_*")
    copy = workbench.installation.api.get("/v1/connectors")["items"][0]
    assert (copy["name"], copy["published"]) == ("GitHub (copy)", None)
    assert copy["secrets"]["missing"] == ["clientID", "clientSecret"]
