"""The word in question: at which token an answer went wrong, and which token should have stood there."""

from dataclasses import dataclass

from core.text import Tokenizer


@dataclass(frozen=True)
class Question:
    """A `text` read with its special tokens; the model chose wrongly at `cursor` (0 is the start token), where it wrote
    the token `written` and should have written `wanted` (None: not known)."""

    text: str
    cursor: int
    written: int
    wanted: int | None


def at_character(tokenizer: Tokenizer, text: str, character: int, wanted_text: str | None = None) -> Question:
    """The choice of the token that holds this character of the text; `wanted_text` is the text as it should have been,
    equal up to there."""
    pieces = tokenizer.pieces(text, special=True)
    place = len(text[:character].encode())
    index = next((i for i, piece in enumerate(pieces) if piece.end > place), len(pieces) - 1)
    wanted = None
    if wanted_text is not None:
        right = tokenizer.encode(wanted_text, special=True)
        before = [piece.id for piece in pieces[:index]]
        wanted = right[index] if right[:index] == before and index < len(right) else None
    return Question(text, index, pieces[index].id, wanted)


def between(tokenizer: Tokenizer, prompt: str, said: str, expected: str) -> Question:
    """Where `said` first differs from what was expected after the prompt; both with what ends them."""
    same = 0
    while same < min(len(said), len(expected)) and said[same] == expected[same]:
        same += 1
    return at_character(tokenizer, prompt + said, len(prompt) + same, prompt + expected)
