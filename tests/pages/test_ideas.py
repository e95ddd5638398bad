"""What to type is offered, what Tinyland does not know is told, and every page leads on to the next."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core.text.tinyland.known import unknown_words
from pages.ui import sidebar
from pages.ui.ideas import KINDS, SENTENCES
from pages.ui.next_page import NEXT
from tests.navigation import PAGES


@pytest.fixture(autouse=True)
def a_model_of_tinyland(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sidebar, "reads_tinyland", lambda card: True)


@pytest.mark.slow
@pytest.mark.parametrize("idea", [*SENTENCES, *KINDS])
def test_every_idea_is_of_tinyland(idea: str) -> None:
    assert unknown_words(idea) == []


def test_a_word_is_added_to_the_text_and_a_sentence_replaces_it(app: Callable[..., AppTest]) -> None:
    at = app(text="Brigid had a")
    at.selectbox(key="idea").set_value("kite").run()
    assert at.text_area(key="text").value == "Brigid had a kite" and at.selectbox(key="idea").value is None
    at.selectbox(key="idea").set_value(SENTENCES[1]).run()
    assert at.text_area(key="text").value == SENTENCES[1]


def test_a_word_that_tinyland_does_not_have_is_told_as_it_stands(app: Callable[..., AppTest]) -> None:
    at = app(text="Brigid flew to ![Paris](//paris)")
    (told,) = [c.value for c in at.caption if c.value.startswith("Not a word of Tinyland")]
    assert "“flew”, “Paris”, “paris”" in told
    assert not any("Not a word" in c.value for c in app(text="Brigid had a kite.").caption)


def test_every_page_leads_on_and_the_way_passes_all() -> None:
    seen, at = [], ""
    while at not in seen:
        seen.append(at)
        at = NEXT[at][0].removesuffix(".py").replace("overview", "")
    assert {page or "overview" for page in seen} == set(PAGES)
