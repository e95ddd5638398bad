"""Whoever uses the keyboard sees where they are: each control of our components looks different with the focus."""

import pytest
from playwright.sync_api import TimeoutError

from tests.browser.resting import ready
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
