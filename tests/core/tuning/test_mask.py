"""The mask of supervised fine-tuning: exactly what the assistant says, and nothing that trains on nothing."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tuning import MaskError, assistant_mask, check_mask, mask

SYSTEM, USER, ASSISTANT, END = 90, 91, 92, 93
WORDS = st.lists(st.integers(0, 89), max_size=5)
CHATS = st.lists(st.tuples(st.sampled_from([SYSTEM, USER, ASSISTANT]), WORDS), max_size=8)


@given(CHATS)
def test_exactly_the_turns_of_the_assistant_count(turns):
    ids, wanted = [], []
    for speaker, words in turns:
        ids += [speaker, *words, END]
        wanted += [False] + [speaker == ASSISTANT] * (len(words) + 1)
    assert assistant_mask(ids, ASSISTANT, END) == wanted


@pytest.mark.slow
@given(CHATS, WORDS)
def test_an_answer_without_an_end_goes_to_the_last_token(turns, words):
    ids = [id for speaker, said in turns for id in (speaker, *said, END)]
    assert assistant_mask([*ids, ASSISTANT, *words], ASSISTANT, END)[len(ids) :] == [False] + [True] * len(words)


def test_a_mask_that_teaches_nothing_or_everything_is_refused():
    with pytest.raises(MaskError, match="no token counts"):
        check_mask([False, False])
    with pytest.raises(MaskError, match="no token counts"):
        check_mask([])
    with pytest.raises(MaskError, match="every token counts"):
        check_mask([True, True])
    check_mask([True, False])


def test_the_docstring_example():
    assert doctest.testmod(mask).failed == 0 < doctest.testmod(mask).attempted
