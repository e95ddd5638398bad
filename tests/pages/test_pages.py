"""Every page through pages/index.py, on the tiny model: normal, strange and hostile visits."""

import re
from types import SimpleNamespace

import pytest
import streamlit as st

from pages.ui.caption import NATS, by_hand
from pages.ui.literal import JOINER
from pages.ui.state import DEFAULT_TEXT
from tests.navigation import PAGES
from tests.pages.test_headers import headers
from tests.pages.truths import truths
from tests.tiny import STEPS


def said(at) -> str:
    """The messages of a page as they are read: what `literal` has put before a character is not seen."""
    elements = [*at.warning, *at.info, *at.error, *at.sidebar.warning, *at.sidebar.info]
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", " ".join(e.value for e in elements)).replace(JOINER, "")


@pytest.mark.parametrize("page", PAGES)
def test_page_runs(app, page):
    at = app(page)
    assert not at.exception
    assert at.title
    assert at.session_state["model"] == "tiny"
    assert at.session_state["step"] == STEPS[-1]
    assert at.sidebar.text_area[0].value == DEFAULT_TEXT
    words = [element.value for element in [*at.markdown, *at.caption]] + [truth.sentence for truth in truths(at)]
    counted = [text for text in words if re.search(r"\bnats?\b", text)]
    assert not counted or any(NATS in text for text in words), "nats are explained where a page counts in them"


def test_a_finger_is_told_to_tap(monkeypatch):
    hint = "Point at a step to see it; click, and every page shows it."
    monkeypatch.setattr(st, "context", SimpleNamespace(headers={"User-Agent": "Mozilla/5.0 (iPhone) Mobile"}))
    assert by_hand(hint) == "Tap a step to see it; tap, and every page shows it."
    monkeypatch.setattr(st, "context", SimpleNamespace(headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}))
    assert by_hand(hint) == hint


STRANGE = {
    "empty": "",
    "one token": "x",
    "long": "word " * 400,
    "emoji": "👩‍👩‍👧 é" * 3,
    "control": "a\x00b\x07\u202e",
    "script": "<script>alert(1)</script>",
    "special": "<|endoftext|><|user|>hi",
    "markup": "**bold** :red[x] $x$ [a](http://b) <b>%{x}</b>",
}


@pytest.mark.thorough
@pytest.mark.parametrize("page", PAGES)
def test_page_takes_any_text(app, page):
    at = app(page)
    for name, text in STRANGE.items():
        at.sidebar.text_area[0].set_value(text).run()
        assert not at.exception, name
        assert not at.error, name


@pytest.mark.thorough
@pytest.mark.parametrize("page", PAGES)
def test_page_at_the_start_of_life_which_it_shows_in_its_stages(app, page):
    at = app(page, v="1", step="0", cursor="2", text="the red ball")
    assert not at.exception
    assert at.session_state["step"] == 0
    assert at.session_state["cursor"] == 2
    assert at.sidebar.text_area[0].value == "the red ball"
    (band,) = (header for name, header in headers(at) if name == "stages")
    assert [(part["name"], part["step"], part["current"]) for part in band["parts"]] == [
        ("pre-training", 10, True), ("fine-tuning", 200, False)]  # fmt: skip


def test_a_link_with_an_unknown_model_and_step_says_so(app):
    at = app(model="gpt-9", step="77", text="hello", temperature="nan", cursor="999")
    assert not at.exception
    assert at.session_state["model"] == "tiny" and at.session_state["step"] == STEPS[-1]
    messages = said(at)
    assert "no model “gpt-9”" in messages and "no step 77" in messages and "temperature was not used" in messages


@pytest.mark.slow
def test_text_and_step_stay_across_pages(app):
    at = app()
    at.sidebar.text_area[0].set_value("the brown dog").run()
    at.sidebar.select_slider[0].set_value(10).run()
    for page in PAGES[1:]:
        at.switch_page(f"{page}.py").run()
        assert at.sidebar.text_area[0].value == "the brown dog", page
        assert at.sidebar.select_slider[0].value == 10, page


@pytest.mark.thorough
def test_properties_of_other_pages_survive(app):
    """A setting made on one page is still in the session (and so in the link) on the others."""
    at = app("sampling", temperature="0.5", top_k="7")
    for page in PAGES:
        at.switch_page(f"{page}.py").run()
        assert at.session_state["temperature"] == 0.5 and at.session_state["top_k"] == 7, page


@pytest.mark.slow
def test_a_megabyte_of_text(app):
    at = app()
    at.sidebar.text_area[0].set_value("word " * 200_000).run()
    assert not at.exception
    assert len(at.session_state["text"]) == 20_000
    assert "Only the first 20,000" in said(at)


def test_no_model_at_all(app, monkeypatch):
    monkeypatch.setattr("core.model.list_checkpoints", lambda: [])
    at = app()
    assert not at.exception
    assert "No model here yet" in at.markdown[0].value


def test_a_broken_model_is_a_message(app, runs, tmp_path, monkeypatch):
    (tmp_path / "tiny").mkdir()
    for name in ("config.json", "tokenizer.json", "card.json"):
        (tmp_path / "tiny" / name).write_bytes((runs / "tiny" / name).read_bytes())
    (tmp_path / "tiny" / "model.safetensors").write_bytes(b"\x00" * 40)
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path))
    at = app()
    assert not at.exception
    assert "cannot be read" in said(at)
