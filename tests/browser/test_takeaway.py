"""A page taken home: a file that shows the same without a server and runs nothing, and a notebook that computes."""

import json

import nbformat
import numpy as np
import torch
from playwright.sync_api import expect

from core.model import load_checkpoint, run_trace
from tests.browser.resting import ready

ODD = "<b>red</b> ball </script>"


def taken(page, way: str) -> str:
    with page.expect_download(timeout=180_000) as download:  # all sections, and what they measure in the background
        page.get_by_role("button", name=way).click()
    expect(page.get_by_role("group", name="Take this page home").get_by_role("status")).to_have_text("Saved.")
    return download.value.path().read_text("utf-8")


def test_a_page_is_taken_home_whole(page, server, server_runs, chromium, tmp_path, monkeypatch):
    page.goto(f"{server}/attention?text={ODD}")
    ready(page)
    words = page.locator("h2").all_inner_texts()
    made = json.loads(taken(page, "as a notebook"))
    nbformat.validate(nbformat.from_dict(made))
    texts, codes = ([c["source"] for c in made["cells"] if c["cell_type"] == kind] for kind in ("markdown", "code"))
    assert [text[3:] for text in texts[1:]] == words[:-1], "every section with a figure, seen or not"
    assert texts[0].startswith(f"# {page.locator('h1').inner_text()}\n")
    monkeypatch.setenv("GLASSBOX_RUNS", str(server_runs))
    found: dict = {}
    for code in codes[:3]:  # tests/pages/test_code.py runs that of every figure
        exec(code, found)
    ids, checkpoint = found["ids"], load_checkpoint("tiny")
    assert checkpoint.tokenizer.decode(ids[1:]) == ODD
    assert np.array_equal(found["trace"].pattern, run_trace(checkpoint.model, torch.tensor(ids)).pattern)
    assert codes[0].startswith("# Every weight of every head") and codes[0].endswith("\ntrace.pattern")

    file = tmp_path / "page.html"
    file.write_text(taken(page, "as one HTML file"), "utf-8")
    still = chromium("about:blank").new_page()
    asked: list[str] = []
    still.on("request", lambda request: asked.append(request.url))
    still.goto(file.as_uri())
    assert [u for u in asked if not u.startswith(("file:", "data:"))] == [] and still.locator("script").count() == 0
    assert still.locator("h2").all_inner_texts() == words
    assert still.locator("[data-testid=stSkeletonElement]").count() == 0
    chips = still.locator(".chip").all_inner_texts()
    assert any("red" in chip for chip in chips), "what stands in shadow roots stands in the file"
    assert still.locator(".main-svg").first.is_visible() and still.locator("b", has_text="red").count() == 0
    assert 'url("data:image/png' in still.locator("canvas").first.evaluate("e => getComputedStyle(e).backgroundImage")
    still.set_viewport_size({"width": 390, "height": 844})
    assert still.evaluate("document.documentElement.scrollWidth") <= 390
    beside = (
        "e => { e.scrollLeft = 9999; return e.scrollLeft + e.clientWidth >= e.querySelector('.main-svg').clientWidth; }"
    )
    assert all(figure.evaluate(beside) for figure in still.locator(".svg-container").all()), "figures scroll sideways"
    still.close()
