"""A card to try asks its question at once, and offers no click that would change nothing."""

from streamlit.testing.v1 import AppTest


def card() -> None:
    from pages.ui.caption import try_it

    try_it("Will it?", "It will.", label="Go back to step 0", key="card", update={"step": 0})


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def words(at: AppTest) -> list[str]:
    return [text.value for text in at.markdown]


GUESS = "I have a guess: show the answer"


def test_the_question_stands_before_the_click() -> None:
    at = AppTest.from_function(card)
    at.session_state["step"] = 5
    at.run()
    assert not at.exception and words(at) == ["Will it?"] and labels(at) == ["Go back to step 0"]


def test_what_is_already_so_is_not_offered_and_the_answer_can_still_be_read() -> None:
    at = AppTest.from_function(card)
    at.session_state["step"] = 0
    at.run()
    assert not at.exception and words(at) == ["Will it?"] and labels(at) == [GUESS]
    at.button[0].click().run()
    assert words(at) == ["Will it?", "It will."] and labels(at) == []
