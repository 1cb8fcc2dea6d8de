"""The first run, sign-in and sign-out, as a person does them."""

import re

from playwright.sync_api import Page, expect
from tests.browser.conftest import EMAIL, PASSWORD, Workbench
from tests.browser.screens import look_at


def test_the_printed_link_gives_a_password_and_signs_in_once(workbench: Workbench) -> None:
    link = workbench.link()
    page = workbench.visitor()
    page.goto(link)
    look_at(page, "welcome")

    page.get_by_label("E-mail").fill(" Ada@Example.com ")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page).to_have_url(f"{workbench.address}/connectors")
    expect(page.get_by_role("heading", name="Custom Connectors")).to_be_visible()
    again = workbench.visitor()
    again.goto(link)
    expect(again.get_by_role("heading", name="This link no longer works")).to_be_visible()


def test_what_is_wrong_with_the_first_password_is_said_beside_it(workbench: Workbench) -> None:
    page = workbench.visitor()
    page.goto(workbench.link())
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill("something else altogether")

    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_text("The two passwords are not the same.")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value(EMAIL)
    look_at(page, "welcome-wrong")


def test_who_is_signed_out_is_asked_and_led_back_to_where_they_were(workbench: Workbench) -> None:
    workbench.operator()  # so that there is a password
    page = workbench.visitor()
    page.goto("/connectors?search=calendar")
    look_at(page, "sign-in")

    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")

    expect(page).to_have_url(f"{workbench.address}/connectors?search=calendar")


def test_a_wrong_password_keeps_the_address_and_says_no_more(workbench: Workbench) -> None:
    workbench.operator()
    page = workbench.visitor()
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill("not the password at all")

    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_text("E-mail address or password is wrong.")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value(EMAIL)
    look_at(page, "sign-in-refused")


def test_signing_out_by_the_keyboard_ends_every_copy_of_the_session(
    workbench: Workbench, page: Page
) -> None:
    page.goto("/connectors")
    copy = workbench.visitor()
    copy.context.add_cookies(
        [each for each in page.context.cookies() if each["name"] == workbench.cookie("session")]  # type: ignore[misc]  # what is read can be put back
    )
    copy.goto("/connectors")
    expect(copy.get_by_role("heading", name="Custom Connectors")).to_be_visible()

    page.get_by_label("Account: ada@example.com").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page).to_have_url(f"{workbench.address}/sign-in")
    copy.reload()
    expect(copy).to_have_url(re.compile("/sign-in"))


def test_an_empty_list_and_an_unknown_address_say_what_to_do(page: Page) -> None:
    page.goto("/connectors")
    look_at(page, "connectors-empty")

    page.goto("/connectors-of-old")

    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    look_at(page, "nothing-here")
