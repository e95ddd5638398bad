"""Waiting until a page has done what it was going to do: a condition each time, never a length of time."""

from collections.abc import Callable

from playwright.sync_api import Error

from tests.waiting import wait_for

# Looked at once a frame: what stands there, how large it is, and whether the script or a figure is still at work, or
# the script of a component has not come (what it builds is kept at its place: assets/components/shared/mount.js).
RESTING = """() => {
    let coming = 0;
    const count = root => {
        let sum = 0;
        for (const e of root.querySelectorAll('*')) {
            sum += 1 + (e.shadowRoot ? count(e.shadowRoot) : 0);
            if (e.shadowRoot && !e.glassbox) coming++;
        }
        return sum;
    };
    const app = document.querySelector('[data-testid=stApp][data-test-script-state=notRunning]');
    if (!app || !document.querySelector('h1') || document.querySelector('[data-testid=stSkeleton]:not([hidden])'))
        return false;
    const main = document.querySelector('[data-testid=stMain]');
    const now = `${count(document)} ${coming} ${main.scrollWidth} ${main.clientWidth} ${main.scrollHeight}`;
    const seen = (globalThis.resting ??= {});
    seen.frames = seen.now === now ? seen.frames + 1 : 0;
    seen.now = now;
    return !coming && seen.frames >= 20;
}"""
STILL = """element => new Promise(done => {
    let last = '', frames = 0;
    const look = () => {
        const box = element.getBoundingClientRect();
        const now = [box.x, box.y, box.width, box.height].join();
        frames = now === last ? frames + 1 : 0;
        last = now;
        frames >= 15 ? done() : requestAnimationFrame(look);
    };
    look();
})"""
SEEN = """section => {
  const placed = document.querySelector(section)
  const resting = document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]")
  if (placed && resting && !placed.querySelector("[data-testid=stSkeletonElement]")) return true
  placed?.scrollIntoView({ block: "nearest" })
  return false
}"""


def ready(page) -> None:
    """Waits until Streamlit has finished its run."""
    page.wait_for_selector("h1")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def resting(page) -> None:
    """Waits until nothing is being computed, and for 20 frames nothing has come, gone or changed the page's size."""
    page.evaluate("() => { delete globalThis.resting }")
    page.wait_for_function(RESTING)


def resting_box(locator) -> dict[str, float]:
    """Where it is on the screen, scrolled into view, once it no longer moves."""
    scroll_to(locator)
    locator.evaluate(STILL)
    return locator.bounding_box()


def scroll_to(locator) -> None:
    """Scrolls it into view; what is drawn anew meanwhile is looked for again."""
    try:
        locator.scroll_into_view_if_needed()
    except Error as error:
        if "not attached" not in str(error):
            raise
        scroll_to(locator)


def see(page, anchor: str) -> None:
    """Scrolls to a section until it is drawn, and nothing is being computed: what comes in above it may push
    it out of sight again, and a key pressed while it is drawn anew would be lost."""
    section = f".st-key-section-{anchor}"
    page.locator(section).scroll_into_view_if_needed()
    page.wait_for_function(SEEN, arg=section, polling=500)


def hover_until(locator, position: dict[str, float], shown: Callable[[], object]) -> None:
    """Points at a place of a drawing until `shown` holds: what comes in above it moves it from under the pointer."""

    def pointed() -> object:
        locator.hover(position=position)
        return shown()

    wait_for(pointed, 60)
