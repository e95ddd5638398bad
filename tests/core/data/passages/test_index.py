"""Passages found by suffix arrays of one and of several parts, beside a search through every document."""

import shutil
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.passages import shard
from core.data.passages.growing import grow, read, whole
from core.data.passages.index import _WORD, cover, lineage
from core.data.passages.shard import Shard, build

FEW = st.text(alphabet="ab é.", max_size=24)  # few letters: they meet often


def brute(text, documents, least):
    """Every passage of whole words that stands in a document, without those inside another."""
    words = [found.span() for found in _WORD.finditer(text)]
    found = {
        (start, end)
        for i, (start, _) in enumerate(words)
        for _, end in words[i:]
        if any(text[start:end] in document for document in documents)
    }
    longest = {(a, b) for a, b in found if not any((c, d) != (a, b) and c <= a and b <= d for c, d in found)}
    return sorted((a, b) for a, b in longest if b - a >= least)


def stream(documents):
    return lambda start, stop: ((document, ()) for document in documents[start:stop])


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(FEW, min_size=1, max_size=6), FEW, st.integers(1, 6), st.integers(1, 6))
def test_it_finds_what_a_search_through_all_documents_finds(tmp_path_factory, documents, text, least, each):
    folder = tmp_path_factory.mktemp("lineage")
    grow(folder, stream(documents), each, lambda: len(documents))
    index = read(folder, len(documents))
    assert len(index.shards) == -(-len(documents) // each) and index.is_whole
    found = lineage(text, index, least)
    assert [(match.start, match.end) for match in found] == brute(text, documents, least)
    for match in found:
        passage = text[match.start : match.end]
        holders = [i for i, document in enumerate(documents) if passage in document]
        stands = sum(document.startswith(passage, at) for document in documents for at in range(len(document)))
        assert match.count == stands and list(match.places) == holders[:5]
        assert index.holders(passage.encode()) == holders
    assert [index.document(i) for i in range(len(documents))] == documents
    assert index.size == len("".join(documents).encode())
    kept = cover(found)
    assert all(a.end <= b.start for a, b in pairwise(kept)) and set(kept) <= set(found)
    assert (max(found, key=lambda m: m.end - m.start) in kept) if found else not kept
    shutil.rmtree(folder)


OWLS = [f"Number {i} {'has an owl' if i % 2 else 'is here'}." for i in range(9)]


def test_an_index_is_searched_while_it_grows_and_goes_on_after_a_kill(tmp_path):
    """Three parts of three. The making of the second ends in its midst; then a file of the first is damaged."""
    asked, seen = [3], []
    grow(tmp_path, stream(OWLS), 3, lambda: asked[0])
    small = read(tmp_path, 9)
    assert (small.documents, small.is_whole, small.count(b"has an owl")) == (3, False, 1)

    def ends(start, stop):
        yield from stream(OWLS)(start, start + 1)
        raise KeyboardInterrupt

    asked[0] = 9
    with pytest.raises(KeyboardInterrupt):
        grow(tmp_path, ends, 3, lambda: asked[0])
    (tmp_path / "00001.half").mkdir(exist_ok=True)
    (tmp_path / "00001.half" / shard.TEXT).write_bytes(b"half of it")

    def searched(done):
        seen.append((done, read(tmp_path, 9).documents))

    grow(tmp_path, stream(OWLS), 3, lambda: asked[0], searched)
    assert seen == [(4, 3), (5, 3), (6, 3), (7, 6), (8, 6), (9, 6)] and not list(tmp_path.glob("*.half"))
    (match,) = lineage("It has an owl.", read(tmp_path, 9), 8)
    assert (match.count, match.places) == (4, (1, 3, 5, 7))
    assert lineage("is here. Number 3", read(tmp_path, 9), 12) == []  # no passage goes on in the next document
    assert small.count(b"has an owl") == 1 and small.document(2) == OWLS[2]  # who searches goes on as before
    (tmp_path / "00000" / shard.SUFFIXES).write_bytes(b"")
    with pytest.raises(ValueError, match="nothing can be searched"):
        read(tmp_path)
    grow(tmp_path, stream(OWLS), 3, lambda: asked[0])
    assert [part["documents"] for part in whole(tmp_path)] == [3, 3, 3] and read(tmp_path).count(b"has an owl") == 4


def test_facts_are_counted_and_a_damaged_part_is_none(tmp_path):
    with pytest.raises(ValueError, match="no training text"):
        build(tmp_path, [])
    assert shard.about(tmp_path) is None
    fact = ("Rosa", "animal", "parrot")
    build(tmp_path / "00000", [("Rosa keeps a parrot.", [fact, fact]), ("A parrot is with Rosa.", [fact])])
    build(tmp_path / "00001", [("Rosa has a parrot.", [fact])])
    index = read(tmp_path, 1000)
    assert index.facts == {fact: 3} and (index.documents, index.of, index.is_whole) == (3, 1000, False)
    (tmp_path / "00001" / shard.TEXT).write_bytes(b"something else")
    assert read(tmp_path).documents == 2 and shard.about(tmp_path / "00001") is None
    with pytest.raises(ValueError, match="damaged"):
        Shard(tmp_path / "00001")


def test_a_part_takes_no_more_text_than_can_be_sorted(tmp_path, monkeypatch):
    monkeypatch.setattr(shard, "MOST_BYTES", 40)
    grow(tmp_path, stream(OWLS), 9, lambda: 9)
    assert [part["documents"] for part in whole(tmp_path)] == [2, 2, 2, 2, 1]
    assert [read(tmp_path).document(i) for i in range(9)] == OWLS
