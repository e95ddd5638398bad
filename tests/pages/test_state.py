"""The table of properties: links restore what they were made from, and no link can do harm."""

import math
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
import streamlit as st
from hypothesis import given, settings
from hypothesis import strategies as some

from pages.ui import state
from pages.ui.state import DEFAULT_TEXT, MAX_LINK_TEXT, PROPERTIES, ROWS, Property, clean, decode, encode


def values_of(row: Property) -> some.SearchStrategy:
    if row.options:
        return some.sampled_from(row.options)
    if row.kind is str:
        return some.text(max_size=80).map(clean)
    whole = row.kind is int
    numbers = some.integers(int(row.low), int(row.high)) if whole else some.floats(row.low, row.high)
    return numbers | some.none() if row.default is None else numbers


def read(query: str) -> dict[str, str]:
    return {name: last[-1] for name, last in parse_qs(urlsplit("/?" + query).query, keep_blank_values=True).items()}


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(some.fixed_dictionaries({name: values_of(row) for name, row in PROPERTIES.items()}))
def test_a_link_restores_what_it_was_made_from(values):
    restored, notes = decode(read(encode(values)))
    assert restored == values
    assert notes == {}


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(some.dictionaries(some.sampled_from([*PROPERTIES, "v", "other"]), some.text(max_size=30)))
def test_any_link_gives_values_within_bounds(query):
    values, notes = decode(query)
    assert set(values) == set(PROPERTIES)
    for name, row in PROPERTIES.items():
        value = values[name]
        if name in notes:
            assert value == row.default
        if row.options:
            assert value in row.options
        elif row.kind is str:
            assert isinstance(value, str) and len(value) <= MAX_LINK_TEXT
        else:
            assert value is None or (math.isfinite(value) and row.low <= value <= row.high)
            assert value is not None or row.default is None


def test_bad_values_are_named():
    values, notes = decode({"temperature": "nan", "step": "-1", "dimensions": "4-D", "top_k": "1e999", "cursor": "٣"})
    assert set(notes) == {"temperature", "step", "dimensions", "top_k", "cursor"}
    assert values["temperature"] == 1.0 and values["step"] is None
    assert "between 0 and 2" in decode({"temperature": "7"})[1]["temperature"]


def test_another_version_is_said():
    values, notes = decode({"v": "99", "temperature": "0.5"})
    assert values["temperature"] == 0.5
    assert "another version" in notes["link"]


def test_long_text_is_cut_in_a_link():
    values, _ = decode(read(encode({"text": "x" * 5000})))
    assert values["text"] == "x" * MAX_LINK_TEXT
    assert decode({})[0]["text"] == DEFAULT_TEXT


def test_lone_surrogates_become_well_formed():
    assert clean("a\ud800b") == "a\ufffdb"
    assert read(encode({"text": "a\ud800b"}))["text"] == "a\ufffdb"


def test_every_default_is_what_its_control_can_show():
    for name, row in ROWS.items():
        assert name == row.name
        if row.options:
            assert row.default in row.options
        elif row.kind in (int, float) and row.default is not None:
            assert row.low <= row.default <= row.high and 0 < row.step <= row.high - row.low
        else:
            assert row.default is None or isinstance(row.default, row.kind)


def test_links_leave_the_form_of_runs_out():
    assert not any(name.startswith("setup_") for name in PROPERTIES)
    assert decode({"setup_train_steps": "17"}) == decode({})


def test_a_link_carries_only_what_differs():
    assert encode({name: row.default for name, row in PROPERTIES.items()}) == ""
    changed = {name: row.default for name, row in PROPERTIES.items()} | {"temperature": 0.5}
    assert read(encode(changed)) == {"v": "1", "temperature": "0.5"}


@pytest.mark.slow
def test_a_link_of_a_page_carries_what_matters_there_and_nothing_that_was_only_assumed(app):
    at = app("experiments")
    assert not at.exception
    with session_of(at):
        assert at.session_state["clean"] and at.session_state["step"] == 200  # the first preset and the last step
        assert state.query() == ""
    at.session_state["temperature"] = 0.5
    at.session_state["step"] = 10
    at.session_state["patched"] = "mlp"
    at.run()
    with session_of(at):
        assert read(state.query("experiments")) == {"v": "1", "step": "10", "patched": "mlp"}
        assert read(state.query("sampling")) == {"v": "1", "step": "10", "temperature": "0.5"}
        assert set(read(state.query())) == {"v", "step", "temperature", "patched"}


@pytest.mark.slow
def test_a_reset_brings_the_beginning_back_and_keeps_the_model(app):
    at = app("experiments", text="the brown dog", step="10", cursor="2", interventions="zero:L0H0", patched="mlp")
    at.button(key="reset").click().run()
    assert not at.exception
    with session_of(at):
        assert state.query() == ""
    assert at.session_state["model"] == "tiny" and at.session_state["step"] == 200
    assert at.session_state["text"] == DEFAULT_TEXT and at.session_state["interventions"] == ""


def test_a_select_among_what_the_page_knows_follows_its_default_until_somebody_chooses(monkeypatch):
    monkeypatch.setattr(st, "session_state", {})

    def shown(options, otherwise):
        state.choice("position_layer", options, otherwise)
        return state.get("position_layer"), state.query("embeddings")

    assert shown(range(6), 2) == (2, "") and shown(range(6), 4) == (4, "")  # another head is pinned
    st.session_state["position_layer"] = 5  # chosen, or from a link
    assert shown(range(6), 2) == (5, "v=1&position_layer=5")
    assert shown(range(3), 2) == (2, "")  # a model that has no such layer


def test_a_link_gives_only_the_options_of_a_number():
    assert decode({"skill_cases": "25"})[0]["skill_cases"] == 25
    values, notes = decode({"skill_cases": "26"})
    assert values["skill_cases"] == 50 and notes["skill_cases"].endswith("26 is not one of 25, 50, 100, 200.")


@contextmanager
def session_of(at):
    """`pages.ui.state` as in the session of this page."""
    with pytest.MonkeyPatch.context() as patch:
        kept = {name: at.session_state[name] for name in [*PROPERTIES, "assumed"] if name in at.session_state}
        patch.setattr(st, "session_state", kept)
        yield
