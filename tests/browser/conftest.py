"""The real server on a free port, with the tiny or the shipped model, and a Chromium that can reach nothing else."""

import contextlib
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from tests import serving as servers
from tests.chromium import MISSING, chromium_path

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOGS = pytest.StashKey[list[Path]]()
ISOLATED = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """A failure shows what the server wrote: a page says of an error only that there was one."""
    report = yield
    if report.failed:
        for log in item.session.stash.get(LOGS, []):
            report.sections.append((f"the end of {log}", log.read_text()[-6000:]))
    return report


@pytest.fixture(scope="session")
def server_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of runs of `server`."""
    from tests.tiny import make_checkpoint

    folder = tmp_path_factory.mktemp("runs")
    make_checkpoint(folder / "tiny")
    return folder


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest, server_runs: Path) -> Iterator[str]:
    """The address of a server that shows the tiny model."""
    with serving("tiny", server_runs, request.session) as address:
        yield address


@pytest.fixture(scope="session")
def shipped_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that shows the model of assets/models, and has no runs."""
    with serving("tinyland", tmp_path_factory.mktemp("shipped"), request.session) as address:
        yield address


@contextlib.contextmanager
def serving(
    model: str, runs: Path, session: pytest.Session, script: str = "app.py", **environment: str
) -> Iterator[str]:
    """The address of a server of `script` that shows `model` and keeps its runs, and its log, in `runs`."""
    log = runs / "server.log"
    session.stash.setdefault(LOGS, []).append(log)
    environment |= {"GLASSBOX_RUNS": str(runs), "GLASSBOX_MODEL": model, "OMP_NUM_THREADS": "1"}
    with servers.serving(script, log, **environment) as server:
        yield server.address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Callable[[str], "BrowserContext"]]:
    """A function from a server's address to the browser for it. One browser a server: what it has loaded and compiled
    it need not load again, where a new context would."""
    path = chromium_path()
    if not path:
        (pytest.fail if os.environ.get("GLASSBOX_REQUIRE_BROWSER") else pytest.skip)(MISSING)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=60_000)  # as long as everything else here waits on a busy machine
    with sync_playwright() as driver, contextlib.ExitStack() as opened:

        @cache
        def browser(server: str) -> "BrowserContext":
            context = driver.chromium.launch_persistent_context(
                opened.enter_context(TemporaryDirectory(ignore_cleanup_errors=True)),
                executable_path=path,
                args=[*FLAGS, ISOLATED],
                viewport={"width": 1280, "height": 900},
                base_url=server,
                reduced_motion="reduce",
                permissions=["clipboard-read", "clipboard-write"],
            )
            opened.callback(context.close)
            return context

        yield browser


@pytest.fixture
def page(chromium, server: str) -> Iterator:
    """A page on the server with the tiny model, which nobody had to complain about (see `watched`)."""
    with watched(chromium(server), server) as opened:
        yield opened


@pytest.fixture(scope="module")
def shipped_page(chromium, shipped_server: str) -> Iterator:
    """The same with the shipped model, one for a whole file."""
    with watched(chromium(shipped_server), shipped_server) as opened:
        yield opened


@contextlib.contextmanager
def watched(browser: "BrowserContext", server: str) -> Iterator:
    """A page of a visitor who is new to the server; at the end no console error was heard and no request went
    elsewhere."""
    opened = browser.new_page()
    opened.set_default_timeout(60_000)
    kept = {"origin": server, "storageTypes": "cookies,local_storage"}
    browser.new_cdp_session(opened).send("Storage.clearDataForOrigin", kept)
    complaints: list[str] = []
    complain = lambda what: complaints.append(f"{opened.url}: {what}")  # noqa: E731
    opened.on("pageerror", lambda error: complain(f"page error: {error}"))
    opened.on("console", lambda said: complain(said.text) if _is_error(said) else None)
    opened.on("request", lambda sent: complain(f"leaves the machine: {sent.url}") if _leaves(sent, server) else None)
    yield opened
    opened.close()
    assert complaints == []


def _is_error(said) -> bool:
    """Deep links log two harmless 404s of Streamlit's own (health and host-config below the page's path)."""
    return said.type == "error" and "/_stcore/" not in said.location.get("url", "")


def _leaves(sent, server: str) -> bool:
    return sent.url.startswith(("http", "ws")) and sent.url.split("://")[1].split("/")[0] != server.split("://")[1]
