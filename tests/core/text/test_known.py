"""Which words Tinyland has: all that its documents are made of, and none that they are not."""

import pytest

from core.text import tinyland
from core.text.tinyland.known import unknown_words


@pytest.mark.slow
def test_documents_have_no_unknown_word() -> None:
    kinds = sorted({d.kind for d in tinyland.documents(seed=11, stop=500)} | {"chat"})
    for d in tinyland.documents(seed=11, stop=1500, weights=dict.fromkeys(kinds, 1)):
        assert unknown_words(d.text) == [], d.text


def test_other_words_are_told_each_once_and_in_order() -> None:
    text = "Brigid flew her aeroplane to Paris in 1999. The aeroplane, Brigid's kite & 3 Kites!"
    assert unknown_words(text) == ["flew", "aeroplane", "Paris"]


def test_names_that_a_document_makes_up_are_words() -> None:
    assert unknown_words("Her boat was called Zarimolu. gu ne ji, gu ne ji! Zbarimolu") == ["Zbarimolu"]


def test_numbers_and_signs_are_no_words() -> None:
    assert unknown_words("12 + 3 = 15; …! _ ²") == []
