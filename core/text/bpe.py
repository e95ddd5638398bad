"""Byte-level byte-pair encoding: training, and the replay of one chunk's merges.

A text is cut into chunks by a pattern (words with their leading space, numbers, punctuation, white space) and no merge
crosses a chunk. Training starts from the 256 bytes and again and again joins the most frequent adjacent pair:

    >>> bpe = train_bpe(["hug hug hugs pug"], 259)
    >>> [(m.left, m.right, m.rank, m.count) for m in bpe.merges]
    [(b'u', b'g', 256, 4), (b'h', b'ug', 257, 3), (b' ', b'hug', 258, 2)]
    >>> replay(bpe.ranks, b" hug")[-2:]
    [[b' ', b'hug'], [b' hug']]

Ties: the highest count wins, then the pair with the smallest (left, right) in the order of `TIE_ORDER` for bytes and
of creation for merged tokens. That is the order of Hugging Face's `BpeTrainer`, whose alphabet is sorted by the
printable character that stands for each byte, so the two learn the same vocabulary, ties included.

No two merges spell the same bytes. Merges are never undone, so where a string ends up as a token no earlier merge
crossed its ends; then every merge before acted on its inside alone, and alike wherever the string stands.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import pairwise

import regex

from core.text.classes import as_tiktoken_reads

# The split pattern of cl100k_base, as written in tiktoken_ext.openai_public.
GPT4_PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
    r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)
MAX_VOCAB_SIZE = 0x110000  # symbols are held as characters of a str while training

# Bytes sorted by the character that GPT-2's byte-to-unicode table gives them: printable ones stand for themselves, the
# others follow from U+0100 on.
_PRINTABLE = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
TIE_ORDER = bytes(_PRINTABLE + [byte for byte in range(256) if byte not in _PRINTABLE])
_BYTE_TO_SYMBOL = bytes(TIE_ORDER.index(byte) for byte in range(256))


@dataclass(frozen=True)
class Merge:
    """One step of training: the pair stood `count` times in the text and became the token `rank`, 256 for the first."""

    left: bytes
    right: bytes
    rank: int
    count: int


@dataclass(frozen=True, repr=False)
class Bpe:
    """A trained vocabulary: `ranks` (the bytes are 0-255), the merges in the order they were made, the pattern."""

    ranks: dict[bytes, int]
    merges: tuple[Merge, ...]
    pattern: str

    def __repr__(self) -> str:
        first = ", ".join(repr(merge.left + merge.right)[1:] for merge in self.merges[:5])
        more = " …" if len(self.merges) > 5 else ""
        return f"Bpe({len(self.ranks):,} tokens, {len(self.merges):,} merges: {first or 'none'}{more})"

    @classmethod
    def from_merges(cls, merges: Iterable[Merge], pattern: str = GPT4_PATTERN) -> "Bpe":
        """The vocabulary after these merges; a prefix of a training's merges is that training stopped early."""
        merges = tuple(merges)
        ranks = {bytes([byte]): byte for byte in range(256)}
        ranks.update((merge.left + merge.right, merge.rank) for merge in merges)
        return cls(ranks, merges, pattern)


def train_bpe(
    texts: Iterable[str],
    vocab_size: int,
    pattern: str = GPT4_PATTERN,
    on_merge: Callable[[Merge], None] | None = None,
) -> Bpe:
    """Learn a vocabulary of `vocab_size` tokens (256 bytes and merges; special tokens are added by the `Tokenizer`).

    `texts` is plain text: a string such as "<|endoftext|>" in it is learned from like any other, so pass documents one
    by one instead of joined by special tokens. No merge crosses two texts. `on_merge` is called after each merge. When
    no pair is left to merge the vocabulary stays smaller. ValueError when `vocab_size` is below 256 or over a million.
    """
    check_vocab_size(vocab_size)
    merges = []
    for merge in iterate_merges(count_chunks(texts, pattern), vocab_size):
        merges.append(merge)
        if on_merge is not None:
            on_merge(merge)
    return Bpe.from_merges(merges, pattern)


def check_vocab_size(vocab_size: int) -> None:
    """ValueError unless a byte-level vocabulary can have this size."""
    if not 256 <= vocab_size <= MAX_VOCAB_SIZE:
        raise ValueError(f"vocab_size must lie between 256 (the single bytes) and {MAX_VOCAB_SIZE}, not {vocab_size}")


def well_formed(text: str) -> str:
    """The text with surrogate pairs joined and each lone surrogate replaced by U+FFFD, so that it has a UTF-8 form."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def split(text: str, pattern: str = GPT4_PATTERN) -> list[str]:
    """The chunks of a text, in order, as tiktoken cuts it; joined they are `well_formed(text)` for the patterns used
    here."""
    return _chunks(regex.compile(pattern), well_formed(text))


def count_chunks(texts: Iterable[str], pattern: str = GPT4_PATTERN) -> Counter[str]:
    """How often each distinct chunk stands in the texts."""
    compiled = regex.compile(pattern)
    if compiled.groups:  # findall would return the groups, not the chunks
        raise ValueError("the split pattern must not have capturing groups; write (?:…) instead of (…)")
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_chunks(compiled, well_formed(text)))
    return counts


def _chunks(pattern: regex.Pattern[str], text: str) -> list[str]:
    read = as_tiktoken_reads(text, pattern.pattern)
    if read is text:
        return [match.group() for match in pattern.finditer(text)] if pattern.groups else pattern.findall(text)
    return [text[slice(*match.span())] for match in pattern.finditer(read)]


def iterate_merges(chunks: Mapping[str, int], vocab_size: int) -> Iterator[Merge]:
    """Yield the merges of a training one by one; stop iterating to stop the training.

    Each distinct chunk is a str whose characters are token ids, so that merging is done by slicing. `where` names the
    words in which a pair stands (or stood). `heap` holds each pair once, with the count it had when it came in; counts
    only fall after that, and a pair popped with a count out of date goes back with the true one.
    """
    check_vocab_size(vocab_size)
    words = [chunk.encode("utf-8").translate(_BYTE_TO_SYMBOL).decode("latin-1") for chunk in chunks]
    weights = list(chunks.values())
    tokens = [bytes([byte]) for byte in TIE_ORDER]  # by internal id
    counts, where = _count_pairs(words, weights)
    heap = [(-count, pair) for pair, count in counts.items()]
    heapify(heap)
    while heap and len(tokens) < vocab_size:
        negative, pair = heappop(heap)
        count = counts[pair]
        if count != -negative:
            if count > 0:
                heappush(heap, (-count, pair))
            continue
        left, right = (tokens[ord(symbol)] for symbol in pair)
        rank = len(tokens)
        tokens.append(left + right)
        for fresh in _merge_pair(pair, chr(rank), words, weights, counts, where):
            if counts[fresh] > 0:  # in "abab" the new pair ab·a lives only until its own a is merged
                heappush(heap, (-counts[fresh], fresh))
        yield Merge(left, right, rank, count)


def _count_pairs(words: list[str], weights: list[int]) -> tuple[defaultdict[str, int], defaultdict[str, list[int]]]:
    """For each adjacent pair: how often it stands in the corpus, and the indices of its words (with repeats)."""
    counts: defaultdict[str, int] = defaultdict(int)
    where: defaultdict[str, list[int]] = defaultdict(list)
    for index, (word, weight) in enumerate(zip(words, weights, strict=True)):
        for start in range(len(word) - 1):
            pair = word[start : start + 2]
            counts[pair] += weight
            where[pair].append(index)
    return counts, where


def _merge_pair(
    pair: str,
    new: str,
    words: list[str],
    weights: list[int],
    counts: defaultdict[str, int],
    where: defaultdict[str, list[int]],
) -> set[str]:
    """Replace `pair` by `new` in all words, bring counts and places up to date, return the pairs that came up."""
    before: defaultdict[str, list[int]] = defaultdict(list)  # symbol in front of an occurrence -> words, once for each
    after: defaultdict[str, list[int]] = defaultdict(list)
    for index in dict.fromkeys(where.pop(pair)):
        pieces = words[index].split(pair)  # leftmost first, as merging goes
        words[index] = new.join(pieces)
        last = len(pieces) - 2
        for i, (left, right) in enumerate(pairwise(pieces)):
            if left:
                before[left[-1]].append(index)
            elif i:
                before[new].append(index)
            if right:
                after[right[0]].append(index)
            elif i < last:
                after[pair[0]].append(index)
    fresh = set()
    replaced = [(symbol + pair[0], symbol + new, places) for symbol, places in before.items()]
    replaced += [(pair[1] + symbol, new + symbol, places) for symbol, places in after.items()]
    for old_pair, new_pair, places in replaced:
        total = sum(map(weights.__getitem__, places))
        counts[old_pair] -= total
        counts[new_pair] += total
        where[new_pair] += places
        fresh.add(new_pair)
    return fresh


def replay(ranks: Mapping[bytes, int], chunk: bytes) -> list[list[bytes]]:
    """The successive splittings of one chunk, from its single bytes to the tokens that tiktoken's encoding gives.

    At each step the pair whose joined bytes have the lowest rank merges, the leftmost one first. A chunk that is itself
    a token is taken whole by tiktoken, even where the merges alone would not reach it; then that is the last step.
    """
    parts = [chunk[i : i + 1] for i in range(len(chunk))]
    steps = [parts]
    while len(parts) > 1:
        rank, start = min((ranks.get(parts[i] + parts[i + 1], len(ranks)), i) for i in range(len(parts) - 1))
        if rank == len(ranks):
            break
        parts = [*parts[:start], parts[start] + parts[start + 1], *parts[start + 2 :]]
        steps.append(parts)
    if len(parts) > 1 and chunk in ranks:
        steps.append([chunk])
    return steps
