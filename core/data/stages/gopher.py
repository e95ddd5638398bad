"""The quality rules of Gopher (Rae et al. 2021, arXiv 2112.11446, table A1), with the published thresholds.

A word is what stands between spaces. Shares of repeated n-grams are of characters, as in the paper. Where the paper
leaves it open, the decision is datatrove's: stop words count as they are written, not "The"; and the most common n-gram
may occur once, so that on a page of five words any two are too much.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

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
        lines = [line for line in text.splitlines() if line.strip()]
        for name, parts in (("paragraphs", _PARAGRAPHS.split(text.strip())), ("lines", lines)):
            again = _again(parts)
            yield f"repeated {name}", len(again) > self.lines * len(parts), len(again) / max(1, len(parts))
            share = sum(map(len, again)) / max(1, len(text))
            yield f"repeated {name}", share > REPEATED_IN_LINES, share
        words = text.split()
        for n, published in TOP.items():
            limit, share = published / self.grams, top_share(words, n, len(text))
            yield f"one {n}-gram too often", share > limit, share
        for n, published in REPEATED.items():
            limit, share = published / self.grams, repeated_share(words, n, len(text))
            yield f"repeated {n}-grams", share > limit, share
            if not share:  # then nothing longer is repeated either
                return


def _again(items: Sequence[str]) -> list[str]:
    """Each occurrence but the first."""
    seen: set[str] = set()
    return [item for item in items if item in seen or seen.add(item)]  # type: ignore[func-returns-value]


def n_grams(words: Sequence[str], n: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[i:] for i in range(n)), strict=False)


def top_share(words: Sequence[str], n: int, characters: int) -> float:
    """Share of the characters in the occurrences of the most common n-gram, of several the first; 0 where there is
    none."""
    counts = Counter(n_grams(words, n))
    if not counts:
        return 0.0
    gram, most = counts.most_common(1)[0]
    return most * (sum(map(len, gram)) + n - 1) / characters


def repeated_share(words: Sequence[str], n: int, characters: int) -> float:
    """Share of the characters in n-grams that stood in the text before, each character counted once."""
    grams = list(n_grams(words, n))
    seen: set[tuple[str, ...]] = set(grams)
    if len(seen) == len(grams):
        return 0.0
    seen.clear()
    i = repeated = 0
    while i < len(grams):
        if grams[i] in seen:
            repeated += sum(map(len, grams[i]))
            i += n
        else:
            seen.add(grams[i])
            i += 1
    return repeated / max(1, characters)
