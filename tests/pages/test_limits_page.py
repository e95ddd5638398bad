"""The page Limits: what it says of models that know nothing of birthdays, and of one that can be asked."""

import pytest

from core.analysis.limits import next_token, recall, rounding, untold
from pages.ui import background
from tests.pages.press import button
from tests.pages.truths import captions


@pytest.fixture
def quick(monkeypatch):
    """Few cases, and nothing left to the background."""
    monkeypatch.setattr(background, "PATIENCE", 300)
    for module, name, size in (
        (recall, "EACH", 1), (next_token, "DOCUMENTS", 1), (rounding, "DOCUMENTS", 2), (rounding, "CASES", 1),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, size)
    names = {name for name, _, _, group in untold.facts() if group != untold.TOLD}
    some = [one for one in untold.facts() if one[0] in names]
    monkeypatch.setattr(untold, "facts", lambda: iter(some))


@pytest.mark.slow
def test_a_model_that_read_something_else_is_told_so(app):
    at = app("limits")
    assert not at.exception
    assert any("never read a birthday" in info.value for info in at.info)
    assert any("The truth is known of Tinyland alone" in info.value for info in at.info)


@pytest.mark.slow
def test_everything_can_be_asked_of_a_model_that_read_tinyland(app, worldly, quick):
    at = app("limits", model="worldly", text="Abel lives in")
    assert not at.exception
    assert "Ask for the birthdays at the top of the page first." in captions(at)
    for label in ("Ask for the birthdays", "Ask about people", "Ask the grammar", "Round the weights"):
        button(at, label).click().run()
        assert not at.exception and not at.error
    said = captions(at)
    assert f"of {len(list(untold.facts()))} questions" in said and [
        row for table in at.table for row in table.value["told"]
    ]
    assert "exact probability of each answer" in said and "no sample of outcomes" in said
    assert "One matrix at a time" in said
    assert "A calibrated model of this sample" in " ".join(element.value for element in at.markdown)


@pytest.mark.slow
def test_a_link_with_a_number_that_the_slider_lacks(app):
    at = app("limits", statements="777", unequal="9", told="sometimes")
    assert not at.exception and at.session_state["statements"] == 2000 and at.session_state["told"] == "once"
