"""Latency in the browser, from the key press to the changed page: python -m tests.bench.bench_app

Milliseconds, p50/p95, beside a bare Streamlit app that does the least (bare_app.py): what is above its figures is ours.
Server and browser share the machine. Servers start with the shipped model, as for a visitor, and with Python's compiled
files, as every start but the first; pins are of a tiny model, so that what is timed is the app and not a model. The
window is so tall that every section of the overview is in sight, and so drawn. The last two lines are of the same pins,
without and with a run that trains beside them, in alternation.
"""

import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from core import jobs
from core.training import preset
from tests.chromium import MISSING, chromium_path
from tests.serving import serving
from tests.tiny import make_checkpoint

STARTS = 5
ROUNDS = 40
SETTLE = 2000  # ms
BARE = "tests/bench/bare_app.py"
WINDOW = {"width": 1440, "height": 3200}
STRIP = "[aria-label='Tokens of the text']"
WRITTEN = "[aria-label^='The end of your text'] .chip"  # in the last section that computes anything
# Each waits in the page for the change, so that Playwright's own polling is not timed.
PRESS = """([strip, from, key]) => new Promise(done => {
  const rootOf = name => [...document.querySelectorAll('*')].find(e => e.shadowRoot?.querySelector(name)).shadowRoot;
  const written = rootOf("[aria-label^='The end of your text']").querySelector('.strip');
  const said = () => [...written.children].map(e => e.ariaLabel).join();
  const chip = rootOf(strip).querySelectorAll('.chip')[from];
  const before = said(), begun = performance.now();
  const look = () => said() !== before ? done(performance.now() - begun) : requestAnimationFrame(look);
  chip.focus();
  chip.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, composed: true}));
  look();
})"""
BARE_PRESS = """() => new Promise(done => {
  const root = [...document.querySelectorAll('*')].find(e => e.shadowRoot?.querySelector('b')).shadowRoot;
  const said = () => root.querySelector('b').textContent;
  const before = said(), begun = performance.now();
  const look = () => said() !== before ? done(performance.now() - begun) : requestAnimationFrame(look);
  root.querySelector('button').click();
  look();
})"""
# The bars of the likeliest next tokens follow: the frame after the pointer came is the one that shows them.
HOVER = """([strip, at]) => new Promise(done => {
  const host = [...document.querySelectorAll('*')].find(e => e.shadowRoot?.querySelector(strip));
  const chip = host.shadowRoot.querySelectorAll('.chip')[at];
  const begun = performance.now();
  chip.dispatchEvent(new PointerEvent('pointerover', {bubbles: true, composed: true}));
  requestAnimationFrame(() => done(performance.now() - begun));
})"""

# A new page is looked at often: Playwright's own waits look every half second at the end.
SHOWS = "part => [...document.querySelectorAll('*')].some(e => e.shadowRoot?.querySelector(part))"
NO_SKELETON = "() => !document.querySelector('[data-testid=stSkeletonElement]')"
LOOK = 20  # ms


def show(name: str, times: list[float]) -> None:
    times = sorted(times)
    print(f"{name:46s} {times[len(times) // 2]:6.0f} / {times[int(len(times) * 0.95)]:.0f} ms")


@contextlib.contextmanager
def opened(browser: Browser, script: str, runs: str, model: str = "tiny") -> Iterator[tuple[Page, float]]:
    """A page of a new server, asked for as soon as it answers; and when the server was started."""
    environment = {"GLASSBOX_RUNS": runs, "GLASSBOX_MODEL": model, "OMP_NUM_THREADS": "1"}
    page = browser.new_page(viewport=WINDOW, reduced_motion="reduce")
    started = time.perf_counter()
    with serving(script, **environment, PYTHONDONTWRITEBYTECODE="") as server:
        try:
            page.goto(server.address)
            yield page, started
        finally:
            page.close()


def starts(browser: Browser, runs: str) -> None:
    """From the start of a server to what its first visitor sees, in alternation with the bare app. The first of each,
    which compiles, does not count."""
    seen: dict[str, list[float]] = {"bare": [], "tokens": [], "all": []}
    for _ in range(1 + STARTS):
        with opened(browser, BARE, runs) as (page, started):
            until(page, SHOWS, "b:not(:empty)")
            seen["bare"].append(1000 * (time.perf_counter() - started))
        with opened(browser, "app.py", runs, "tinyland") as (page, started):
            until(page, SHOWS, f"{STRIP} .chip")
            seen["tokens"].append(1000 * (time.perf_counter() - started))
            all_drawn(page)
            seen["all"].append(1000 * (time.perf_counter() - started))
    for name, words in (("bare", "a bare app"), ("tokens", "the text as tokens"), ("all", "every view drawn")):
        print(f"{f'server start to {words}':46s} {statistics.median(seen[name][1:]):6.0f} ms")


def all_drawn(page: Page) -> None:
    """Until every section shows its views."""
    until(page, SHOWS, WRITTEN)
    until(page, NO_SKELETON)


def until(page: Page, condition: str, part: str | None = None) -> None:
    """Until a condition in JavaScript holds in the page."""
    page.wait_for_function(condition, arg=part, polling=LOOK, timeout=60_000)


def pins(page: Page) -> list[float]:
    """From the press to the text that the server's model has written, along the strip and back."""
    page.evaluate(PRESS, [STRIP, 0, "Home"])
    times = []
    for i in range(ROUNDS):
        page.wait_for_timeout(150)
        at, key = (i % 16, "ArrowRight") if i % 16 < 8 else (16 - i % 16, "ArrowLeft")
        times.append(page.evaluate(PRESS, [STRIP, at, key]))
    return times


def bare_presses(page: Page) -> list[float]:
    times = []
    for _ in range(ROUNDS):
        page.wait_for_timeout(150)
        times.append(page.evaluate(BARE_PRESS))
    return times


def beside_training(page: Page) -> None:
    """What a run of somebody else costs a visitor."""
    alone: list[float] = []
    beside: list[float] = []
    run = jobs.start(preset("live", steps=100_000, seconds=600.0))
    while jobs.status(run).step < 5:
        time.sleep(0.2)
    for _ in range(3):
        beside += pins(page)
        jobs.pause(run)
        page.wait_for_timeout(SETTLE)
        alone += pins(page)
        jobs.resume(run)
        page.wait_for_timeout(SETTLE)
    jobs.delete(run)
    show("the same pins, nothing trains", alone)
    show("the same pins beside a run", beside)


def main() -> None:
    chromium = chromium_path()
    if not chromium:
        sys.exit(MISSING)
    with tempfile.TemporaryDirectory() as runs, sync_playwright() as driver:
        make_checkpoint(Path(runs) / "tiny")
        os.environ["GLASSBOX_RUNS"] = runs
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        starts(browser, runs)
        with opened(browser, BARE, runs) as (bare, _), opened(browser, "app.py", runs) as (page, _):
            bare.get_by_text("pressed 0").wait_for()
            all_drawn(page)
            page.wait_for_timeout(SETTLE)
            show("hover a token (in the browser)", [page.evaluate(HOVER, [STRIP, 1 + i % 8]) for i in range(ROUNDS)])
            times: dict[str, list[float]] = {"bare": [], "pin": []}
            for _ in range(2):
                times["bare"] += bare_presses(bare)
                times["pin"] += pins(page)
            show("a bare app: fragment to component", times["bare"])
            show("pin a token: the server's model writes on", times["pin"])
            beside_training(page)
        browser.close()


if __name__ == "__main__":
    main()
