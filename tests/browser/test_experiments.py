"""The grid of parts by mouse and keyboard, chips that take changes out, and the banner on the other pages."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.browser.resting import ready, resting, resting_box

pytestmark = pytest.mark.thorough


def switch(page, row: int, cell: int):
    return page.get_by_role("group", name="Parts of the model").get_by_role("button").nth(row * 4 + cell)


def chips(page):
    return page.get_by_role("list", name="Changes inside the model").get_by_role("listitem")


def test_switching_parts_and_keeping_them_on(page):
    page.goto("/experiments?text=the+red+ball&step=200")
    ready(page)
    page.get_by_text("Nothing is changed").wait_for()
    first = switch(page, 0, 0)
    assert re.fullmatch(r"layer 0, head 0, silenced: \d.*nats a token \([+−].*\)", first.get_attribute("aria-label"))
    first.hover()
    page.locator(".said", has_text="layer 0, head 0, silenced").wait_for()
    first.click()
    page.get_by_text("layer 0, head 0: silenced").wait_for()
    expect(first).to_have_attribute("aria-pressed", "true")
    first.press("ArrowDown")  # by keyboard: layer 1, then its MLP
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.get_by_text("MLP 1: silenced").wait_for()
    assert (
        page.get_by_label("Parts of the model")
        .evaluate("e => e.getRootNode().activeElement.getAttribute('aria-label')")
        .startswith("MLP 1")
    )  # the switch keeps the keyboard
    expect(chips(page)).to_have_count(2)

    page.get_by_role("link", name="Overview").click()
    page.get_by_text("inside of this model is being changed").wait_for()
    expect(chips(page)).to_have_count(2)
    page.get_by_role("button", name="Remove: MLP 1: silenced").click()
    expect(chips(page)).to_have_count(1)
    page.get_by_role("button", name="Remove: layer 0, head 0: silenced").click()
    page.get_by_text("inside of this model is being changed").wait_for(state="detached")


def test_the_grid_says_which_parts_change_the_next_word_and_colours_each_kind_on_its_own_scale(page):
    page.goto("/experiments?text=the+red+ball&step=200")
    ready(page)
    page.get_by_text("As it is, the likeliest").wait_for()
    buttons = page.get_by_role("group", name="Parts of the model").get_by_role("button")
    heads = [(0, 0), (0, 1), (1, 0), (1, 1)]
    said = {at: switch(page, *at).get_attribute("aria-label") for at in heads}
    effect = {at: abs(float(re.search(r"\(([+−][\d.]+)", words)[1].replace("−", "-"))) for at, words in said.items()}
    colours = {at: switch(page, *at).evaluate("e => getComputedStyle(e).backgroundColor") for at in heads}
    ends = page.evaluate("() => ['138, 58, 0', '11, 79, 128'].map(c => `rgb(${c})`)")  # of the diverging colours
    assert colours[max(effect, key=effect.get)] in ends  # the head that matters most has the strongest colour
    flipping = [b for b in buttons.all() if "instead of" in b.get_attribute("aria-label")]
    assert 0 < len(flipping) == page.locator("button.flip").count()
    flipping[0].click()
    page.get_by_text("The likeliest next word changes from").wait_for()


def test_cutting_an_edge_by_a_click_on_the_map(page):
    page.goto("/experiments?text=the+red+ball&step=200&cursor=3")
    ready(page)
    page.get_by_text("Cut what one token reads").click()
    figure = page.get_by_role("figure", name="Weights of one head")
    figure.locator(".hm image, .heatmaplayer").first.wait_for()
    area = resting_box(figure.locator(".nsewdrag"))
    count = page.get_by_role("group", name="Tokens of the text").get_by_role("button").count()
    cell_x, cell_y = area["width"] / count, area["height"] / count
    figure.locator(".nsewdrag").click(position={"x": 0.5 * cell_x, "y": 2.5 * cell_y})
    page.get_by_text("layer 0, head 0: 2 no longer reads 0").wait_for()


def test_cutting_an_edge_by_keyboard(page):
    page.goto("/experiments?text=the+red+ball&step=200&cursor=3")
    ready(page)
    page.get_by_text("Cut what one token reads").click()
    figure = page.get_by_role("figure", name="Weights of one head")
    figure.locator(".hm image, .heatmaplayer").first.wait_for()
    said = figure.locator("xpath=ancestor::*[@class='gb-plot-frame']").locator("[aria-live]")
    figure.focus()
    for key, reader in (("ArrowDown", "start"), ("ArrowDown", "t"), ("ArrowDown", "he"), ("ArrowUp", "t")):
        figure.press(key)
        expect(said).to_contain_text(f"position {reader} reads position start: ")
    figure.press("Enter")
    page.get_by_text("layer 0, head 0: 1 no longer reads 0").wait_for()


def test_visitors_words_stay_words_in_a_chip(page):
    hostile = quote("<img src=x>**b**", safe="")
    page.goto(f"/experiments?step=200&interventions={quote(f'patch:L0R@1:{hostile}')}")
    ready(page)
    page.get_by_text("“<img src=x>**b**”").wait_for()
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_with_changes_fits_the_window(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/experiments?interventions=zero:L0H0+cut:L0A:3%3E1+steer:L1:2:the%2520dog%2520is%2520old:a%2520town")
    ready(page)
    resting(page)
    overflow = (
        "() => { const m = document.querySelector('[data-testid=stMain]'); return m.scrollWidth - m.clientWidth }"
    )
    assert page.evaluate(overflow) <= 2
