"""How soon the attention page follows the hand, in the browser: python -m tests.bench.bench_attention

Points at heads, then at tokens, and waits until all linked views are drawn (they draw before the event returns) and the
next frame begins. Milliseconds, p50/p95, on the shipped model with a short text and with one that fills its context.
"""

import shutil
import sys
import urllib.parse
import urllib.request

from playwright.sync_api import Page, sync_playwright

from tests.bench.bench_app import show
from tests.serving import serving

ROUNDS = 60
TEXTS = {"23 tokens": "", "256 tokens": "Mia gave the red ball to Tom because she was tired. " * 30}
POINT = """([inside, selector, at]) => new Promise(done => {
  const host = [...document.querySelectorAll('*')].find(e => e.shadowRoot?.querySelector(inside));
  const target = host.shadowRoot.querySelectorAll(selector)[at];
  const begun = performance.now();
  target.dispatchEvent(new PointerEvent('pointerover', {bubbles: true, composed: true}));
  const drawn = performance.now() - begun;
  requestAnimationFrame(() => done([drawn, performance.now() - begun]));
})"""


def measure(page: Page, address: str, name: str, text: str) -> None:
    page.goto(f"{address}/attention?v=1" + (f"&text={urllib.parse.quote_plus(text)}" if text else ""))
    page.get_by_role("gridcell").nth(5).wait_for(timeout=60_000)
    page.wait_for_timeout(20_000)  # the measurements of heads run on this machine too
    for what, inside, selector, count in (
        ("another head", ".grid", ".grid button", page.get_by_role("gridcell").count()),
        ("another token", ".strip", ".chip", 20),
    ):
        times = [page.evaluate(POINT, [inside, selector, 1 + i % (count - 1)]) for i in range(ROUNDS)]
        show(f"{name}: {what}, all views drawn", [drawn for drawn, _ in times])
        show(f"{name}: {what}, to the next frame", [frame for _, frame in times])


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        sys.exit("no Chromium: sudo apt-get install chromium")
    with serving(OMP_NUM_THREADS="1") as server, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        for name, text in TEXTS.items():
            measure(page, server.address, name, text)
        browser.close()


if __name__ == "__main__":
    main()
