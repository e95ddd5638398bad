"""The page of feedback in a browser: rating by keys, undo, a reload that loses nothing, before and after."""

import shutil

import pytest
from playwright.sync_api import expect

from tests.browser.test_shell import EXCEPTION
from tests.shaped import SHAPED, make_shaped_run


@pytest.fixture
def shaped(server, server_runs):
    folder = make_shaped_run(server_runs, "somebody else")
    yield SHAPED
    shutil.rmtree(folder)


def test_rating_by_keys_undo_reload_and_before_and_after(shaped, page):
    def told(count: int) -> None:
        page.get_by_text(f"{count} comparison{'s' * (count != 1)} of yours").wait_for()

    def press(key: str, name: str) -> None:
        expect(page.get_by_role("button", name=name)).to_be_enabled()
        page.keyboard.press(key)

    page.goto(f"/feedback?shaped={shaped}")
    told(0)
    press("a", "A is better")
    told(1)
    page.get_by_text("Your last choice also preferred").wait_for()
    press("b", "B is better")
    told(2)
    press("u", "Undo")
    told(1)
    page.reload()
    told(1)
    page.get_by_role("heading", name="Before and after").scroll_into_view_if_needed()
    page.get_by_text("The same seeds, before and after").wait_for()
    page.get_by_text("groups all answers earn the same").wait_for()
    assert page.locator(EXCEPTION).all_inner_texts() == []
