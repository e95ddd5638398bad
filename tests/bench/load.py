"""A class on one server: `make load`, or python -m tests.bench.load --visitors 30 --seconds 60 --minutes 10

Visitors speak Streamlit's websocket protocol; each does something every 2 to 6 seconds: three times of four another
text, else another page. Two Chromium windows type among them, so that what they wait for is what people see. The rows:
a server that started 12 seconds ago; one that is warm; a warm one on which a run trains; one with a hundred visitors;
and, with --minutes, a class that stays, which tells whether memory grows. Milliseconds from the request to the end of
the answer; memory of the server before and after. Everything stays on this machine and ends by itself.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import websockets
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core import jobs
from core.training import preset
from tests.chromium import MISSING, chromium_path
from tests.serving import serving

TEXTS = [
    "Brigid had a kite.", "One day, Suki was in the park.", "Nadia lives in", "7 + 16 =", "Last winter, Ezra",
    "English: The clumsy beetle", "Otto had a lamp. He", "The capital of", "One morning, Nadia was in the",
]  # fmt: skip
FRESH = 12  # seconds after the start at which a class comes to a fresh server
CROWD = 100  # visitors in the row of the most
PATIENCE = 120_000  # ms that a browser waits before it counts as an error
# Whether the strip of tokens has the word: a chip holds its label, and beside it an id.
STRIP = """word => {
  const deep = root => [...root.querySelectorAll('*')].flatMap(
    e => e.shadowRoot ? deep(e.shadowRoot) : e.matches('.chip') ? e : []);
  return deep(document).map(chip => chip.firstChild?.textContent).join('').includes(word);
}"""


class Visitor:
    """One websocket session: `pages` are the script hashes by address, `answers` milliseconds by kind of request."""

    def __init__(self, port: int) -> None:
        self.port, self.pages, self.text_box, self.text, self.around = port, {}, "", "", ""
        self.page, self.exceptions = "", 0

    async def open(self) -> None:
        self.socket = await websockets.connect(
            f"ws://127.0.0.1:{self.port}/_stcore/stream", subprotocols=["streamlit"], compression=None,
            origin=f"http://127.0.0.1:{self.port}", max_size=None, open_timeout=60, ping_interval=None,
        )  # fmt: skip

    async def ask(self, *, page: str | None = None, text: str | None = None) -> float:
        """One run of the script, or, as a browser asks for it, of the fragment around the text box; milliseconds until
        its end has arrived."""
        self.page, self.text = page or self.page, text or self.text
        message = BackMsg()
        message.rerun_script.page_script_hash = self.page
        message.rerun_script.fragment_id = self.around if text else ""
        if self.text:
            state = message.rerun_script.widget_states.widgets.add()
            state.id, state.string_value = self.text_box, self.text
        begun = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(await asyncio.wait_for(self.socket.recv(), 120))
            kind = answer.WhichOneof("type")
            if kind == "navigation":
                self.pages = {page.url_pathname: page.page_script_hash for page in answer.navigation.app_pages}
            elif kind == "delta" and answer.delta.WhichOneof("type") == "new_element":
                element = answer.delta.new_element
                self.exceptions += element.HasField("exception")
                if element.HasField("text_area") and element.text_area.label == "Your text":
                    self.text_box, self.around = element.text_area.id, answer.delta.fragment_id
            elif kind == "script_finished" and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return 1000 * (time.perf_counter() - begun)


async def visit(port: int, seconds: float, answers: dict[str, list[float]]) -> int:
    """One visitor's stay; returns how many errors it saw."""
    visitor = Visitor(port)
    try:
        await asyncio.sleep(random.random() * 5)
        await visitor.open()
        await visitor.ask()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.sleep(random.uniform(2, 6))
            if random.random() < 0.25:
                answers["page"].append(await visitor.ask(page=random.choice(list(visitor.pages.values()))))
            else:
                text = random.choice(TEXTS) + random.choice(("", " and", " then"))
                answers["text"].append(await visitor.ask(text=text))
        await visitor.socket.close()
    except Exception as error:  # whatever a visitor would see as a broken page
        print(f"    {type(error).__name__}: {error}", file=sys.stderr)
        return visitor.exceptions + 1
    return visitor.exceptions


def type_in_browsers(port: int, seconds: float, seen: list[float]) -> int:
    """Two Chromium windows take turns: a word more, and the time until the strip of tokens shows it. Returns how many
    errors they saw."""
    try:
        _type_in_browsers(port, seconds, seen)
    except PlaywrightError as error:
        print(f"    in a browser: {error}", file=sys.stderr)
        return 1
    return 0


def _type_in_browsers(port: int, seconds: float, seen: list[float]) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"])
        windows = [browser.new_page(viewport={"width": 1440, "height": 900}) for _ in range(2)]
        for window in windows:
            window.goto(f"http://127.0.0.1:{port}", timeout=PATIENCE)
            window.locator("textarea").wait_for(timeout=PATIENCE)
        end, turn = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            window, word = windows[turn % 2], "".join(random.choices("abcdefgh", k=5))
            window.locator("textarea").fill(f"{random.choice(TEXTS)} {word}")
            begun = time.perf_counter()
            window.locator("textarea").press("Control+Enter")
            window.wait_for_function(STRIP, arg=word, timeout=PATIENCE)
            seen.append(1000 * (time.perf_counter() - begun))
            turn += 1
            time.sleep(2)
        browser.close()


def megabytes(pid: int) -> float:
    """What a process holds in memory."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def spread(times: list[float]) -> str:
    """p50 / p95 / slowest."""
    times = sorted(times) or [float("nan")]
    return f"{times[len(times) // 2]:.0f} / {times[int(len(times) * 0.95)]:.0f} / {times[-1]:.0f}"


def measure(name: str, port: int, pid: int, visitors: int, seconds: float) -> int:
    """Prints one row of the table; returns the number of errors."""
    answers: dict[str, list[float]] = {"text": [], "page": []}
    seen: list[float] = []
    before = megabytes(pid)

    async def everybody() -> list[int]:
        return await asyncio.gather(*(visit(port, seconds, answers) for _ in range(visitors)))

    with ThreadPoolExecutor(1) as beside:
        typing = beside.submit(type_in_browsers, port, seconds, seen)
        errors = sum(asyncio.run(everybody())) + typing.result()
    row = (name, visitors, spread(answers["text"]), spread(answers["page"]), spread(seen), errors)
    print("| " + " | ".join(map(str, row)) + f" | {before:.0f} → {megabytes(pid):.0f} |", flush=True)
    return errors


def warm(port: int) -> None:
    """Every page once, with every text: what a class did in its first minute."""

    async def look() -> None:
        visitor = Visitor(port)
        await visitor.open()
        await visitor.ask()
        for page in list(visitor.pages.values()):
            for text in TEXTS:
                await visitor.ask(page=page, text=text)

    asyncio.run(look())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--minutes", type=float, default=0, help="a class that stays so long, in a row of its own")
    args = parser.parse_args()
    visitors, seconds, minutes = min(args.visitors, 100), min(args.seconds, 600.0), min(args.minutes, 60.0)
    if not chromium_path():
        print(MISSING)
        return 1
    print("| server | visitors | text, ms p50 / p95 / slowest | page | typed in a browser | errors | memory, MB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as runs:
        os.environ["GLASSBOX_RUNS"] = runs
        with serving(GLASSBOX_RUNS=runs) as server:
            time.sleep(FRESH)
            errors = measure(f"started {FRESH} s ago", server.port, server.process.pid, visitors, seconds)
        with serving(GLASSBOX_RUNS=runs) as server:
            port, pid = server.port, server.process.pid
            warm(port)
            errors += measure("warm", port, pid, visitors, seconds)
            run = jobs.start(preset("live", seconds=seconds + 60, steps=10**6))
            errors += measure("warm, and a run trains", port, pid, visitors, seconds)
            jobs.stop(run)
            errors += measure("warm", port, pid, CROWD, seconds)
            if minutes:
                errors += measure(f"warm, for {minutes:.0f} minutes", port, pid, visitors, 60 * minutes)
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
