"""The map of words in a browser: search, hover, choose, play, the step slider, the keyboard; strips and clocks."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.resting import hover_until, ready, see
from tests.browser.test_shell import chip
from tests.waiting import wait_for

pytestmark = pytest.mark.thorough


@pytest.fixture
def space(page):
    """The page at the model's last step, with the map drawn."""
    page.goto("/embeddings?v=1&text=the+red+ball")
    ready(page)
    canvas = page.get_by_role("application", name=re.compile("^Map of"))
    canvas.wait_for()
    page.wait_for_function("() => !document.querySelector('[data-testid=stProgress]')")
    ready(page)
    return canvas


def points(canvas) -> int:
    """Coloured pixels on the canvas."""
    return canvas.evaluate(
        "c => c.getContext('2d').getImageData(0, 0, c.width, c.height)"
        ".data.filter((v, i) => i % 4 === 3 && v > 60).length"
    )


def drawn(canvas) -> tuple[int, int]:
    """Pixels of points, which are drawn at an opacity of 0.82, and of names and lines, once what was asked is drawn."""
    return canvas.evaluate("""async (c) => {
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      const alphas = c.getContext("2d").getImageData(0, 0, c.width, c.height).data.filter((_, i) => i % 4 === 3);
      return [209, 255].map((wanted) => alphas.filter((alpha) => alpha === wanted).length);
    }""")


def output(page):
    return page.locator(".player output").first


def test_search_choose_isolate_and_let_go(page, space):
    everything = points(space)
    search = page.get_by_label("Find a word on the map")
    search.fill("re")
    expect(page.locator(".said").first).to_contain_text("words match")
    wait_for(lambda: points(space) < everything, 60)
    search.press("Enter")
    chosen = page.get_by_role("group", name="The chosen token")
    expect(chosen).to_contain_text("re")
    page.get_by_label("only the chosen word").check()
    wait_for(lambda: points(space) < everything, 60)
    page.get_by_label("only the chosen word").uncheck()
    kinds = page.get_by_role("group", name=re.compile("Kinds of words")).get_by_role("button")
    pressed = lambda: [kind.get_attribute("aria-pressed") for kind in kinds.all()]  # noqa: E731
    assert kinds.count() > 1
    all_dots, all_ink = drawn(space)
    kinds.nth(1).click()  # alone, ...
    assert pressed() == ["true" if i == 1 else "false" for i in range(kinds.count())]
    dots, ink = drawn(space)
    assert dots < all_dots and ink > all_ink  # fewer points, and they have their names
    kinds.first.click(modifiers=["Shift"])  # ... with another, ...
    assert pressed()[:2] == ["true", "true"]
    kinds.first.click(modifiers=["Shift"])
    kinds.nth(1).click()  # ... and all again
    assert set(pressed()) == {"true"}


def test_the_keyboard_walks_chooses_and_lets_go(page, space):
    before = page.get_by_role("group", name="The chosen token").inner_text()
    space.focus()
    for key in ("ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    said = page.locator(".said").first
    expect(said).to_contain_text("Enter chooses it")
    word = said.inner_text().split(",")[0]
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="The chosen token")).to_contain_text(word)
    ready(page)
    space.focus()
    page.keyboard.press("Escape")
    expect(page.get_by_role("group", name="The chosen token")).to_contain_text(before.split()[0])


def test_a_click_on_a_point_chooses_it_and_hover_names_it(page, space):
    box = space.bounding_box()
    tip = page.locator(".box .tip")
    for x in range(20, int(box["width"]) - 20, 12):  # along the middle there is always a word
        space.hover(position={"x": x, "y": box["height"] / 2})
        if tip.is_visible():
            break
    word = tip.inner_text().split(" · ")[0]
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_role("group", name="The chosen token")).to_contain_text(word)


def test_the_slider_and_play_move_the_whole_page(page, space):
    expect(output(page)).to_have_text("step 200")
    slider = page.get_by_role("slider", name="Training step on the map")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(output(page)).to_have_text("step 10")
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_text("10", exact=True).first).to_be_visible()
    expect(slider).to_have_attribute("aria-valuetext", "step 10")
    before = points(space)
    page.get_by_role("button", name="Play the training").click()
    expect(output(page)).to_have_text("step 200")
    page.get_by_role("button", name="Play the training").wait_for()  # it has come to the end
    expect(sidebar.get_by_text("200", exact=True).first).to_be_visible()
    assert before > 0 and points(space) > 0
    sidebar.get_by_role("slider").first.press("Home")  # and the other way: the sidebar moves the map
    expect(output(page)).to_have_text("step 0")


def test_strips_read_a_number_and_pin_its_token(page, space):
    strips = page.get_by_role("application", name=re.compile("^The vectors of"))
    see(page, "table")
    place, value = {"x": 200, "y": 17 * 2 + 8}, page.locator(".foot .value")
    hover_until(strips, place, lambda: re.search(r"number \d+ of 16: -?\d\.\d{4}", value.inner_text()))
    strips.click(position=place)
    expect(chip(page, 2)).to_have_attribute("aria-pressed", "true")
    ready(page)
    strips.focus()
    page.keyboard.press("Escape")
    expect(chip(page, 2)).to_have_attribute("aria-pressed", "false")


def test_clocks_turn_with_the_position(page, space):
    place = page.get_by_role("slider", name="Position in the text")
    see(page, "positions")
    place.scroll_into_view_if_needed()
    hand = page.locator(".face .hand").first
    place.press("Home")
    assert float(hand.get_attribute("x2")) == 0 and float(hand.get_attribute("y2")) < 0  # straight up
    place.press("ArrowRight")
    turned = float(hand.get_attribute("x2")), -float(hand.get_attribute("y2"))
    assert abs(turned[0] / turned[1] - 1.5574) < 0.01  # tan of one radian: the first pair turns by 1
    page.locator(".face").nth(1).focus()
    expect(page.locator(".said").last).to_contain_text("Pair 2 of 4")
