"""The visitor's text: cut with a message, shown as it is, never interpreted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from core.text import Tokenizer, train_bpe
from pages.ui.text import EMPTY, MAX_CHARS, chips, prepare, visible
from tests.tiny import SENTENCES

TOKENIZER = Tokenizer.from_bpe(train_bpe(SENTENCES, 300), "tiny")


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(some.text(some.characters(), max_size=300), some.integers(8, 64))
def test_any_text_is_read_up_to_the_context(raw, context):
    prepared = prepare(raw, TOKENIZER, context)
    assert 2 <= len(prepared.ids) <= context
    assert prepared.ids[0] == TOKENIZER.eot
    assert TOKENIZER.eot not in prepared.ids[1:]
    assert len(prepared.chips) == len(prepared.ids)
    assert not any(c < " " for chip in prepared.chips for c in chip.label)


def test_a_cut_says_what_and_where():
    prepared = prepare("the red ball " * 40, TOKENIZER, 20)
    assert len(prepared.ids) == 20
    (message,) = prepared.messages
    assert "this model reads 19" in message and "cut after token 19" in message
    assert prepared.text.endswith(message.split("“…")[1].split("”")[0])


def test_a_pile_of_accents_does_not_cover_the_message():
    (message,) = prepare("Z" + "\u0301" * 300, TOKENIZER, 20).messages
    assert "\u0301" not in message and message.endswith("after “…Z”.")


def test_a_text_that_just_fits_is_not_cut():
    count = len(TOKENIZER.encode("the red ball"))
    assert prepare("the red ball", TOKENIZER, count + 1).messages == ()
    assert prepare("the red ball", TOKENIZER, count).messages != ()


@pytest.mark.parametrize("raw", ["", "   \n", None])
def test_an_empty_box_shows_an_example(raw):
    prepared = prepare(raw, TOKENIZER, 64)
    assert EMPTY in prepared.messages
    assert len(prepared.ids) > 2


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(some.text(some.sampled_from("👍你éab \n\u0301'1"), max_size=80), some.integers(2, 30))
def test_the_code_of_a_text_gives_the_ids_of_the_page_wherever_it_was_cut(raw, context):
    prepared = prepare(raw, TOKENIZER, context)
    assert eval(prepared.python, {"tokenizer": TOKENIZER}) == list(prepared.ids)
    if len(TOKENIZER.encode(raw)) < context and raw.strip():
        assert prepared.python == f"[tokenizer.eot, *tokenizer.encode({raw!r})]"


def test_the_code_of_a_text_cut_inside_a_character_is_still_its_words():
    prepared = prepare("the red ball 👍 and more", TOKENIZER, len(TOKENIZER.encode("the red ball ")) + 3)
    assert prepared.python.startswith(
        "[tokenizer.eot, *tokenizer.encode('the red ball 👍"
    ) and prepared.python.endswith("]")
    assert eval(prepared.python, {"tokenizer": TOKENIZER}) == list(prepared.ids)


def test_a_megabyte_is_cut_before_it_is_tokenized():
    prepared = prepare("ab " * 350_000, TOKENIZER, 64)
    assert f"first {MAX_CHARS:,} of 1,050,000" in prepared.messages[0]
    assert len(prepared.ids) == 64


def test_special_tokens_and_markup_are_ordinary_text():
    prepared = prepare("<|endoftext|><script>alert(1)</script>", TOKENIZER, 200)
    assert "".join(prepared.labels[1:]) == "<|endoftext|><script>alert(1)</script>"


def test_what_cannot_be_seen_is_shown():
    assert visible(" a ~b ") == "·a·~b·"
    assert visible("a b\n\t\x00\x7f") == "a·b↵⇥␀␡"
    assert visible("\u202eabc\u200b") == "⟨U+202E⟩abc⟨U+200B⟩"
    assert visible("naïve 👍") == "naïve·👍"


def test_parts_of_a_character_show_their_bytes():
    labels = [chip.label for chip in prepare("👍", TOKENIZER, 64).chips[1:]]
    assert labels == ["⟨F0⟩", "⟨9F⟩", "⟨91⟩", "⟨8D⟩"]


def test_chips_of_ids_name_special_tokens():
    made = chips(TOKENIZER, [TOKENIZER.eot, *TOKENIZER.encode(" ball")])
    assert made[0].label == "<|endoftext|>" and made[0].special
    assert "".join(chip.label for chip in made[1:]) == "·ball"
