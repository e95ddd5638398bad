"""Graphemes, merge trees and the untrained ways to cut a text, against definitions written another way."""

import doctest
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.text import PUBLIC_ENCODINGS, Tokenizer, cuts, graphemes, merge_tree, public_encoding, train_bpe
from core.text.bpe import replay
from core.text.languages import SENTENCES
from core.text.merge_tree import around, chunk_of, joins
from tests.core.text.test_bpe import MULTILINGUAL

TOKENIZER = Tokenizer.from_bpe(train_bpe(MULTILINGUAL, 380), "small")
ALL = [TOKENIZER, *map(public_encoding, PUBLIC_ENCODINGS)]
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40) | st.text("ab' \n1é你👩‍👧🇫🇷न\u093f", max_size=40)


@pytest.mark.parametrize("module", [graphemes, merge_tree, cuts], ids=lambda module: module.__name__)
def test_the_docstring_examples(module) -> None:
    results = doctest.testmod(module)
    assert results.attempted >= 2 and results.failed == 0


# ---- graphemes ----


@pytest.mark.parametrize(
    "sign",
    [
        "👩‍👩‍👧",
        "🇫🇷",
        "नि",
        "e\u0301",
        "👍🏽",
        "각",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "각",
    ],
)
def test_one_sign_is_one_grapheme(sign: str) -> None:
    assert graphemes.graphemes(f"a{sign}b") == ["a", sign, "b"]


@given(ANY_TEXT)
def test_groups_are_the_finest_that_cut_no_grapheme(text: str) -> None:
    pieces = TOKENIZER.pieces(text)
    groups = graphemes.grapheme_groups(pieces, text)
    ends = {0}
    for sign in graphemes.graphemes(text):
        ends.add(max(ends) + len(sign.encode()))
    assert len(groups) == len(pieces)
    for i, piece in enumerate(pieces[1:], start=1):
        assert groups[i] - groups[i - 1] == (piece.start in ends)


# ---- merge trees ----


@pytest.mark.parametrize("tokenizer", ALL, ids=lambda t: t.name)
@settings(max_examples=60)
@given(text=ANY_TEXT)
def test_the_joins_of_each_chunk_end_in_the_encoding(tokenizer: Tokenizer, text: str) -> None:
    ids = []
    for chunk in tokenizer.split(text):
        parts = [bytes([byte]) for byte in chunk.encode()]
        for join in joins(tokenizer.ranks, chunk.encode()):
            whole = b"".join(parts[join.start : join.start + join.width])
            parts[join.start : join.start + join.width] = [whole]
            assert tokenizer.ranks[whole] == join.rank
        ids += [tokenizer.ranks[part] for part in parts]
    assert ids == tokenizer.encode(text)


def test_each_join_is_the_lowest_and_leftmost_of_its_candidates() -> None:
    chunk = b"abababcab"
    ranks = {bytes([byte]): byte for byte in range(256)} | {b"ab": 256, b"abab": 257, b"bc": 300, b"ca": 301}
    found = joins(ranks, chunk)
    assert found[0].candidates == ((0, 256), (2, 256), (4, 256), (5, 300), (6, 301), (7, 256))
    for join in found:
        assert (join.rank, join.start) == min((rank, i) for i, rank in join.candidates)
    assert [(join.start, join.rank) for join in found] == [(0, 256), (1, 256), (2, 256), (4, 256), (0, 257)]


def test_a_chunk_taken_whole_is_one_wide_join() -> None:
    ranks = {bytes([byte]): byte for byte in range(256)} | {b"abc": 256}
    (join,) = joins(ranks, b"abc")
    assert (join.start, join.width, join.rank, join.candidates) == (0, 3, 256, ())


@pytest.mark.slow
@given(st.lists(st.sampled_from([*MULTILINGUAL[1:], "<|user|>", "<|end|>", "it's ", "abc"]), min_size=1), st.booleans())
def test_the_chunk_of_a_token_holds_all_its_tokens(parts: list[str], special: bool) -> None:
    text = "".join(parts)
    pieces = TOKENIZER.pieces(text, special=special)
    if not special:
        expected = TOKENIZER.split(text)
        found = [chunk_of(TOKENIZER, pieces, i) for i in range(len(pieces))]
        distinct = [group for i, group in enumerate(found) if i == 0 or group != found[i - 1]]
        assert [b"".join(p.bytes for p in group).decode() for group in distinct] == expected
    for i, piece in enumerate(pieces):
        group = chunk_of(TOKENIZER, pieces, i)
        assert piece in group
        if piece.id in TOKENIZER.special_tokens.values():
            assert group == [piece]
        else:
            assert replay(TOKENIZER.ranks, b"".join(p.bytes for p in group))[-1] == [p.bytes for p in group]


def test_part_of_a_long_chunk_merges_as_in_the_whole() -> None:
    tokenizer = Tokenizer.from_bpe(train_bpe(["abab abcb cabba bcabc"] * 3, 275), "small")
    pieces = tokenizer.pieces("abcbabcabbacabcb" * 12 + " éa")
    group = chunk_of(tokenizer, pieces, 0)
    assert 20 < len(group) < len(pieces)
    for piece in group:
        part = around(group, piece, 20)
        data = b"".join(p.bytes for p in part)
        assert piece in part and len(data) <= 20
        assert replay(tokenizer.ranks, data)[-1] == [p.bytes for p in part]


# ---- words, characters, bytes ----


@given(ANY_TEXT)
def test_characters_and_bytes_spell_the_text(text: str) -> None:
    data = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
    for pieces in (cuts.characters(text), cuts.single_bytes(text)):
        assert b"".join(piece.bytes for piece in pieces) == data
        assert all(data[piece.start : piece.end] == piece.bytes for piece in pieces)
    assert [chr(piece.id) for piece in cuts.characters(text)] == list(data.decode())


@given(ANY_TEXT)
def test_words_are_where_they_say(text: str) -> None:
    data = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
    for piece in cuts.words(text, {"a": 0}):
        assert data[piece.start : piece.end] == piece.bytes
        assert piece.id == (0 if piece.bytes == b"a" else cuts.UNKNOWN)


def test_the_word_list_is_by_frequency() -> None:
    assert cuts.word_list(["b a b, a c", "c d e e e"], 4) == {"e": 0, "a": 1, "b": 2, "c": 3}


def test_the_ten_sentences() -> None:
    assert len(SENTENCES) == 10
    for text in SENTENCES.values():
        assert unicodedata.normalize("NFC", text) == text and 15 < len(text) < 80 and text == text.strip()
