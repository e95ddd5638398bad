"""How one chunk was put together: each join with all that could have been joined instead, and the chunk of a token.

>>> ranks = {bytes([byte]): byte for byte in range(256)} | {b"ug": 256, b"hug": 257}
>>> for join in joins(ranks, b"hugs"):
...     print(join)
Join(start=1, width=2, rank=256, candidates=((1, 256),))
Join(start=0, width=2, rank=257, candidates=((0, 257),))
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from core.text.bpe import replay
from core.text.tokenizer import Piece, Tokenizer


@dataclass(frozen=True)
class Join:
    """`width` neighbours, from part `start` on, became the token of this rank.

    `candidates` are all pairs that could be joined at that moment, as (index of the left part, rank of the result).
    The width is 2, but for a chunk that tiktoken takes whole although no merges lead to it.
    """

    start: int
    width: int
    rank: int
    candidates: tuple[tuple[int, int], ...]


def joins(ranks: Mapping[bytes, int], chunk: bytes) -> list[Join]:
    """The joins that turn the bytes of a chunk into its tokens, in order; as `core.text.bpe.replay`, and why.

    The lowest rank is joined first, the leftmost where two are equal: the order in which training learned them.
    """
    steps = replay(ranks, chunk)
    found = []
    for before, after in pairwise(steps):
        start = next(i for i, part in enumerate(after) if part != before[i])
        pairs = [(i, ranks.get(before[i] + before[i + 1])) for i in range(len(before) - 1)]
        candidates = tuple((i, rank) for i, rank in pairs if rank is not None)
        found.append(Join(start, len(before) - len(after) + 1, ranks[after[start]], candidates))
    return found


def chunk_of(tokenizer: Tokenizer, pieces: Sequence[Piece], index: int) -> list[Piece]:
    """The tokens of the chunk in which token `index` stands; only itself for a special token.

    `pieces` are consecutive tokens of a text, enough of them to hold the whole chunk.
    """
    special = set(tokenizer.special_tokens.values())
    if pieces[index].id in special:
        return [pieces[index]]
    first = next((i + 1 for i in range(index - 1, -1, -1) if pieces[i].id in special), 0)
    last = next((i for i in range(index + 1, len(pieces)) if pieces[i].id in special), len(pieces))
    run = pieces[first:last]
    start = run[0].start
    for part in tokenizer.split(b"".join(piece.bytes for piece in run).decode("utf-8", "replace")):
        end = start + len(part.encode("utf-8"))
        if end > pieces[index].start:
            return [piece for piece in run if start <= piece.start < end]
        start = end
    return [pieces[index]]


def around(group: Sequence[Piece], piece: Piece, cap: int) -> list[Piece]:
    """Whole tokens around `piece`, `cap` bytes at most. No merge crosses their borders: they merge as in the chunk."""
    first = last = group.index(piece)
    while True:
        if last + 1 < len(group) and group[last + 1].end - group[first].start <= cap:
            last += 1
        elif first > 0 and group[last].end - group[first - 1].start <= cap:
            first -= 1
        else:
            return list(group[first : last + 1])
