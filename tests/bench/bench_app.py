"""Latency in the browser, from the key press to the changed page: python -m tests.bench.bench_app

Starts the server with the tiny model, so that what is timed is the app and not a model. Milliseconds, p50/p95. The last
two lines are of the same pins, without and with a run that trains beside them, in alternation.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from core.training import jobs, preset
from tests.tiny import make_checkpoint

ROUNDS = 40
SETTLE = 2000  # ms
STRIP = "[aria-label='Tokens of the text']"
# Waits in the page for a text, so that Playwright's own polling is not timed.
PRESS = """([strip, from, key]) => new Promise(done => {
  const host = [...document.querySelectorAll('*')].find(e => e.shadowRoot?.querySelector(strip));
  const chip = host.shadowRoot.querySelectorAll('.chip')[from];
  const said = () => document.querySelector('[data-testid=stMain]').innerText.match(/trace\\.probs\\[\\d+\\]/)?.[0];
  const before = said(), begun = performance.now();
  const look = () => said() !== before ? done(performance.now() - begun) : requestAnimationFrame(look);
  chip.focus();
  chip.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, composed: true}));
  look();
})"""
HOVER = """([strip, at]) => new Promise(done => {
  const host = [...document.querySelectorAll('*')].find(e => e.shadowRoot?.querySelector(strip));
  const chip = host.shadowRoot.querySelectorAll('.chip')[at];
  const begun = performance.now();
  chip.dispatchEvent(new PointerEvent('pointerover', {bubbles: true, composed: true}));
  requestAnimationFrame(() => done(performance.now() - begun));
})"""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def show(name: str, times: list[float]) -> None:
    times = sorted(times)
    print(f"{name:46s} {times[len(times) // 2]:6.0f} / {times[int(len(times) * 0.95)]:.0f} ms")


def measure(page: Page, address: str, started: float) -> None:
    page.goto(address)
    page.get_by_text(re.compile(r"trace\.probs\[")).wait_for(timeout=60_000)
    print(f"{'server start to a drawn first page':46s} {1000 * (time.perf_counter() - started):6.0f} ms")
    page.wait_for_timeout(SETTLE)
    show("hover a token (in the browser)", [page.evaluate(HOVER, [STRIP, 1 + i % 8]) for i in range(ROUNDS)])
    show("pin a token: a fragment with five views", pins(page))


def pins(page: Page) -> list[float]:
    """From the press to the changed page, along the strip and back."""
    page.evaluate(PRESS, [STRIP, 0, "Home"])
    times = []
    for i in range(ROUNDS):
        page.wait_for_timeout(150)
        at, key = (i % 16, "ArrowRight") if i % 16 < 8 else (16 - i % 16, "ArrowLeft")
        times.append(page.evaluate(PRESS, [STRIP, at, key]))
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
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        sys.exit("no Chromium: sudo apt-get install chromium")
    with tempfile.TemporaryDirectory() as runs, sync_playwright() as driver:
        make_checkpoint(Path(runs) / "tiny")
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        port = free_port()
        environment = os.environ | {"GLASSBOX_RUNS": runs, "GLASSBOX_MODEL": "tiny", "OMP_NUM_THREADS": "1"}
        started = time.perf_counter()
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
        server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            while time.perf_counter() - started < 30:
                with socket.socket() as probe:
                    if not probe.connect_ex(("127.0.0.1", port)):
                        break
                time.sleep(0.02)
            measure(page, f"http://127.0.0.1:{port}", started)
            os.environ["GLASSBOX_RUNS"] = runs
            beside_training(page)
        finally:
            browser.close()
            server.terminate()
            server.wait(20)


if __name__ == "__main__":
    main()
