"""What a tab has kept of a form is taken over as far as the form's rows allow, and nothing else of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pages.ui.feedback.settings import SETTINGS as SHAPING
from pages.ui.finetuning.settings import SETTINGS as TEACHING
from pages.ui.kept_form import LONGEST, allowed, taken
from pages.ui.properties import Property
from pages.ui.training.settings import SETTINGS
from tests.pages.test_state import values_of

FORMS = {"training": SETTINGS, "finetuning": TEACHING, "feedback": SHAPING}


@pytest.mark.parametrize("form", FORMS)
@given(some.data())
def test_what_a_form_has_comes_back_from_a_browser_as_it_was(form, data):
    rows = FORMS[form]
    drawn = {name: data.draw(some.booleans() if row.kind is bool else values_of(row)) for name, row in rows.items()}
    values = {name: value for name, value in drawn.items() if value is not None}
    assert taken(json.loads(json.dumps(values)), rows) == values


@given(some.dictionaries(some.sampled_from([*SETTINGS, "model", "step", "__class__"]), some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=9), some.lists)))  # fmt: skip
def test_nothing_comes_back_that_a_form_could_not_have(values):
    for name, value in taken(values, SETTINGS).items():
        row = SETTINGS[name]
        assert type(value) is row.kind
        assert value in row.options if row.options else row.kind in (str, bool) or row.low <= value <= row.high


def test_bounds_kinds_and_what_may_be_left_empty():
    whole, text = Property("n", int, 3, 1, 12), Property("t", str, "")
    assert [allowed(whole, n) for n in (1, 12, 0, 13, 1.0, True, "3", None)] == [True, True] + [False] * 6
    assert [allowed(text, t) for t in ("", "a" * LONGEST, "a" * (LONGEST + 1), 3)] == [True, True, False, False]
    sized = {"size": Property("size", str, "Small", options=("Tiny", "Small"))}
    assert taken({"size": None}, sized) == {} and taken({"size": None}, sized, empty=["size"]) == {"size": None}
    assert taken({"size": "Huge"}, sized, empty=["size"]) == {}
