"""Text that was decoded wrongly is decoded rightly (ftfy), line by line, with the steps that did it."""

from ftfy import TextFixerConfig, fix_and_explain

from core.data.document import Document
from core.data.stage import Change, Kept, Stage

# Curly quotes are no mistake.
CONFIG = TextFixerConfig(uncurl_quotes=False, max_decode_length=1_000_000)


class Repair(Stage):
    """What was lost, as letters that became question marks, stays lost."""

    name = "repair"
    purpose = "Finds text that was read in the wrong encoding, such as “cafÃ©”, and decodes it rightly."
    mends = frozenset(
        f"mojibake_{kind}" for kind in ("cp1252", "latin1", "twice", "cp437", "macroman", "entities", "lossy")
    )

    def judge(self, document: Document) -> Kept:
        lines, changes = [], []
        for line in document.text.split("\n"):
            fixed = fix_and_explain(line, CONFIG)
            if fixed.text != line:
                how = ", ".join(" ".join(step) for step in fixed.explanation or ())
                changes.append(Change(line, fixed.text, how))
            lines.append(fixed.text)
        return Kept(Document(document.id, "\n".join(lines), document.meta), tuple(changes))
