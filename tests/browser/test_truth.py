"""The line under a figure: a sentence first; the tensor and the code on demand, by mouse and by keyboard."""

import re

import numpy as np
import torch
from playwright.sync_api import expect

from core.model import load_checkpoint, run_trace
from tests.modules import ADDRESS, with_modules

CODE = """from core.model import load_checkpoint  # "not a string"
text = 'it\\'s <b>not</b> # a comment'
f"{text}" if 1_000 <= len(text) else None
"""


def test_the_code_of_a_figure_opens_saves_and_closes(page, server, server_runs):
    page.goto(f"{server}/attention?text=<b>red</b>+ball")
    line = page.locator("[class*='st-key-truth-trace']").first
    line.wait_for()
    expect(line.locator("p").first).to_have_text(re.compile("^Every weight of every head, measured on this text"))
    toggle, origin = line.get_by_role("button", name="Show code"), line.locator("section")
    assert toggle.get_attribute("aria-expanded") == "false" and not origin.is_visible()
    toggle.focus()
    page.keyboard.press("Enter")
    origin.wait_for()
    assert "trace.pattern" in origin.locator(".tensor").inner_text()
    code = origin.locator("pre")
    assert "load_checkpoint('tiny'" in code.inner_text() and "<b>red</b> ball" in code.inner_text()
    assert origin.locator("b").count() == 0, "a visitor's words are text"
    with page.expect_download() as download:
        origin.get_by_role("button", name="Save as .npz").click()
    assert download.value.suggested_filename == "trace-pattern.npz"
    saved = np.load(download.value.path(), allow_pickle=False)["trace.pattern"]
    checkpoint = load_checkpoint(server_runs / "tiny")
    ids = torch.tensor([checkpoint.tokenizer.eot, *checkpoint.tokenizer.encode("<b>red</b> ball")])
    assert np.array_equal(saved, run_trace(checkpoint.model, ids).pattern.numpy())
    code.focus()
    page.keyboard.press("Escape")
    assert not origin.is_visible()
    assert page.evaluate("() => document.activeElement.shadowRoot?.activeElement.textContent") == "Show code"


def test_python_is_coloured_and_stays_what_it_was(chromium):
    page = chromium("about:blank").new_page()
    with_modules(page)
    split = "async ([address, code]) => (await import(address)).parts(code)"
    found = page.evaluate(split, [f"{ADDRESS}truth/python.js", CODE])
    assert "".join(text for _, text in found) == CODE
    kinds = {text: kind for kind, text in found}
    assert kinds['# "not a string"'] == "comment" and kinds["'it\\'s <b>not</b> # a comment'"] == "string"
    assert kinds['f"{text}"'] == "string" and kinds["1_000"] == "number" and kinds["None"] == "keyword"
    page.close()
