"""The rules that FineWeb adds (Penedo et al. 2024, arXiv 2406.17557, section 3.6), with the published thresholds."""

from core.data.document import Document
from core.data.stage import Dropped, Kept, Stage
from core.data.stages.gopher import JUNK

ENDINGS = tuple(".!?\"'”’。！？…")
PUNCTUATED = 0.12  # share of lines that end in punctuation
SHORT, SHORT_LINES = 30, 0.67  # characters of a short line, share of such lines
REPEATED = 0.01  # share of characters in lines that occur again
NEWLINES = 0.3  # per word


class FineWeb(Stage):
    name = "FineWeb"
    drops = JUNK

    def judge(self, document: Document) -> Kept | Dropped:
        lines = [line for line in document.text.split("\n") if line.strip()]
        if not lines:
            return Dropped("no text")
        punctuated = sum(line.rstrip().endswith(ENDINGS) for line in lines) / len(lines)
        if punctuated < PUNCTUATED:
            return Dropped("lines without punctuation", f"{punctuated:.2f}")
        short = sum(len(line) <= SHORT for line in lines) / len(lines)
        if short > SHORT_LINES:
            return Dropped("short lines", f"{short:.2f}")
        again = (sum(map(len, lines)) - sum(map(len, set(lines)))) / sum(map(len, lines))
        if again > REPEATED:
            return Dropped("repeated lines", f"{again:.2f}")
        newlines = document.text.count("\n") / len(document.text.split())
        return Dropped("too many lines", f"{newlines:.2f}") if newlines > NEWLINES else Kept(document)
