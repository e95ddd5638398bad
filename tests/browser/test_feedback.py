"""The page of feedback in a browser: rating by keys, undo, a reload that loses nothing, before and after, a run whose
process is killed."""

import os
import shutil
import signal
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from core.training.disk.rows import FILE, last_row
from tests.browser.resting import ready, resting
from tests.browser.test_shell import EXCEPTION
from tests.shaped import SHAPED, make_shaped_run
from tests.tiny import STEPS
from tests.waiting import wait_for


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


@pytest.mark.thorough
def test_a_run_that_was_killed_goes_on_where_it_was(shaped, server_runs, page):
    page.goto("/feedback?rater=shorter&compared=20")
    updates = page.get_by_role("slider", name="Updates")
    ready(page)
    updates.press("Home")
    expect(updates).to_have_value("10")
    resting(page)  # a slider tells the server a moment after it has moved
    page.get_by_role("button", name="Train on the comparisons").click()
    page.wait_for_url(lambda url: "shaped" in parse_qs(urlsplit(url).query))
    folder = server_runs / parse_qs(urlsplit(page.url).query)["shaped"][0]
    assert folder.name != shaped
    page.get_by_role("button", name="Pause").click()
    wait_for(lambda: last_row(folder / FILE).get("event") == "paused", 600)
    paused_at = last_row(folder / FILE)["step"]
    os.kill(int((folder / "pid").read_text()), signal.SIGKILL)
    page.reload()
    page.get_by_text("The run's process ended unexpectedly").wait_for()
    page.get_by_role("button", name="Resume").click()
    wait_for(lambda: last_row(folder / FILE).get("status") == "finished", 600)
    assert STEPS[-1] <= paused_at < last_row(folder / FILE)["step"] == STEPS[-1] + 10
    page.locator(".gb-states", has_text="finished").wait_for()
    assert page.locator(EXCEPTION).all_inner_texts() == []
