"""What was taken out of a text and what was put in, word by word."""

import re
from difflib import SequenceMatcher

_PIECE = re.compile(r"\s+|[^\W_]+|[\W_]")
Piece = tuple[str, str]  # "same", "gone" or "new", and the characters


def diff(before: str, after: str) -> list[Piece]:
    """Pieces in order: those that are "same" or "gone" make `before`, those that are "same" or "new" make `after`.

    >>> diff("a red ball", "a blue ball")
    [('same', 'a '), ('gone', 'red'), ('new', 'blue'), ('same', ' ball')]
    """
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    found: list[Piece] = []
    for what, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            found.append(("same", "".join(old[i:j])))
            continue
        found += [(kind, text) for kind, text in (("gone", "".join(old[i:j])), ("new", "".join(new[k:m]))) if text]
    return found


def mark_spans(text: str, spans: list[tuple[str, str]]) -> list[Piece]:
    """The text in pieces: "same", or the kind of the span (kind, characters) that stands there first."""
    places = sorted((text.find(shown), kind, shown) for kind, shown in spans if shown.strip() and shown in text)
    found, end = list[Piece](), 0
    for start, kind, shown in places:
        if start < end:
            continue
        found += [("same", text[end:start])] * (start > end) + [(kind, shown)]
        end = start + len(shown)
    return found + [("same", text[end:])] * (end < len(text))
