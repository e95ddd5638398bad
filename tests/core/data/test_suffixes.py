"""Passages found by the suffix array, beside a search through every document."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.suffixes import _WORD, Index, build, cover, is_built, lineage

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


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lineage")


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(FEW, min_size=1, max_size=6), FEW, st.integers(1, 6))
def test_it_finds_what_a_search_through_all_documents_finds(folder, documents, text, least):
    build(folder, [(document, ()) for document in documents])
    index = Index(folder)
    found = lineage(text, index, least)
    assert [(match.start, match.end) for match in found] == brute(text, documents, least)
    for match in found:
        passage = text[match.start : match.end]
        holders = [i for i, document in enumerate(documents) if passage in document]
        stands = sum(document.startswith(passage, at) for document in documents for at in range(len(document)))
        assert match.count == stands and list(match.places) == holders[:5]
    assert [index.document(i) for i in range(len(documents))] == documents
    kept = cover(found)
    assert all(a.end <= b.start for a, b in pairwise(kept)) and set(kept) <= set(found)
    assert (max(found, key=lambda m: m.end - m.start) in kept) if found else not kept


def test_facts_are_counted_and_nothing_is_there_until_all_is(tmp_path):
    assert not is_built(tmp_path)
    with pytest.raises(ValueError, match="no training text"):
        build(tmp_path, [])
    fact = ("Rosa", "animal", "parrot")
    build(tmp_path, [("Rosa keeps a parrot.", [fact, fact]), ("A parrot is with Rosa.", [fact])], of=1000)
    index = Index(tmp_path)
    assert is_built(tmp_path) and index.facts == {fact: 2} and (index.documents, index.of) == (2, 1000)
    (tmp_path / "text.bin").write_bytes(b"something else")
    with pytest.raises(ValueError, match="damaged"):
        Index(tmp_path)
