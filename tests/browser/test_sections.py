"""Sections are computed when they come near, keep their height, have an address, and stand in the rail of contents."""

import re

from playwright.sync_api import expect

from tests.browser.resting import ready, resting, see

WAITS = "[data-testid=stSkeletonElement]"


def section_of(anchor: str) -> str:
    return f".st-key-section-{anchor}"


def section(page, anchor: str):
    return page.locator(section_of(anchor))


def is_drawn(page, anchor: str) -> None:
    expect(section(page, anchor).locator(WAITS)).to_have_count(0)


def waits(page, anchor: str) -> None:
    expect(section(page, anchor).locator(WAITS)).to_have_count(1)


def scroll_to(page, top: int) -> None:
    page.evaluate("top => document.querySelector('[data-testid=stMain]').scrollTo(0, top)", top)


def height(page, anchor: str) -> int:
    return section(page, anchor).evaluate("e => e.offsetHeight")


def has_its_own_height(page, anchor: str) -> None:
    """Waits until the section is no longer held at a height that it was taken to have, or had."""
    page.wait_for_function(
        f"() => !parseFloat(getComputedStyle(document.querySelector({section_of(anchor)!r})).minHeight)"
    )


def at_rest(page, anchor: str) -> None:
    """Waits until the section has had the same place and height for a while."""
    page.wait_for_function(
        """anchor => {
            const box = document.querySelector(`.st-key-section-${anchor}`).getBoundingClientRect();
            const now = `${Math.round(box.top)} ${Math.round(box.height)}`;
            const seen = (globalThis.rest ??= {});
            if (seen.now !== now) Object.assign(seen, { now, since: performance.now() });
            return performance.now() - seen.since > 1000;
        }""",
        arg=anchor,
    )


def test_a_section_scrolled_to_is_computed_and_one_left_is_not_computed_again(page):
    page.set_viewport_size({"width": 1280, "height": 700})
    page.goto("/attention?text=the+red+ball")
    ready(page)
    waits(page, "try")
    waits(page, "life")
    see(page, "life")
    page.get_by_role("figure", name=re.compile("^Scores of all heads")).wait_for()
    resting(page)
    has_its_own_height(page, "life")
    before = height(page, "life")
    scroll_to(page, 0)
    page.wait_for_function("() => location.hash === ''")
    at_rest(page, "life")  # the browser tells what it has left when it rests
    box = page.locator("textarea").first
    box.fill("the brown dog")
    box.press("Control+Enter")
    waits(page, "life")
    at_rest(page, "life")
    assert abs(height(page, "life") - before) <= 2
    section(page, "life").scroll_into_view_if_needed()
    is_drawn(page, "life")


def test_what_comes_without_a_change_of_size_gives_its_section_its_own_height(page):
    """The bar that stands where something is computed goes, and what comes is as high as what it leaves."""
    page.set_viewport_size({"width": 1280, "height": 700})
    page.goto("/attention?text=the+red+ball")
    ready(page)
    see(page, "role")
    has_its_own_height(page, "role")
    held = "section => parseFloat(getComputedStyle(document.querySelector(section)).minHeight) > 0"
    bar = '<i data-testid="stProgress" style="position: absolute"></i>'
    section(page, "role").evaluate("(section, bar) => section.insertAdjacentHTML('beforeend', bar)", bar)
    page.evaluate("() => window.dispatchEvent(new Event('resize'))")
    page.wait_for_function(held, arg=section_of("role"))
    section(page, "role").locator("> i").evaluate("bar => bar.remove()")
    has_its_own_height(page, "role")


def test_a_link_to_a_section_opens_there(page):
    page.set_viewport_size({"width": 1280, "height": 500})
    page.goto("/attention?v=1&text=the+red+ball#life")
    ready(page)
    is_drawn(page, "life")
    at_rest(page, "life")
    top = section(page, "life").evaluate("e => e.getBoundingClientRect().top")
    assert 0 <= top < 120
    assert page.url.endswith("#life")
    link = page.get_by_role("navigation", name="On this page").get_by_role(
        "link", name="When did this head learn its role?"
    )
    expect(link).to_have_attribute("aria-current", "location")


def test_a_link_with_a_former_name_of_a_section_opens_there_and_gets_its_name(page):
    page.set_viewport_size({"width": 1280, "height": 500})
    page.goto("/inside?v=1&text=the+red+ball#makers")
    ready(page)
    page.wait_for_url("**#attribution")
    is_drawn(page, "attribution")
    at_rest(page, "attribution")
    top = section(page, "attribution").evaluate("e => e.getBoundingClientRect().top")
    assert 0 <= top < 120


def test_a_link_to_no_section_opens_at_the_top(page):
    page.goto("/attention?v=1&text=the+red+ball#%3Cimg%20src=x%3E")
    ready(page)
    page.get_by_role("navigation", name="On this page").get_by_role("link").first.wait_for(state="attached")
    assert page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollTop") == 0


def test_the_rail_by_keyboard_and_what_it_puts_into_the_link(page):
    page.set_viewport_size({"width": 1280, "height": 700})
    page.goto("/attention?text=the+red+ball")
    ready(page)
    rail = page.get_by_role("navigation", name="On this page")
    expect(rail.get_by_role("link")).to_have_count(5)
    link = rail.get_by_role("link", name="What is this head doing?")
    link.focus()
    page.keyboard.press("Enter")
    is_drawn(page, "role")
    expect(page.get_by_role("heading", name="What is this head doing?")).to_be_focused()
    page.wait_for_url("**#role")
    at_rest(page, "role")
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("Copied.").wait_for()
    assert page.evaluate("() => navigator.clipboard.readText()").endswith("#role")
    rail.get_by_role("link", name="Top of the page").press("Enter")
    page.wait_for_function("() => location.hash === ''")
    assert page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollTop") == 0


def test_on_a_phone_the_rail_is_a_button(page):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/attention?text=the+red+ball")
    ready(page)
    rail = page.get_by_role("navigation", name="On this page")
    link = rail.get_by_role("link", name="When did this head learn its role?")
    rail.locator("a").first.wait_for(state="attached")
    expect(link).to_be_hidden()
    rail.get_by_role("button", name="Contents").click()
    link.click()
    expect(link).to_be_hidden()
    is_drawn(page, "life")
    expect(page.get_by_role("heading", name="When did this head learn its role?")).to_be_in_viewport()


def test_a_pin_is_followed_by_what_is_near_and_by_the_rest_when_it_comes_near(page):
    page.set_viewport_size({"width": 1280, "height": 1200})
    page.goto("/attention?text=the+red+ball+and+the+dog")
    ready(page)
    is_drawn(page, "role")
    section(page, "role").get_by_text(re.compile(r"Layer 0, head 0: ")).wait_for()
    head = page.get_by_role("gridcell", name=re.compile("^layer 1, head 1"))
    head.click()
    section(page, "role").get_by_text(re.compile(r"Layer 1, head 1: ")).wait_for()


def test_another_text_is_read_by_the_sidebar_the_stage_and_what_is_near_alone(page):
    page.set_viewport_size({"width": 1280, "height": 1200})
    page.goto("/attention?text=the+red+ball")
    ready(page)
    is_drawn(page, "weights")
    resting(page)
    page.evaluate("() => { document.querySelector('[data-testid=stMain] h1').glassbox = 'the one that was there' }")
    box, empty = page.locator("textarea").first, page.get_by_test_id("stSidebar").get_by_text("There are no words")
    box.fill("")
    box.press("Control+Enter")
    empty.wait_for()  # in the sidebar
    box.fill("a zebra zigzags")
    box.press("Control+Enter")
    empty.wait_for(state="hidden")
    chips = page.get_by_role("group", name="Tokens of the text").get_by_role("button")
    expect(chips.filter(has_text="z")).to_have_count(3)  # on the stage
    page.wait_for_function("() => location.search.includes('zebra')")  # in the address
    ready(page)
    is_drawn(page, "weights")
    assert page.locator("[data-testid=stMain] h1").evaluate("h => h.glassbox") == "the one that was there"
    page.reload()
    expect(box).to_have_value("a zebra zigzags")
