"""The page Uses: what it says of models that cannot chat, what its editors check, and where a click leads."""

import pytest

from core.uses import skills, story
from pages.ui import background
from pages.ui.uses import chat
from tests.pages.press import button

CHAT = "<|user|>Hi<|end|>"


@pytest.fixture
def quick(monkeypatch):
    """Few cases, and nothing left to the background."""
    monkeypatch.setattr(background, "PATIENCE", 120)
    monkeypatch.setattr(skills, "CASES", 2)
    monkeypatch.setattr(skills, "DRAWN", 1)
    monkeypatch.setattr(story, "LIFTED", {"ways": ""})  # a story is read with this one rule lifted, and no other


def said(at) -> str:
    return " ".join(element.value for element in [*at.markdown, *at.info, *at.caption])


@pytest.mark.slow
def test_a_model_that_was_not_taught_to_chat_says_so_and_everything_can_be_checked_all_the_same(app, worldly, quick):
    at = app("uses", model="worldly", program_text="def f(n):\n    return n + 1\n>>> f(2)\n", use="translation")
    assert not at.exception and not at.error
    assert "not been taught to chat" in said(at) and "part of the meaning" in said(at)
    assert "2 \\+ 1 \\= 3" in said(at)
    button(at, "Measure the four uses").click().run()
    assert not at.exception and not at.error
    assert "Failure 1 of" in said(at)
    button(at, "Next").click().run()
    assert "Failure 2 of" in said(at)
    pressed = next(one for one in at.button if one.key == "send_failure_attention.py")
    pressed.click().run()
    assert at.title[0].value == "Which earlier words does this word look at?"
    assert at.session_state["cursor"] > 0 and at.session_state["text"].startswith(("English: ", "Olu: "))


ACTS = (
    ({"do": "say", "text": "one"}, ["one"]),
    ({"do": "say", "text": "  "}, ["one"]),
    ({"do": "say", "text": "two"}, ["one", "two"]),
    ({"do": "edit", "node": 1, "text": "other"}, ["one", "other"]),
    ({"do": "edit", "node": 7, "text": "none"}, ["one", "other"]),
    ({"do": "edit", "node": "0", "text": "none"}, ["one", "other"]),
    ({"do": "again"}, ["one", "other"]),
    ({"do": "undo"}, ["one"]),
    ({"do": "nothing"}, ["one"]),
    ({"do": "edit", "node": 0, "text": "again"}, ["again"]),
    ({"do": "restart"}, []),
    ({"do": "undo"}, []),
)


@pytest.mark.slow
def test_a_conversation_is_said_edited_taken_back_and_begun_again(app, monkeypatch):
    """Each press in its turn; what was written of an answer when the next one comes stays the answer."""
    monkeypatch.setattr(chat, "LONGEST", 4)  # several turns fit
    at = app("uses", use_system="Hi")
    assert not at.exception and "not learned from Tinyland" in said(at)
    talk = chat.talk
    for press, asked in ACTS:
        with monkeypatch.context() as patch:
            patch.setattr(chat, "talk", lambda view, press=press: (chat._act(view, press), talk(view)))
            at.run()
        assert not at.exception and not at.error
        kept = at.session_state["uses_chat"]
        assert [words for words, _ in kept.turns] == asked if kept else asked == []
        for _ in range(60):  # the browser asks for more
            at.run()
            if "uses_job" not in at.session_state:
                break
        kept = at.session_state["uses_chat"]
        assert kept is None or not kept.waits


def test_links_with_values_that_do_not_fit(app):
    at = app("uses", translate_from="Klingon", story_seed="-3", use="poetry", use_system="x" * 900)
    assert not at.exception
    assert at.session_state["translate_from"] == "English" and at.session_state["story_seed"] == 0
    assert at.session_state["use"] == "chat"


def test_special_tokens_in_the_text_are_read_as_such_when_asked(app):
    at = app("overview", text=CHAT)
    assert "ordinary text" in said(at.sidebar)
    button(at.sidebar, "Read as special tokens").click().run()
    assert at.session_state["special"] == "tokens" and "special tokens, one each" in said(at.sidebar)
    assert not at.exception
