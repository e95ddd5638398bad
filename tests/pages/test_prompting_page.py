"""The page Prompting: who cannot be asked is told so, guesses are kept, own prompts are data, links are safe."""

import json

import pytest
import streamlit as st

from core.model import describe
from core.prompting import examples, laboratory, recorded
from core.prompting.examples import FewShot
from pages.ui import background
from tests.pages.press import button
from tests.pages.truths import captions


@pytest.fixture
def quick(monkeypatch):
    """Few cases, and nothing left to the background."""
    monkeypatch.setattr(background, "PATIENCE", 300)
    monkeypatch.setattr(examples, "GAMES", 3)
    monkeypatch.setattr(examples, "MOST", 2)
    monkeypatch.setattr(examples, "ORDERED", 2)
    for name, size in (("CASES", 2), ("REPEATS", 2), ("NEW_TOKENS", 3)):
        monkeypatch.setattr(laboratory, name, size)


def said(at):
    return " ".join(one.value for one in (*at.info, *at.warning, *at.markdown, *at.caption))


@pytest.mark.slow
def test_a_model_that_read_no_games_and_learned_no_chats_is_told_so(app, worldly):
    at = app("prompting")
    assert not at.exception and "never read a rule game" in said(at)
    at = app("prompting", model="worldly")
    assert not at.exception and "was never taught to chat" in said(at)


@pytest.mark.slow
def test_a_guess_comes_before_its_answer_and_own_prompts_are_only_text(app, chatty, quick):
    at = app("prompting", model="chatty", own_prompt="{case} <b>*x*</b> [a](http://x.example)")
    button(at, "It hurts").click().run()
    button(at, "Try it").click().run()
    assert not at.exception and not at.error
    assert "Your record:" in said(at) and "points" in said(at)
    later = app("prompting", model="chatty")
    assert "Your record:" not in said(later)
    later.session_state["training_key"] = at.session_state["training_key"]  # what the browser kept
    later.run()
    assert not later.exception and "Your record:" in said(later)
    assert any("your own prompt" in list(table.value.get("prompt", ())) for table in at.dataframe)
    assert "http://x.example" not in said(at).replace("\\", "")
    at.session_state["own_prompt"] = "no place"
    at.run()
    assert not at.exception and "once, where the case" in said(at).replace("\\", "")


@pytest.mark.slow
def test_what_is_recorded_is_there_at_once_and_says_of_which_model(app, chatty, quick):
    from core.model import load_checkpoint

    checkpoint = load_checkpoint(chatty)
    found = recorded.measure(checkpoint, "examples lists")
    recorded.write(checkpoint, {"examples lists": found})
    st.cache_data.clear()  # the server looks once for a record
    path = recorded.path_of(checkpoint)
    try:
        assert isinstance(found, FewShot) and recorded.recorded(describe(chatty), "examples lists") == found
        at = app("prompting", model="chatty")
        assert "by chatty at step 9" in captions(at)
        about = json.loads(path.read_text())
        for broken in (about | {"sha256": "0"}, about | {"parts": {"examples lists": {"games": 1}}}, []):
            path.write_text(json.dumps(broken))
            assert recorded.recorded(describe(chatty), "examples lists") is None
    finally:
        path.unlink()


def test_a_link_with_values_that_no_control_has(app):
    at = app("prompting", shots="99", lab_task="cook", rule_family="<b>", game_number="-1", tip="7")
    assert not at.exception and at.session_state["shots"] == 3 and at.session_state["lab_task"] == "find the rule"
