"""The figures of the tokenization page show every byte once, fill what a merge made, and keep text as text."""

from itertools import pairwise

from core.figures.tokenization import around, counts, groups, located, merges, spans
from core.text import Tokenizer, train_bpe
from core.text.bpe import replay

STEPS = [[b"<", b"a", b"b"], [b"<", b"ab"], [b"<ab"]]
LABELS = {part: part.decode() for step in STEPS for part in step}


def test_merges_cover_every_row_and_fill_the_new_part():
    old, new = merges(STEPS, LABELS, {b"ab": 256, b"<ab": 300}, start=7, pinned=(7, 10)).data
    for row in range(3):
        covered = sorted(
            (base, base + width)
            for bar in (old, new)
            for y, base, width in zip(bar.y, bar.base, bar.x, strict=True)
            if y == row
        )
        assert covered[0][0] == 7 and covered[-1][1] == 10
        assert all(a[1] == b[0] for a, b in pairwise(covered))
    assert list(new.text) == ["ab", "&lt;ab"]


def test_rows_are_named_by_rank():
    figure = merges(STEPS, LABELS, {b"ab": 256, b"<ab": 1300}, start=0, pinned=(0, 1))
    assert list(figure.layout.yaxis.ticktext) == ["bytes", "rank 256", "rank 1,300"]


def test_one_byte_has_one_row():
    figure = merges([[b"x"]], {b"x": "x"}, {b"x": 120}, start=0, pinned=(0, 1))
    assert list(figure.layout.yaxis.ticktext) == ["bytes"] and len(figure.data[1].x) == 0


def test_spans_and_counts():
    assert spans([b"ab", b"c"]) == [(0, 2), (2, 3)]
    tokens, per_token = counts(["a", "b"], [4, 8], size=16).data
    assert list(tokens.x) == [4, 8] and list(per_token.x) == [4, 2]
    counts(["a"], [0], size=0)


def test_part_of_a_long_chunk_merges_as_in_the_whole():
    tokenizer = Tokenizer.from_bpe(train_bpe(["abab abcb cabba bcabc"] * 3, 275), "small")
    text = "abcbabcabbacabcb" * 12 + " éa"
    pieces = located([(id, tokenizer.token_bytes(id)) for id in tokenizer.encode(text)])
    assert pieces == tokenizer.pieces(text)
    chunks = groups(pieces, [len(part.encode()) for part in tokenizer.split(text)])
    assert len(chunks) == 2 and [p for chunk in chunks for p in chunk] == pieces
    for piece in chunks[0]:
        part = around(chunks[0], piece, 20)
        data = b"".join(p.bytes for p in part)
        assert piece in part and len(data) <= 20
        assert replay(tokenizer.ranks, data)[-1] == [p.bytes for p in part]
