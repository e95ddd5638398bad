"""Whoever uses the keyboard sees where they are: each control, ours and Streamlit's, looks different with the focus."""

import pytest
from playwright.sync_api import TimeoutError, expect

from tests.browser.resting import ready, resting
from tests.navigation import PAGES

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


@pytest.mark.parametrize("path", ["", *PAGES[1:]])
def test_focus_is_visible(page, path):
    page.goto(f"/{path}")
    ready(page)
    page.keyboard.press("Tab")  # from here on the browser takes it that keys are used
    try:  # what is still being drawn may not take the focus yet
        page.wait_for_function(f"() => (([n, unseen]) => n > 2 && !unseen.length)(({UNSEEN})())", timeout=20_000)
    except TimeoutError:
        count, unseen = page.evaluate(UNSEEN)
        assert count > 2 and unseen == []


@pytest.mark.parametrize("path", ["", *PAGES[1:]])
def test_focus_is_visible_on_streamlits_controls(page, path):
    page.set_viewport_size({"width": 1280, "height": 6000})  # all sections are near
    page.goto(f"/{path}")
    expect(page.locator("[data-testid=stMain] [data-testid=stSkeletonElement]")).to_have_count(0)
    resting(page)
    page.keyboard.press("Tab")
    count, unseen = page.evaluate(UNSEEN_OF_STREAMLIT)
    assert count > 10 and unseen == []
