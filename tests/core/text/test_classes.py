r"""One Unicode table: chunks are those that tiktoken cuts, though `regex` knows younger letters than it does.

The reference is tiktoken itself: with every substring of a text in the vocabulary, each of its chunks is one token.
"""

from collections import Counter
from itertools import combinations
from threading import Thread

import pytest
import regex
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st

from core.text import Tokenizer, public_encoding, train_bpe
from core.text.bpe import GPT4_PATTERN, count_chunks, split
from core.text.classes import as_tiktoken_reads

BYTES = {bytes([byte]): byte for byte in range(256)}
EVERY = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF)
PUBLIC = ("gpt2", "cl100k_base", "o200k_base")
OTHERS = {"ours": GPT4_PATTERN, "words": r"\w+|\W", "Han": r"\p{Han}+|\P{Han}+"}


@pytest.fixture(params=[*PUBLIC, *OTHERS], scope="module")
def pattern(request) -> str:
    return OTHERS.get(request.param) or public_encoding(request.param).pattern


def chunks_of_tiktoken(texts: list[str], pattern: str) -> list[list[str]]:
    """The texts in one vocabulary with all that could be a chunk of them."""
    parts = {text[a:b].encode() for text in texts for a, b in combinations(range(len(text) + 1), 2)}
    ranks = BYTES | {part: 256 + i for i, part in enumerate(sorted(part for part in parts if len(part) > 1))}
    encoding = tiktoken.Encoding("all", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    return [[encoding.decode([id]) for id in encoding.encode_ordinary(text)] for text in texts]


@pytest.mark.thorough
def test_every_code_point_is_in_the_classes_in_which_tiktoken_has_it(pattern):
    read = as_tiktoken_reads(EVERY, pattern)
    assert len(read) == len(EVERY)
    for name in {*regex.findall(r"\\p\{\w+\}|\\s|\\w", pattern), *([r"(?i:[sdmtlvre])"] if "(?i" in pattern else [])}:
        probe = tiktoken.Encoding("class", pat_str=name, mergeable_ranks=BYTES, special_tokens={})
        theirs = set(probe.decode(probe.encode_ordinary(EVERY)))
        ours = {EVERY[found.start()] for found in regex.finditer(name, read)}
        assert theirs == ours, name


@pytest.mark.slow
def test_what_both_know_is_read_as_it_stands():
    assert sum(char != seen for char, seen in zip(EVERY, as_tiktoken_reads(EVERY, GPT4_PATTERN), strict=True)) < 20_000
    for text in ("", "plain", "Äpfel, 你好 ١٢٣ 👩‍👩‍👧 ſK\u0301\u3000\ue000"):
        assert as_tiktoken_reads(text, GPT4_PATTERN) is text


@pytest.mark.thorough
def test_every_assigned_code_point_between_a_letter_and_a_number_is_cut_as_tiktoken_cuts_it():
    """Of those that both have held for Chinese and Korean for decades, a few hundred."""
    alike = regex.compile(r"[\u3400-\u9fff\uac00-\ud7a3\U00020000-\U0002a6df]")
    points = [
        char for i, char in enumerate(regex.findall(r"[^\p{Cn}\p{Co}]", EVERY)) if not alike.match(char) or i % 200 == 0
    ]
    for start in range(0, len(points), 10_000):
        texts = [f"a{char}1" for char in points[start : start + 10_000]]
        for text, chunks in zip(texts, chunks_of_tiktoken(texts, GPT4_PATTERN), strict=True):
            assert split(text) == chunks, text


ODD = "\U000323b0\U000323b1\u0558\u058b\U00011de0\U00011de1\ua7ce\ua7cf\u0295\u05c8\u0130\u0b53"
CLOSE = st.text(st.sampled_from([*ODD, *"aZé中1²'st \n\r\t.!_\u0301\u3000€👍"]), max_size=14)


@pytest.mark.slow
@settings(max_examples=150)
@given(text=CLOSE | st.text(max_size=14))
def test_texts_are_cut_as_tiktoken_cuts_them(pattern, text):
    assert split(text, pattern) == chunks_of_tiktoken([text], pattern)[0]
    assert count_chunks([text], pattern) == Counter(split(text, pattern))


@pytest.mark.slow
@settings(max_examples=80)
@given(st.lists(CLOSE, min_size=1, max_size=4), st.integers(256, 280))
def test_training_and_replay_see_the_chunks_that_are_encoded(texts, size):
    tokenizer = Tokenizer.from_bpe(train_bpe(texts * 3, size), "young letters")
    for text in texts:
        replayed = [part for chunk in tokenizer.split(text) for part in tokenizer.replay(chunk)[-1]]
        assert [tokenizer.ranks[part] for part in replayed] == tokenizer.encode(text)


def test_threads_that_meet_new_characters_at_once_read_alike():
    texts = [EVERY[0xF00 * i : 0xF00 * i + 0x1800] for i in range(6)]
    expected = [as_tiktoken_reads(text, r"\p{L}|\p{N}") for text in texts]
    found: dict[int, str] = {}

    def read(place: int) -> None:
        found[place] = as_tiktoken_reads(texts[place], r"\p{N}|\p{L}")

    threads = [Thread(target=read, args=(place,)) for place in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[place] for place in range(len(texts))] == expected
