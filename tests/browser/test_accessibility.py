"""axe-core finds nothing to complain about: no page, no section, no popover, nothing that opens, in either theme, on a
laptop or a phone. What opens on a phone stays on its screen.

axe looks into the shadow roots of our components too. `axe-playwright-python` brings it along, so nothing is loaded.
"""

import contextlib
import shutil
from collections.abc import Callable, Iterator, Sequence

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.resting import resting, resting_box
from tests.navigation import PAGES
from tests.tiny import make_checkpoint

LAPTOP, PHONE = 1280, 390
HEIGHT = {LAPTOP: 9000, PHONE: 20_000}
SIDEBAR, POPOVER = "[data-testid=stSidebar]", "[data-testid=stPopoverBody]"
WAYS = ("", *PAGES[1:])
# A link to each page on which something is pinned, opened or changed.
OPENED = {
    "": "model=nobody&cursor=x",
    "data": "crawl_pages=300&stage_open=personal",
    "tokenization": "cursor=4",
    "embeddings": "cursor=4&places=doubled",
    "attention": "cursor=9&also_pinned=9:4&open_heads=0.0+1.1",
    "inside": "cursor=9&block=1&cell=q.0.2&maker=0.1&neuron=0.3",
    "experiments": "cursor=9&interventions=zero:L0H1",
    "training": "text=",
    "sampling": "cursor=9&temperature=1.5&top_p=0.9",
}
# Rule and element of what is Streamlit's own and out of our reach.
STREAMLITS = {
    # the drop zone, which has a name, is taken out of the tab order in favour of the button inside it
    ("presentation-role-conflict", 'data-testid="stFileUploaderDropzone"'),
}
pytestmark = pytest.mark.thorough
AXE = Axe()
RUN = "([context, options]) => axe.run(context ?? document, options).then(results => results.violations)"
COLOURS = ("color-contrast", "link-in-text-block")  # the rules of axe that look at them
THEME = "() => getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme"


def complaints(page, context: str | None = None, rules: Sequence[str] = ()) -> list[str]:
    """What axe finds within `context`, by all rules or by these: rule, weight, element and, for colours, the two."""
    options = {"resultTypes": ["violations"], "selectors": False} | ({"runOnly": [*rules]} if rules else {})
    if page.evaluate("typeof axe === 'undefined'"):  # half a megabyte of rules: once for each document
        page.evaluate(AXE.axe_script)
    found = page.evaluate(RUN, [context, options])
    nodes = [(rule, node) for rule in found for node in rule["nodes"] if not is_streamlits(rule["id"], node["html"])]
    return [f"{rule['id']} ({rule['impact']}): {node['html'][:200]} {colours(node)}" for rule, node in nodes]


def is_streamlits(rule: str, html: str) -> bool:
    return any(rule == excused and element in html for excused, element in STREAMLITS)


def expect_none(found: list[str]) -> None:
    assert not found, "\n".join(found)


def colours(node) -> str:
    data = [check["data"] for check in node["any"] if check["id"] == "color-contrast"]
    return " ".join(f"{d['fgColor']} on {d['bgColor']}: {d['contrastRatio']}" for d in data)


def in_theme(page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(f"scheme => ({THEME})() === scheme", arg=scheme)
    resting(page)


def in_both_themes(page, look: Callable[[Sequence[str]], list[str]]) -> list[str]:
    """What `look` finds by all rules in the light theme, and by those about colours in the dark one: a theme changes
    nothing else (see assets/theme.json)."""
    found = []
    for scheme, rules in (("light", ()), ("dark", COLOURS)):
        in_theme(page, scheme)
        found += [f"{scheme}: {complaint}" for complaint in look(rules)]
    return found


def open_all(page, path: str, query: str = "", width: int = LAPTOP) -> None:
    """The whole page on a screen so tall that all of its sections are near, hence drawn."""
    page.set_viewport_size({"width": width, "height": HEIGHT[width]})
    page.goto(f"/{path}?{query}")
    page.wait_for_selector("h1")
    expect(page.locator("[data-testid=stMain] [data-testid=stSkeletonElement]")).to_have_count(0)
    for details in page.locator("[data-testid=stMain] details:not(.gb-plot-save)").all():
        if details.get_attribute("open") is None:
            details.locator("> summary").click()
    resting(page)


def resize(page, width: int) -> None:
    """The side bar closes where a window becomes narrow, and stays as it is where one becomes wide."""
    page.set_viewport_size({"width": width, "height": HEIGHT[width]})
    if width == PHONE:
        expect(page.locator(SIDEBAR)).to_have_attribute("data-collapsed", "true")
    resting(page)


@pytest.fixture
def wide_page(shipped_page):
    yield shipped_page
    shipped_page.evaluate("localStorage.clear()")  # where a side bar that was opened is remembered
    shipped_page.emulate_media(color_scheme="light")
    shipped_page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.parametrize("path", WAYS)
def test_a_page_with_all_its_sections_its_popovers_and_the_side_bar(wide_page, path):
    """In one visit: the page, with what a link has pinned, opened or changed, and each popover, in both themes; then
    the page, its popovers and the side bar on a phone."""
    page = wide_page
    open_all(page, path, OPENED.get(path, ""))
    expect_none(in_both_themes(page, lambda rules: complaints(page, rules=rules) + popovers(page, rules)))
    in_theme(page, "light")
    resize(page, PHONE)
    expect_none(complaints(page))
    for button in page.get_by_test_id("stMain").get_by_test_id("stPopoverButton").all():
        with opened(button) as body:
            box = resting_box(body)
            assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE, button.inner_text()
            assert body.evaluate("e => e.scrollWidth <= e.clientWidth"), button.inner_text()
    page.get_by_test_id("stExpandSidebarButton").click()
    expect(page.locator(SIDEBAR)).to_have_attribute("data-collapsed", "false")
    resting(page)
    expect_none(complaints(page, SIDEBAR))


def popovers(page, rules: Sequence[str]) -> list[str]:
    """What axe finds in the popovers of a page. "Show code" is everywhere the same: the first one stands for all."""
    buttons = page.get_by_test_id("stMain").get_by_test_id("stPopoverButton")
    own = [i for i, name in enumerate(buttons.all_inner_texts()) if not name.startswith("Show code")]
    found = []
    for i in [*own, 0][: buttons.count()]:
        with opened(buttons.nth(i)):
            resting(page)
            found += complaints(page, POPOVER, rules)
    return found


@contextlib.contextmanager
def opened(button) -> Iterator:
    """The popover of a button, until the block ends."""
    button.click()
    body = button.page.locator(POPOVER)
    body.wait_for()
    yield body
    button.page.keyboard.press("Escape")
    expect(body).to_have_count(0)


def test_a_text_that_was_written_and_its_branches(page):
    page.set_viewport_size({"width": 1280, "height": 3000})
    page.goto("/sampling?v=1&text=the+red+ball&new_tokens=6&temperature=1.5")
    page.get_by_role("button", name="Write", exact=True).click()
    expect(page.get_by_role("button", name="Write on", exact=True)).to_be_enabled()
    page.get_by_role("button", name="One token back").click()
    expect(page.locator(".text button.ahead")).not_to_have_count(0)
    expect_none(in_both_themes(page, lambda rules: complaints(page, rules=rules)))


def test_runs(page, server_runs):
    run = "run-20260105-0123456789ef"
    make_checkpoint(server_runs / run)
    try:
        open_all(page, "training", f"run={run}")
        expect(page.get_by_role("heading", name="All runs")).to_be_visible()
        expect_none(in_both_themes(page, lambda rules: complaints(page, rules=rules)))
    finally:
        shutil.rmtree(server_runs / run)
