"""Three ways to cut a text that need no training: into words, characters or bytes. Each gives `Piece`s.

>>> [(piece.bytes, piece.id) for piece in words("Hi, you!", {"you": 0})]
[(b'Hi', -1), (b'you', 0)]
>>> [piece.id for piece in characters("né")], [piece.id for piece in single_bytes("né")]
([110, 233], [110, 195, 169])
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import regex

from core.text.bpe import well_formed
from core.text.tokenizer import Piece

UNKNOWN = -1
WORD = regex.compile(r"\w+")


def word_list(texts: Iterable[str], size: int) -> dict[str, int]:
    """The `size` most frequent words of the texts, the most frequent first (then by spelling), with their numbers."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(WORD.findall(well_formed(text)))
    ordered = sorted(counts, key=lambda word: (-counts[word], word))[:size]
    return {word: number for number, word in enumerate(ordered)}


def words(text: str, known: Mapping[str, int]) -> list[Piece]:
    r"""The words (`\w+`) with their number in the list, `UNKNOWN` for one that is not in it. What stands between the
    words is lost: the text cannot be put together again."""
    text = well_formed(text)
    pieces, at, start = [], 0, 0  # characters and bytes up to which the text has been read
    for match in WORD.finditer(text):
        data = match.group().encode("utf-8")
        start += len(text[at : match.start()].encode("utf-8"))
        pieces.append(Piece(known.get(match.group(), UNKNOWN), data, start, start + len(data)))
        at, start = match.end(), start + len(data)
    return pieces


def characters(text: str) -> list[Piece]:
    """The code points, each numbered as Unicode does."""
    pieces, start = [], 0
    for character in well_formed(text):
        data = character.encode("utf-8")
        pieces.append(Piece(ord(character), data, start, start + len(data)))
        start += len(data)
    return pieces


def single_bytes(text: str) -> list[Piece]:
    """The bytes of the text's UTF-8 form."""
    data = well_formed(text).encode("utf-8")
    return [Piece(byte, bytes([byte]), i, i + 1) for i, byte in enumerate(data)]
