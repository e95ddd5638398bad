"""The page Prompting in a browser: more examples change the game, a guess is answered, an own prompt is tried."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.resting import ready, see

pytestmark = pytest.mark.thorough
LINK = "/prompting?step=0"


@pytest.fixture(scope="module")
def opened(shipped_page):
    shipped_page.goto(LINK)
    ready(shipped_page)
    return shipped_page


def test_the_page_opens_with_its_question_and_its_sections(opened):
    expect(opened.get_by_role("heading", name="What does a prompt do?")).to_be_visible()
    see(opened, "window")
    bar = opened.locator(".st-key-section-window")
    expect(bar).to_contain_text("tokens for a window of")
    expect(bar.locator(".js-plotly-plot").first).to_be_visible()


def test_an_own_prompt_without_a_place_for_the_case_is_answered_beside_it(opened):
    see(opened, "laboratory")
    part = opened.locator(".st-key-section-laboratory")
    expect(part.get_by_text(re.compile("This has not been measured|pass@"))).not_to_have_count(0)
