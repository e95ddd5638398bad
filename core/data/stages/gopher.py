"""The quality rules of Gopher (Rae et al. 2021, arXiv 2112.11446, table A1), with the published thresholds.

A word is what stands between spaces. Shares of repeated n-grams are of characters, as in the paper.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from core.data.document import Document
from core.data.stage import Dropped, Kept, Stage

JUNK = frozenset({"gibberish", "spam", "word_list", "too_short", "too_long"})
WORDS = (50, 100_000)
MEAN_LENGTH = (3, 10)
SYMBOLS = 0.1  # "#" and "…" per word
BULLETS, ELLIPSES = 0.9, 0.3  # share of lines that begin, that end with them
LETTERS = 0.8  # share of words that have a letter
STOP_WORDS = frozenset(("the", "be", "to", "of", "and", "that", "have", "with"))
REPEATED_LINES, REPEATED_IN_LINES = 0.30, 0.20  # share of lines, of characters in them
TOP = {2: 0.20, 3: 0.18, 4: 0.16}  # n -> share of characters in the most common n-gram
REPEATED = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}  # in all that occur again


class GopherQuality(Stage):
    name = "Gopher quality"
    drops = JUNK

    def judge(self, document: Document) -> Kept | Dropped:
        for reason, wrong, figure in _quality(document.text):
            if wrong:
                return Dropped(reason, f"{figure:.3g}")
        return Kept(document)


def _quality(text: str) -> Iterator[tuple[str, bool, float]]:
    """(reason, does it apply, the figure), cheapest first."""
    words = text.split()
    n = len(words)
    yield "too few words", n < WORDS[0], n
    yield "too many words", n > WORDS[1], n
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
    yield "too few words with letters", letters < LETTERS, letters
    stops = len(STOP_WORDS & {word.strip(".,;:!?\"'“”").lower() for word in words})
    yield "too few stop words", stops < 2, stops


class GopherRepetition(Stage):
    name = "Gopher repetition"
    drops = frozenset({"spam"})

    def judge(self, document: Document) -> Kept | Dropped:
        for reason, wrong, figure in _repetition(document.text):
            if wrong:
                return Dropped(reason, f"{figure:.3g}")
        return Kept(document)


def _repetition(text: str) -> Iterator[tuple[str, bool, float]]:
    lines = [line for line in text.splitlines() if line.strip()]
    again = _again(lines)
    yield "repeated lines", len(again) > REPEATED_LINES * len(lines), len(again) / max(1, len(lines))
    share = sum(map(len, again)) / max(1, len(text))
    yield "repeated lines", share > REPEATED_IN_LINES, share
    words = text.split()
    for n, limit in TOP.items():
        share = top_share(words, n, len(text))
        yield f"one {n}-gram too often", share > limit, share
    for n, limit in REPEATED.items():
        share = repeated_share(words, n, len(text))
        yield f"repeated {n}-grams", share > limit, share


def _again(items: Sequence[str]) -> list[str]:
    """Each occurrence but the first."""
    seen: set[str] = set()
    return [item for item in items if item in seen or seen.add(item)]  # type: ignore[func-returns-value]


def top_share(words: Sequence[str], n: int, characters: int) -> float:
    """Share of the characters in the occurrences of the most common n-gram; 0 where none occurs twice."""
    counts = Counter(" ".join(words[i : i + n]) for i in range(len(words) - n + 1))
    if not counts:
        return 0.0
    most = max(counts.values())
    return most * max(len(gram) for gram, count in counts.items() if count == most) / characters if most > 1 else 0.0


def repeated_share(words: Sequence[str], n: int, characters: int) -> float:
    """Share of the characters in n-grams that stood in the text before, each character counted once."""
    seen: set[tuple[str, ...]] = set()
    i = repeated = 0
    while i + n <= len(words):
        gram = tuple(words[i : i + n])
        if gram in seen:
            repeated += sum(map(len, gram))
            i += n
        else:
            seen.add(gram)
            i += 1
    return repeated / max(1, characters)
