"""train_bpe against a trainer that recounts everything, and against Hugging Face's; replay against tiktoken."""

import doctest
import random
from collections import Counter
from itertools import islice, pairwise
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st

from core.text import Merge, public_encoding, train_bpe
from core.text import bpe as bpe_module
from core.text.bpe import GPT4_PATTERN, TIE_ORDER, Bpe, count_chunks, iterate_merges, replay, split
from tests.bench.bench_bpe import zipf_documents
from tests.core.text.hf_reference import tokens_in_order, train_hf

MULTILINGUAL = [
    "Привет мир, как дела? 12345 67\n\n  你好，世界！こんにちは 😀👩‍👩‍👧 naïve café\u0301 I'M DON'T 'S\t\tx\r\n" * 3,
    "नमस्ते दुनिया, नमस्ते सब " * 7,
    "  \n \n  a    b\n\n\nif x:\n        return  y  ",
]
FEW_LETTERS = st.lists(st.text("ab c1\n'", max_size=30), max_size=6)
ANY_TEXTS = st.lists(st.text(st.characters(exclude_categories=()), max_size=12), max_size=4)


def brute_force(texts: list[str], vocab_size: int) -> list[Merge]:
    """Recount every adjacent pair of every chunk before each merge; merge left to right in every chunk."""
    order = {bytes([byte]): i for i, byte in enumerate(TIE_ORDER)}
    words = [[bytes([byte]) for byte in chunk.encode()] for text in texts for chunk in split(text)]
    merges: list[Merge] = []
    while len(order) < vocab_size:
        counts = Counter(pair for word in words for pair in pairwise(word))
        if not counts:
            break
        left, right = min(counts, key=lambda pair: (-counts[pair], order[pair[0]], order[pair[1]]))
        assert left + right not in order  # no two merges spell the same bytes
        merges.append(Merge(left, right, len(order), counts[left, right]))
        order[left + right] = len(order)
        words = [join(word, left, right) for word in words]
    return merges


def join(word: list[bytes], left: bytes, right: bytes) -> list[bytes]:
    joined: list[bytes] = []
    i = 0
    while i < len(word):
        if word[i : i + 2] == [left, right]:
            joined.append(left + right)
            i += 2
        else:
            joined.append(word[i])
            i += 1
    return joined


@pytest.mark.parametrize(
    ("texts", "size"),
    [
        (["hug hug hugs pug"], 300),
        (["aaaa aaaaa aaaaaaa abababab babab"], 300),
        (MULTILINGUAL, 330),
        (["low lower lowest newest widest"] * 3 + ["", "no"], 290),
    ],
)
def test_equals_recounting(texts: list[str], size: int) -> None:
    assert list(train_bpe(texts, size).merges) == brute_force(texts, size)


@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(FEW_LETTERS, st.integers(256, 330))
def test_equals_recounting_on_ties_and_runs(texts: list[str], size: int) -> None:
    assert list(train_bpe(texts, size).merges) == brute_force(texts, size)


@settings(deadline=None, max_examples=60)
@given(ANY_TEXTS)
def test_equals_recounting_on_any_text(texts: list[str]) -> None:
    assert list(train_bpe(texts, 320).merges) == brute_force(texts, 320)


def random_letters(seed: int) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choices("abé ", k=rng.randint(2, 40))) for _ in range(60)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("texts", "size"),
    [
        (list(islice(zipf_documents(), 60)), 1024),
        (list(islice(zipf_documents(seed=1), 60)), 9000),
        ([Path(bpe_module.__file__).read_text(), Path(doctest.__file__).read_text()], 3000),
        (MULTILINGUAL, 1000),
        (random_letters(1), 330),
        (random_letters(2), 5000),
    ],
    ids=["zipf", "zipf to the end", "code", "multilingual", "ties", "ties to the end"],
)
def test_equals_hugging_face(texts: list[str], size: int) -> None:
    ours = list(train_bpe(texts, size).ranks)
    theirs = tokens_in_order(train_hf(texts, size))
    assert ours[256:] == theirs[256:]
    assert theirs[:256] == [bytes([byte]) for byte in TIE_ORDER]


def test_tie_order_is_the_byte_order_of_gpt2() -> None:
    ranks = public_encoding("gpt2").ranks
    assert bytes(sorted(range(256), key=lambda byte: ranks[bytes([byte])])) == TIE_ORDER


def test_the_docstring_example() -> None:
    results = doctest.testmod(bpe_module)
    assert results.attempted >= 3 and results.failed == 0


def test_ranks_are_the_bytes_then_the_merges() -> None:
    bpe = train_bpe(MULTILINGUAL, 320)
    assert list(bpe.ranks.values()) == list(range(320))
    assert [bpe.ranks[bytes([byte])] for byte in range(256)] == list(range(256))
    assert [bpe.ranks[m.left + m.right] for m in bpe.merges] == [m.rank for m in bpe.merges]
    assert all(max(bpe.ranks[m.left], bpe.ranks[m.right]) < m.rank for m in bpe.merges)


def test_no_merge_crosses_a_chunk_or_a_text() -> None:
    assert train_bpe(["a", "b"] * 100, 300).merges == ()
    assert all(
        split((m.left + m.right).decode()) == [(m.left + m.right).decode()] for m in train_bpe(["x1 y2"], 300).merges
    )


def test_stops_when_nothing_is_left() -> None:
    bpe = train_bpe(["abc abc"], 1000)
    assert {token for token in bpe.ranks if len(token) > 1} == {b"ab", b"abc", b" abc"}
    assert train_bpe([], 1000).merges == ()


@pytest.mark.parametrize("size", [-1, 0, 255, 0x110001])
def test_refuses_an_impossible_size(size: int) -> None:
    with pytest.raises(ValueError, match="between 256"):
        train_bpe(["abc"], size)


def test_refuses_a_pattern_with_groups() -> None:
    with pytest.raises(ValueError, match="capturing"):
        train_bpe(["abc"], 300, pattern=r"(\w)+|\s")


def test_stopping_early_is_the_training_to_a_smaller_size() -> None:
    chunks = count_chunks(MULTILINGUAL)
    merges = tuple(islice(iterate_merges(chunks, 1000), 20))
    assert Bpe.from_merges(merges) == train_bpe(MULTILINGUAL, 276)


def test_on_merge_sees_every_merge_in_order() -> None:
    seen: list[Merge] = []
    bpe = train_bpe(MULTILINGUAL, 300, on_merge=seen.append)
    assert tuple(seen) == bpe.merges and len(seen) == 44


@pytest.mark.slow
@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(exclude_categories=())))
def test_chunks_make_up_the_text(text: str) -> None:
    assert "".join(split(text)) == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@settings(deadline=None, max_examples=100)
@given(st.text("abc é😀", max_size=12))
def test_replay_joins_one_pair_at_a_time(text: str) -> None:
    chunk = text.encode()
    steps = replay(train_bpe(["abc abcé ab 😀 cab 😀😀"], 300).ranks, chunk)
    assert steps[0] == [bytes([byte]) for byte in chunk]
    for step, following in pairwise(steps):
        at = next(i for i, part in enumerate(following) if part != step[i])
        assert following == [*step[:at], step[at] + step[at + 1], *step[at + 2 :]]


def test_replay_takes_a_known_chunk_whole_as_tiktoken_does() -> None:
    ranks = {bytes([byte]): byte for byte in range(256)} | {b"abc": 256}  # no merge leads to it
    encoding = tiktoken.Encoding("t", pat_str=GPT4_PATTERN, mergeable_ranks=ranks, special_tokens={})
    assert encoding.encode("abc") == [256]
    assert replay(ranks, b"abc") == [[b"a", b"b", b"c"], [b"abc"]]
    assert encoding.encode("abcd") == [97, 98, 99, 100]
    assert replay(ranks, b"abcd") == [[b"a", b"b", b"c", b"d"]]


@pytest.mark.slow
def test_one_endless_word_takes_no_longer_than_the_text_is_long() -> None:
    """Each of the 200,000 places of a pair is looked at once: the square of that would take a minute."""
    merges = list(train_bpe(["a" * 400_000 + " end"], 275).merges)
    assert [merge.count for merge in merges[:3]] == [399_999, 199_999, 99_999]
    assert merges[0].left + merges[0].right == b"aa" and len(merges[5].left) == 32


def test_a_notebook_shows_a_vocabulary_in_a_line() -> None:
    assert repr(train_bpe(["hug hug hugs pug"], 259)) == "Bpe(259 tokens, 3 merges: 'ug', 'hug', ' hug')"
    assert repr(Bpe.from_merges(())) == "Bpe(256 tokens, 0 merges: none)"
    assert len(repr(train_bpe(MULTILINGUAL, 380))) < 120
