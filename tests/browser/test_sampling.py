"""The sampling page under a hand: sliders, order, dice, writing and branching, in the browser and in the session."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.resting import ready, resting, resting_box, see
from tests.waiting import wait_for

pytestmark = pytest.mark.thorough


def open_page(page, query=""):
    page.goto(f"/sampling?v=1&text=the+red+ball{query}")
    ready(page)
    expect(page.locator(".stages .stage")).to_have_count(8)


def stage(page, name):
    return page.locator(f".stage[data-name={name}]")


def column(page, index):
    return page.locator(f".scroll tbody tr td:nth-child({index})").all_inner_texts()


def link(page, *parts) -> str:
    """The link, once it holds these parts: the settings go to the session a moment after the last move."""

    def copied() -> str:
        page.get_by_role("button", name="Copy link").click()
        page.get_by_text("Copied.").wait_for()
        return page.evaluate("() => navigator.clipboard.readText()")

    wait_for(lambda: all(part in copied() for part in parts), 60)
    return copied()


def test_a_slider_moves_the_distribution_and_settles_in_the_link(page):
    open_page(page)
    before = column(page, 4)
    assert before == column(page, 3)  # nothing is on: before and after are the same
    slider = stage(page, "temperature").get_by_role("slider")
    for _ in range(10):
        slider.press("ArrowLeft")
    expect(stage(page, "temperature").locator("output")).to_have_text("0.5")
    expect(page.locator(".scroll tbody tr:first-child td:nth-child(4)")).not_to_have_text(before[0])
    stage(page, "top_k").get_by_role("slider").press("ArrowRight")  # top-k 1
    expect(page.locator(".scroll tbody tr.cut")).to_have_count(19)
    expect(page.locator(".chosen")).to_contain_text("100 %")
    stage(page, "top_k").get_by_role("checkbox").uncheck()
    expect(page.locator(".scroll tbody tr.cut")).to_have_count(0)
    page.locator(".stage[data-name=top_k] .handle").press("ArrowUp")
    expect(page.locator(".stage").nth(3)).to_have_attribute("data-name", "top_k")
    address = link(page, "temperature=0.5", "top_k=1", "-top_k")
    page.goto("about:blank")
    page.goto(address)
    ready(page)
    expect(stage(page, "temperature").locator("output")).to_have_text("0.5")
    assert not stage(page, "top_k").get_by_role("checkbox").is_checked()
    page.get_by_role("button", name="All off").click()
    expect(stage(page, "temperature").locator("output")).to_have_text("1")


def test_dragging_changes_the_order(page):
    open_page(page, "&temperature=2&top_p=0.5")
    left = page.locator(".numbers dd").first
    cut_late = left.inner_text()
    handle = stage(page, "top_p").locator(".handle")
    box, target = resting_box(handle), stage(page, "temperature").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 5, target["y"] + 4, steps=8)
    page.mouse.up()
    expect(page.locator(".stage").nth(3)).to_have_attribute("data-name", "top_p")
    expect(left).not_to_have_text(cut_late)
    count = lambda text: int(text.split(" of ")[0].replace(",", ""))  # noqa: E731
    assert count(left.inner_text()) < count(cut_late)  # top-p cuts more where the temperature has not flattened yet


def test_the_dice(page):
    open_page(page)
    chosen = page.locator(".chosen")
    page.locator(".u").evaluate("e => { e.value = 0; e.dispatchEvent(new Event('input')) }")
    likeliest = page.locator(".scroll tbody tr:first-child td:first-child").inner_text()
    expect(chosen).to_contain_text(f"u = 0.0000 draws {likeliest}")
    page.locator(".u").evaluate("e => { e.value = 0.95; e.dispatchEvent(new Event('input')) }")
    first = chosen.locator("b").inner_text()
    slider = stage(page, "temperature").get_by_role("slider")
    slider.press("Home")  # greedy: the same u must draw the likeliest now
    expect(page.locator(".flips")).to_contain_text(f"the same u now draws {likeliest} instead of {first}")
    slider.press("End")
    expect(page.locator(".numbers dd").first).not_to_contain_text("1 of")
    page.get_by_role("button", name="Draw 1,000").click()
    expect(page.locator(".fit")).to_have_text(re.compile(r"chi-square \d+\.\d with \d+ degrees of freedom"))
    page.get_by_role("button", name="Roll again").click()
    expect(chosen).not_to_contain_text("u = 0.9500")


def test_a_pinned_position_knows_what_came(page):
    open_page(page)
    page.get_by_text("nothing has come yet").wait_for()
    chips = page.get_by_role("group", name="Tokens of the text").get_by_role("button")
    chips.nth(1).click()
    expect(page.locator(".actual b")).to_have_text(chips.nth(2).locator("span").inner_text())
    expect(page.locator(".actual")).to_contain_text(re.compile(r"rank \d+, a surprise of \d+\.\d bits"))
    see(page, "write")
    expect(page.locator("div.text .prompt span")).to_have_count(2)  # writing goes on from the pin


def test_writing_branching_and_going_back(page):
    open_page(page, "&new_tokens=12")
    see(page, "write")
    words, write = page.locator("div.text button"), page.locator(".write")
    write.click()
    expect(words).to_have_count(12)
    expect(write).to_have_text("Write on")
    text = page.locator("div.text").inner_text()
    words.nth(4).click()
    other = page.locator(".choices button[aria-pressed=false]").first
    label = other.locator("span").inner_text()
    other.click()
    expect(page.locator(".tree .row")).to_have_count(3)
    expect(words.nth(4)).to_have_text(label)
    expect(words).to_have_count(17)
    page.get_by_role("button", name="Delete this branch").nth(2).click()
    expect(page.locator(".tree .row")).to_have_count(1)
    page.locator(".tree .jump").click()
    expect(page.locator("div.text")).to_have_text(text)
    for _ in range(3):
        page.get_by_role("button", name="One token back").click()
    expect(page.locator("div.text button.ahead")).to_have_count(3)
    page.locator(".say input").fill("<img src=x onerror=\"document.title='owned'\">")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("div.text button.typed").first).to_be_visible()
    page.get_by_role("button", name="Name this branch").last.click()
    page.get_by_role("textbox", name="Name of the branch").fill("<b>mine</b>")
    page.keyboard.press("Enter")
    expect(page.locator(".jump.named")).to_have_text("<b>mine</b>")
    assert page.title() == "Glassbox: the whole life of a language model" and page.locator("img[src=x]").count() == 0


# Presses Write, and Stop as soon as a token stands there: by then Playwright would be too late.
WRITE_AND_STOP = """write => {
  const text = write.getRootNode().querySelector('.text');
  write.click();
  const look = () => (text.querySelector('button') ? write.click() : requestAnimationFrame(look));
  look();
}"""


def test_writing_can_be_stopped_and_gone_on_with_to_the_same_text(page):
    open_page(page, "&new_tokens=40")
    see(page, "write")
    page.locator(".write").click()
    expect(page.locator("div.text button")).to_have_count(40)
    whole = page.locator("div.text").inner_text()
    page.get_by_role("button", name="Delete this branch").first.click()
    expect(page.locator("div.text button")).to_have_count(0)
    page.locator(".write").evaluate(WRITE_AND_STOP)
    resting(page)  # what was on its way has come
    written = page.locator("div.text button").count()
    assert 0 < written < 40
    for _ in range(min(40 - written, 6)):
        page.get_by_role("button", name="One token on").click()
        written += 1
        expect(page.locator("div.text button")).to_have_count(written)
    assert whole.startswith(page.locator("div.text").inner_text())


def test_on_a_phone_the_chart_stays_in_sight_while_its_sliders_move(page):
    page.set_viewport_size({"width": 390, "height": 844})
    open_page(page)
    chart, last = page.locator(".chart"), page.locator(".stage").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    expect(chart).to_be_in_viewport(ratio=0.9)
    above, below = chart.bounding_box(), last.bounding_box()
    assert above["y"] + above["height"] <= below["y"]  # and does not cover the slider
