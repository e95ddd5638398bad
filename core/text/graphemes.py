"""Graphemes: what a reader takes for one sign, however many code points, bytes and tokens it is made of.

>>> from core.text import Tokenizer
>>> pieces = Tokenizer.byte_tokenizer().pieces("né👍")
>>> grapheme_groups(pieces, "né👍")
[0, 1, 1, 2, 2, 2, 2]
"""

from collections.abc import Sequence
from itertools import accumulate

import regex

from core.text.bpe import well_formed
from core.text.tokenizer import Piece


def graphemes(text: str) -> list[str]:
    """The extended grapheme clusters of a text, by the rules of Unicode (UAX 29): an emoji family is one."""
    found: list[str] = regex.findall(r"\X", well_formed(text))
    return found


def grapheme_ends(text: str) -> list[int]:
    """For each grapheme the byte offset just after it, in the UTF-8 form of the text."""
    return list(accumulate(len(grapheme.encode("utf-8")) for grapheme in graphemes(text)))


def grapheme_groups(pieces: Sequence[Piece], text: str) -> list[int]:
    """For each token the number of its group, from 0: tokens that cut a grapheme between them are in one group.

    A group begins and ends with a token and with a grapheme, and is as short as can be.
    """
    ends = set(grapheme_ends(text))
    groups, group = [], 0
    for piece in pieces:
        groups.append(group)
        group += piece.end in ends
    return groups
