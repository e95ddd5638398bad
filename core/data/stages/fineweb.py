"""The rules that FineWeb adds (Penedo et al. 2024, arXiv 2406.17557, section 3.6), with the published thresholds."""

from core.data.document import Document
from core.data.stage import Dropped, Kept, Knob, Stage
from core.data.stages.gopher import JUNK

ENDINGS = tuple(".!?\"'”’。！？…")
PUNCTUATED = 0.12  # share of lines that end in punctuation
SHORT, SHORT_LINES = 30, 0.67  # characters of a short line, share of such lines
REPEATED = 0.01  # share of characters in lines that occur again
NEWLINES = 0.3  # per word


class FineWeb(Stage):
    name = "FineWeb"
    purpose = "Looks at the lines: lists, menus and tables have short ones, without punctuation, or the same ones."
    drops = JUNK
    knobs = (
        Knob("punctuated", "Share of lines with punctuation at the end, at least", PUNCTUATED),
        Knob("short_lines", "Share of lines of 30 characters or fewer, at most", SHORT_LINES),
        Knob("repeated", "Share of characters in repeated lines, at most", REPEATED),
        Knob("newlines", "Lines per word at most", NEWLINES),
    )

    def __init__(
        self,
        punctuated: float = PUNCTUATED,
        short_lines: float = SHORT_LINES,
        repeated: float = REPEATED,
        newlines: float = NEWLINES,
    ) -> None:
        super().__init__()
        self.punctuated, self.short_lines, self.repeated, self.newlines = punctuated, short_lines, repeated, newlines

    def judge(self, document: Document) -> Kept | Dropped:
        lines = [line for line in document.text.split("\n") if line.strip()]
        if not lines:
            return Dropped("no text")
        punctuated = sum(line.rstrip().endswith(ENDINGS) for line in lines) / len(lines)
        if punctuated < self.punctuated:
            return Dropped("lines without punctuation", f"{punctuated:.2f}")
        short = sum(len(line) <= SHORT for line in lines) / len(lines)
        if short > self.short_lines:
            return Dropped("short lines", f"{short:.2f}")
        again = (sum(map(len, lines)) - sum(map(len, set(lines)))) / sum(map(len, lines))
        if again > self.repeated:
            return Dropped("repeated lines", f"{again:.2f}")
        newlines = document.text.count("\n") / len(document.text.split())
        return Dropped("too many lines", f"{newlines:.2f}") if newlines > self.newlines else Kept(document)
