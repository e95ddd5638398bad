"""Almost the same text again: MinHash (Broder 1997) with bands (LSH), as FineWeb has it: 14 bands of 8, word 5-grams.

A hash is the smallest of a random order over the shingles; two texts share it as often as they share shingles (their
Jaccard similarity s). Two texts meet if all 8 hashes of one of the 14 bands are equal: with odds 1 - (1 - s^8)^14.
"""

import re
from collections.abc import Callable
from typing import Literal

import numpy as np
from rensa import RMinHash

from core.data.document import Document
from core.data.stage import Dropped, Kept, Knob, Stage

_WORD = re.compile(r"\w+")
SEED = 1


def word_shingles(text: str, n: int = 5) -> set[str]:
    words = _WORD.findall(text.lower())
    return {" ".join(words[i : i + n]) for i in range(max(1, len(words) - n + 1))}


def character_shingles(text: str, n: int = 5) -> set[str]:
    """Unrelated texts of one language share many of these."""
    text = " ".join(text.lower().split())
    return {text[i : i + n] for i in range(max(1, len(text) - n + 1))}


SHINGLES: dict[str, Callable[[str, int], set[str]]] = {"words": word_shingles, "characters": character_shingles}


def signature(shingles: set[str], hashes: int) -> np.ndarray:
    """(hashes,), uint32: of each random order the smallest."""
    return np.asarray(RMinHash.digests_from_token_sets([list(shingles)], hashes, SEED)[0], np.uint32)


def jaccard(a: set[str], b: set[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 1.0


def caught(similarity: float, bands: int = 14, rows: int = 8) -> float:
    """The odds that two texts so similar meet in a band."""
    return 1 - (1 - similarity**rows) ** bands


class NearDuplicates(Stage):
    """Drops what meets a document that was kept.

    cluster: "verified", if the hashes of the two also agree by `threshold` at least; "union", without a look, and what
    was dropped draws others after it: a chain of small similarities can take a whole source away.
    """

    name = "near duplicates"
    purpose = "Drops a text that shares most of its runs of words with an earlier one (MinHash)."
    knobs = (
        Knob("bands", "Bands", 14, 1, 32, 1),
        Knob("rows", "Hashes in a band", 8, 1, 16, 1),
        Knob("shingles", "A text is a set of runs of", "words", options=tuple(SHINGLES)),
        Knob("size", "Length of a run", 5, 1, 15, 1),
        Knob("cluster", "Texts that meet in a band", "verified", options=("verified", "union")),
        Knob("threshold", "Hashes that must agree, if verified", 0.7),
    )
    drops = frozenset({"near_copy", "exact_copy", "template", "translated_copy"})

    def __init__(
        self,
        bands: int = 14,
        rows: int = 8,
        shingles: str = "words",
        size: int = 5,
        cluster: Literal["verified", "union"] = "verified",
        threshold: float = 0.7,
    ) -> None:
        super().__init__()
        self.bands, self.rows, self.shingles, self.size = bands, rows, SHINGLES[shingles], size
        self.cluster, self.threshold = cluster, threshold
        self._buckets: dict[bytes, list[int]] = {}  # band and hashes -> documents
        self._signatures: dict[int, np.ndarray] = {}

    def signature(self, text: str) -> np.ndarray:
        """(bands, rows), uint32."""
        return signature(self.shingles(text, self.size), self.bands * self.rows).reshape(self.bands, self.rows)

    def judge(self, document: Document) -> Kept | Dropped:
        signature = self.signature(document.text)
        keys = [bytes([band]) + hashes.tobytes() for band, hashes in enumerate(signature)]
        met = sorted({other for key in keys for other in self._buckets.get(key, ())})
        if self.cluster == "union":
            self._remember(document.id, keys)
            return Dropped("shares a band", f"with document {met[0]}") if met else Kept(document)
        for other in met:
            similarity = float((signature == self._signatures[other]).mean())
            if similarity >= self.threshold:
                return Dropped("nearly the same", f"{similarity:.0%} of the hashes agree with document {other}")
        self._remember(document.id, keys)
        self._signatures[document.id] = signature
        return Kept(document)

    def _remember(self, document: int, keys: list[bytes]) -> None:
        for key in keys:
            self._buckets.setdefault(key, []).append(document)
