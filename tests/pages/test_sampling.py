"""The sampling page's Python: links become settings, settings become a Sampler, and anything else is left out."""

import pytest
import streamlit as st

from core.generation import ORDER, Sampler
from core.generation.costs import Costs
from core.generation.speculative import Round
from pages.ui import state
from pages.ui.sampling import settings as sampling_settings
from pages.ui.sampling.search import why
from tests.pages.truths import codes


def test_a_slow_draft_says_why_and_when_it_pays():
    made = [Round((1, 2, 3, 4), 3, 5, (0.5,) * 4, (0.5,) * 4)] * 2  # four tokens for four drafts and a check
    slow = why(made, Costs(0.001, 0.001, 0.005, 5), 0.44)
    assert "Why it is slower here" in slow and "9 ms for 4.0 tokens" in slow and "writes in 4 ms" in slow
    assert "It pays" in slow and f"{4 / 1.4:.1f} ×" in slow
    fast = why(made, Costs(0.01, 0.001, 0.011, 5), 2.7)
    assert "Why it is faster here" in fast and "It pays" not in fast


def session(monkeypatch, **values) -> dict:
    kept: dict = dict(values)
    monkeypatch.setattr(st, "session_state", kept)
    return kept


@pytest.mark.slow
def test_the_page_opens_with_any_settings(app):
    at = app("sampling", temperature="1e-9", top_k="3", stages="-top_k," + ",".join(n for n in ORDER if n != "top_k"))
    assert not at.exception
    code = next(one for one in codes(at) if "stages = " in one)
    assert "stages = Sampler(temperature=0.0, order=('top_k', 'repetition_penalty'" in code  # top-k is switched off
    assert not app("sampling", stages="top_k,nonsense", cursor="2").exception


def test_what_is_settled_comes_back_as_it_was(monkeypatch):
    session(monkeypatch)
    order = [ORDER[3], *ORDER[:3], *ORDER[4:]]
    values = {name: state.PROPERTIES[name].default for name in ORDER} | {"temperature": 0.7, "top_k": 12}
    sampling_settings.on_settings({"values": values, "order": order, "off": ["top_k"]})
    assert sampling_settings.settings() == {"values": values, "order": order, "off": ["top_k"]}
    assert sampling_settings.chosen_sampler() == Sampler(temperature=0.7, order=tuple(order))
    assert "stages=temperature%2Crepetition_penalty" in state.query() and "-top_k" in state.query()
    sampling_settings.on_settings({"values": values, "order": list(ORDER), "off": []})
    assert state.get("stages") == "" and sampling_settings.chosen_sampler() == Sampler(temperature=0.7, top_k=12)


def test_what_is_no_setting_is_left_out(monkeypatch):
    kept = session(monkeypatch)
    for raw in (None, "x", {}, {"values": {"temperature": 99, "top_p": "1", "top_k": None}}, {"order": [1, None]}):
        sampling_settings.store(raw)
    assert kept == {} and sampling_settings.chosen_sampler() == Sampler()


def test_the_browser_is_given_settings_only_when_the_page_decided(monkeypatch):
    session(monkeypatch)
    first = sampling_settings.settings_header()
    moved = sampling_settings.settings()
    moved["values"]["temperature"] = 0.3
    sampling_settings.on_settings(moved)
    assert sampling_settings.settings_header() == first  # the slider was moved there: nothing is sent back
    sampling_settings.fresh()  # a new component must be told
    given = sampling_settings.settings_header()
    assert given["settings"]["values"]["temperature"] == 0.3 and given["revision"] == first["revision"]
    state.update(temperature=1.5)
    assert sampling_settings.settings_header()["revision"] == first["revision"] + 1
