"""A server that is held up loses nothing: what was drawn is seen, what was pressed has its effect."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def held_up(chromium, request, tmp_path_factory):
    from tests.browser.conftest import serving

    with serving("tiny", tmp_path_factory.mktemp("held"), request.session, "tests/browser/held_up_app.py") as address:
        yield chromium(address), address


@pytest.fixture
def page(held_up):
    from tests.browser.conftest import watched

    with watched(*held_up) as opened:
        opened.goto("/")
        shows(opened, "empty", 0, 0)
        yield opened


def shows(page, what: str, one: int, two: int) -> None:
    """How often each section was pressed, and all that stands around it."""
    texts = [f"one is {what}", f"one was pressed: {one}", "after one"]
    texts += [f"two is {what}", f"two was pressed: {two}", "after two"]
    expect(page.locator("[data-testid=stText]")).to_have_text([re.compile(f"^{text}") for text in texts])


def hold_up(page, how: str) -> None:
    page.get_by_text(how, exact=True).click()


def press(page, name: str) -> None:
    page.get_by_role("button", name=f"Press {name}").click()


def is_running(page) -> None:
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=running]")


@pytest.mark.parametrize("how", ["unsent while the page runs", "unsent until a section has run"])
def test_what_two_runs_have_drawn_is_seen(page, how):
    hold_up(page, how)
    is_running(page)
    press(page, "one")
    shows(page, "full", 1, 0)
    press(page, "two")
    shows(page, "full", 1, 1)


def test_two_presses_that_wait_both_have_their_effect(page):
    hold_up(page, "two sections ask while the page runs")
    is_running(page)
    press(page, "two")
    press(page, "one")
    shows(page, "full", 1, 1)


def test_a_press_that_waits_when_the_page_is_asked_for_has_its_effect(page):
    hold_up(page, "a section and the page ask while a section runs")
    shows(page, "full", 0, 0)
    press(page, "one")
    is_running(page)
    press(page, "two")
    page.get_by_role("button", name="Run the page").click()
    shows(page, "full", 1, 1)


def test_what_the_browser_no_longer_keeps_is_sent_again(page):
    hold_up(page, "the section that runs asks again")
    shows(page, "full", 0, 0)
    for count in (1, 2, 3):
        press(page, "two")
        shows(page, "full", 0, count)
    press(page, "one")
    page.get_by_role("button", name="Once more one").click()
    shows(page, "full", 2, 3)
    press(page, "two")
    shows(page, "full", 2, 4)


def test_what_comes_from_several_places_in_one_moment_is_seen_in_all(page):
    """One button has its section drawn by name, the other does not."""
    in_one_moment(page, "Press one", "Press two")
    shows(page, "empty", 1, 1)
    in_one_moment(page, "Press two", "Press one")
    shows(page, "empty", 2, 2)
    text = page.get_by_role("textbox")
    for said, name, counts in (("hello", "Press two", (2, 3)), ("goodbye", "Press one", (3, 3))):
        text.fill(said)
        in_one_moment(page, "", name)
        shows(page, "empty", *counts)
        expect(text).to_have_value(said.upper())


def in_one_moment(page, *names: str) -> None:
    """Presses buttons, "" for leaving the text, before the browser finds the time to send any of it."""
    for name in filter(None, names):
        page.get_by_role("button", name=name).wait_for()
    page.evaluate(
        """names => names.forEach(name => name
            ? [...document.querySelectorAll("button")].find(button => button.textContent.includes(name)).click()
            : document.querySelector("input[type=text]").blur())""",
        list(names),
    )
