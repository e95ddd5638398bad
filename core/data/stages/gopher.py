"""The quality rules of Gopher (Rae et al. 2021, arXiv 2112.11446, table A1), with the published thresholds.

A word is what stands between spaces. Shares of repeated n-grams are of characters, as in the paper. Where the paper
leaves it open, the decision is datatrove's: stop words count as they are written, not "The"; and the most common n-gram
may occur once, so that on a page of five words any two are too much.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.data.document import Document
from core.data.stage import Dropped, Kept, Knob, Stage

JUNK = frozenset({"gibberish", "spam", "word_list", "too_short", "too_long"})
WORDS = (50, 100_000)
MEAN_LENGTH = (3, 10)
SYMBOLS = 0.1  # "#" and "…" per word
BULLETS, ELLIPSES = 0.9, 0.3  # share of lines that begin, that end with them
LETTERS = 0.8  # share of words that have a letter
STOPS = 2  # different stop words
STOP_WORDS = frozenset(("the", "be", "to", "of", "and", "that", "have", "with"))
REPEATED_LINES, REPEATED_IN_LINES = 0.30, 0.20  # share of lines (or paragraphs), of characters in them
TOP = {2: 0.20, 3: 0.18, 4: 0.16}  # n -> share of characters in the most common n-gram
_PARAGRAPHS = re.compile(r"\n{2,}")
REPEATED = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}  # in all that occur again


class GopherQuality(Stage):
    name = "Gopher quality"
    purpose = "Asks whether the words look like prose: how many, how long, how many of them the commonest ones."
    drops = JUNK
    knobs = (
        Knob("least_words", "Words at least", WORDS[0], 0, 500, 5),
        Knob("most_words", "Words at most", WORDS[1], 500, 100_000, 500),
        Knob("letters", "Share of words with a letter, at least", LETTERS),
        Knob("stop_words", "Different common words at least (the, be, to, of, …)", STOPS, 0, 8, 1),
    )

    def __init__(
        self, least_words: int = WORDS[0], most_words: int = WORDS[1], letters: float = LETTERS, stop_words: int = STOPS
    ) -> None:
        super().__init__()
        self.words, self.letters, self.stop_words = (least_words, most_words), letters, stop_words

    def judge(self, document: Document) -> Kept | Dropped:
        if not document.text.strip():
            return Dropped("too few words", "0")
        for reason, wrong, figure in self._quality(document.text):
            if wrong:
                return Dropped(reason, f"{figure:.3g}")
        return Kept(document)

    def _quality(self, text: str) -> Iterator[tuple[str, bool, float]]:
        """(reason, does it apply, the figure), cheapest first."""
        words = text.split()
        n = len(words)
        yield "too few words", n < self.words[0], n
        yield "too many words", n > self.words[1], n
        mean = sum(map(len, words)) / n
        yield "words too short", mean < MEAN_LENGTH[0], mean
        yield "words too long", mean > MEAN_LENGTH[1], mean
        symbols = text.count("#") / n, (text.count("...") + text.count("…")) / n
        yield "too many symbols", max(symbols) > SYMBOLS, max(symbols)
        lines = text.splitlines()
        bullets = sum(line.lstrip().startswith(("•", "-", "*")) for line in lines) / len(lines)
        yield "too many bullets", bullets > BULLETS, bullets
        ellipses = sum(line.rstrip().endswith(("...", "…")) for line in lines) / len(lines)
        yield "too many ellipses", ellipses > ELLIPSES, ellipses
        letters = sum(any(map(str.isalpha, word)) for word in words) / n
        yield "too few words with letters", letters < self.letters, letters
        stops = len(STOP_WORDS & {word.strip(".,;:!?\"'“”") for word in words})
        yield "too few stop words", stops < self.stop_words, stops


class GopherRepetition(Stage):
    name = "Gopher repetition"
    purpose = "Drops pages that say the same again and again: lines, or runs of two to ten words."
    drops = frozenset({"spam", "too_short"})
    knobs = (
        Knob("lines", "Share of repeated lines at most", REPEATED_LINES),
        Knob("grams", "Strictness for repeated words: 1 is as published", 1.0, 0.25, 4.0, 0.05),
    )

    def __init__(self, lines: float = REPEATED_LINES, grams: float = 1.0) -> None:
        super().__init__()
        self.lines, self.grams = lines, grams

    def judge(self, document: Document) -> Kept | Dropped:
        for reason, wrong, figure in self._repetition(document.text):
            if wrong:
                return Dropped(reason, f"{figure:.3g}")
        return Kept(document)

    def _repetition(self, text: str) -> Iterator[tuple[str, bool, float]]:
        yield from self._parts("repeated paragraphs", _PARAGRAPHS.split(text.strip()), len(text))
        yield from self._parts("repeated lines", [line for line in text.splitlines() if line.strip()], len(text))
        words = Words.of(text.split())
        for n, published in TOP.items():
            limit, share = published / self.grams, top_share(words, n, len(text))
            yield f"one {n}-gram too often", share > limit, share
        for n, published in REPEATED.items():
            limit, share = published / self.grams, repeated_share(words, n, len(text))
            yield f"repeated {n}-grams", share > limit, share
            if not share:  # then nothing longer is repeated either
                return

    def _parts(self, reason: str, parts: Sequence[str], characters: int) -> Iterator[tuple[str, bool, float]]:
        again = _again(parts)
        yield reason, len(again) > self.lines * len(parts), len(again) / max(1, len(parts))
        share = sum(map(len, again)) / max(1, characters)
        yield reason, share > REPEATED_IN_LINES, share


def _again(items: Sequence[str]) -> list[str]:
    """Each occurrence but the first."""
    seen: set[str] = set()
    return [item for item in items if item in seen or seen.add(item)]  # type: ignore[func-returns-value]


MIX = np.random.default_rng(0).integers(2**64, size=max(REPEATED), dtype=np.uint64) | np.uint64(1)


@dataclass(frozen=True, eq=False)
class Words:
    """Of each word its hash of 64 bits, by which it is told from others, and how many characters are before it: (N,)
    and (N + 1,). A text of 20 MB has three million; as strings, its n-grams would take a gigabyte."""

    hashes: np.ndarray
    before: np.ndarray

    @classmethod
    def of(cls, words: Sequence[str]) -> "Words":
        hashes = np.fromiter(map(hash, words), np.int64, len(words)).view(np.uint64)
        return cls(hashes, np.concatenate(([0], np.cumsum(np.fromiter(map(len, words), np.int64, len(words))))))

    def grams(self, n: int) -> np.ndarray:
        """The hash of each run of n words, (N − n + 1,)."""
        count = max(0, len(self.hashes) - n + 1)
        made = np.zeros(count, np.uint64)
        for i in range(n if count else 0):
            made += self.hashes[i : i + count] * MIX[i]
        return made

    def length(self, start: int, n: int) -> int:
        """Characters of a run of n words, without spaces."""
        return int(self.before[start + n] - self.before[start])


def top_share(words: Words, n: int, characters: int) -> float:
    """Share of the characters in the occurrences of the most common n-gram, of several the first; 0 where there is
    none."""
    _, first, counts = np.unique(words.grams(n), return_index=True, return_counts=True)
    if not len(counts):
        return 0.0
    most = int(counts.max())
    return most * (words.length(int(first[counts == most].min()), n) + n - 1) / characters


def repeated_share(words: Words, n: int, characters: int) -> float:
    """Share of the characters in n-grams that stood in the text before, each character counted once."""
    which, counts = np.unique(words.grams(n), return_inverse=True, return_counts=True)[1:]
    if len(counts) == len(which):
        return 0.0
    often = np.flatnonzero(counts[which] > 1)
    seen: set[int] = set()
    repeated = end = 0
    for start, gram in zip(often.data, which[often].data, strict=True):
        if start < end:
            continue
        if gram in seen:
            repeated += words.length(start, n)
            end = start + n
        seen.add(gram)
    return repeated / max(1, characters)
