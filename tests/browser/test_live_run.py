"""A run that goes on is a model like any other: every page shows it as it was at its latest snapshot."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from core import jobs
from core.training import TrainConfig
from tests.browser.resting import ready
from tests.browser.test_shell import EXCEPTION
from tests.navigation import PAGES, TITLES
from tests.waiting import wait_for

TEXT = "Mia gave the red ball to Tom because she was tired. The dog likes bread. " * 40
MODEL = {"context_length": 64, "n_layers": 2, "n_heads": 2, "d_model": 16}


@pytest.fixture
def live(server, server_runs, monkeypatch):
    """A real run in the server's folder; it goes on until the test is over."""
    monkeypatch.setenv("GLASSBOX_RUNS", str(server_runs))
    data = {"kind": "text", "path": "corpus.txt"}
    config = TrainConfig(
        model=MODEL, data=data, vocab_size=270, batch_tokens=128, steps=10**6, snapshots=40, eval_every=50
    )
    run = jobs.start(config, text=TEXT, name="going on")
    wait_for(lambda: jobs.status(run).step >= 10)
    yield run
    jobs.delete(run)


@pytest.mark.thorough
def test_a_live_run_opens_on_every_page(live, page):
    page.goto(f"/training?run={live}")
    page.locator(".gb-states", has_text="running").wait_for()
    page.get_by_role("button", name="Open on every page").click()
    sidebar = page.get_by_test_id("stSidebar")
    model = sidebar.get_by_role("combobox", name="Model")
    expect(model).to_have_value("going on")
    for file in (*PAGES[1:], PAGES[0], "training"):  # from and to the page that it was started on
        page.get_by_role("link", name=TITLES[file], exact=True).click()
        path = "/" if file == PAGES[0] else f"/{file}"
        page.wait_for_url(lambda url, path=path: urlsplit(url).path == path)  # the page writes its query by itself
        ready(page)
        page.locator(":is(canvas, svg.main-svg, [role=group]):visible").first.wait_for()
        assert page.locator(EXCEPTION).all_inner_texts() == [], file
        expect(model).to_have_value("going on")
        assert int(sidebar.get_by_test_id("stSliderThumbValue").inner_text().replace(",", "")) > 0
    assert jobs.status(live).state == "running"
