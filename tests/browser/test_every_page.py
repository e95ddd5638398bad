"""What holds of every page, in one visit each: a link opens it cold, nothing overflows sideways, and whoever uses the
keyboard sees where they are: each control, ours and Streamlit's, looks different with the focus."""

from urllib.parse import urlencode

import pytest
from playwright.sync_api import TimeoutError, expect

from pages.ui.state import DEFAULT_TEXT
from tests.browser.conftest import watched
from tests.browser.resting import ready, resting
from tests.browser.test_shell import EXCEPTION
from tests.navigation import PAGES

OVERFLOW = "() => { const m = document.querySelector('[data-testid=stMain]'); return m.scrollWidth - m.clientWidth }"
LINKED = DEFAULT_TEXT.replace("kite", "red ball")  # as long as what a new visitor sees
# The names of controls that look the same with and without the focus, and how many there were.
UNSEEN = """() => {
  const roots = [document, ...[...document.querySelectorAll("*")].map((node) => node.shadowRoot).filter(Boolean)];
  const ours = (node) => node.getRootNode() !== document || node.closest("[class^=gb-]");
  const controls = roots.flatMap((root) => [...root.querySelectorAll("button, input, select, a, [tabindex='0']")])
    .filter((node) => ours(node) && !node.disabled && node.tabIndex >= 0)
    .filter((node) => node.checkVisibility({ visibilityProperty: true }));
  const look = (node) => {
    const style = getComputedStyle(node);
    return [style.outlineStyle === "none" ? "" : style.outline, style.boxShadow, style.borderColor].join();
  };
  const unseen = controls.filter((node) => {
    const before = look(node);
    node.focus({ preventScroll: true });
    const same = look(node) === before;
    node.blur();
    return same;
  });
  return [controls.length, unseen.map((node) => node.outerHTML.slice(0, 120))];
}"""

# The same for Streamlit's: what is around a control may show it, and a frame later. Its table draws the focus itself.
UNSEEN_OF_STREAMLIT = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const controls = [...document.querySelectorAll("button, input, textarea, select, a, summary, [tabindex='0']")]
    .filter((node) => !node.closest("[class^=gb-], [data-testid=stDataFrame]") && !node.disabled && node.tabIndex >= 0)
    .filter((node) => node.checkVisibility({ visibilityProperty: true }));
  const around = (node) => {
    const outwards = [node];
    while (outwards.length < 5) outwards.push(outwards.at(-1).parentElement ?? document.body);
    return [...outwards, ...outwards[1].querySelectorAll("*")];
  };
  const look = (nodes) => nodes.map((node) => {
    const style = getComputedStyle(node);
    const shown = ["boxShadow", "borderColor", "backgroundColor", "color", "transform", "clip", "opacity", "top"];
    return [style.outlineStyle === "none" ? "" : style.outline, ...shown.map((name) => style[name])].join();
  }).join();
  const unseen = [];
  document.activeElement.blur();
  await frame();
  for (const node of controls) {
    const nodes = around(node);
    const before = look(nodes);
    node.focus({ preventScroll: true });
    let frames = 0;
    while (look(nodes) === before && frames++ < 60) await frame();
    if (frames > 60) unseen.push(node.outerHTML.slice(0, 120));
    node.blur();
    await frame();
  }
  return [controls.length, unseen];
}"""


@pytest.fixture(scope="module", params=["", *PAGES[1:]])
def visited(chromium, server, request):
    """A page that was opened by a link on a phone, for all tests here."""
    with watched(chromium(server), server) as page:
        page.set_viewport_size({"width": 390, "height": 800})
        page.goto(f"/{request.param}?{urlencode({'v': 1, 'step': 0, 'text': LINKED})}")
        ready(page)
        yield page


def test_a_cold_deep_link_opens_the_page_and_nothing_overflows_sideways(visited):
    assert visited.locator(EXCEPTION).count() == 0
    expect(visited.locator("textarea").first).to_have_value(LINKED)
    for width in (390, 1440):
        visited.set_viewport_size({"width": width, "height": 800})
        resting(visited)  # late errors, and what is drawn late
        assert visited.evaluate(OVERFLOW) <= 2, width
    assert visited.locator(EXCEPTION).count() == 0


@pytest.mark.thorough
def test_focus_is_visible(visited):
    visited.set_viewport_size({"width": 1280, "height": 900})
    resting(visited)
    visited.keyboard.press("Tab")  # from here on the browser takes it that keys are used
    try:  # what is still being drawn may not take the focus yet
        visited.wait_for_function(f"() => (([n, unseen]) => n > 2 && !unseen.length)(({UNSEEN})())", timeout=20_000)
    except TimeoutError:
        count, unseen = visited.evaluate(UNSEEN)
        assert count > 2 and unseen == []


@pytest.mark.thorough
def test_focus_is_visible_on_streamlits_controls(visited):
    visited.set_viewport_size({"width": 1280, "height": 6000})  # all sections are near
    expect(visited.locator("[data-testid=stMain] [data-testid=stSkeletonElement]")).to_have_count(0)
    expect(visited.get_by_text("Running the pipeline")).to_have_count(0, timeout=240_000)  # on the page of the data
    resting(visited)
    visited.keyboard.press("Tab")
    count, unseen = visited.evaluate(UNSEEN_OF_STREAMLIT)
    assert count > 10 and unseen == []
