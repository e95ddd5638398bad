"""Which tokens of a chat count in the loss of supervised fine-tuning: what the assistant says, and that it ends there.

A mask that is zero everywhere, or one everywhere, trains without an error on nothing, or on the user's words too, while
the curve looks healthy. It is the classic silent mistake of fine-tuning, so `check_mask` refuses both.
"""

from collections.abc import Iterable, Sequence


class MaskError(ValueError):
    """A mask that cannot be meant; the message says why."""


def assistant_mask(ids: Sequence[int], assistant: int, end: int) -> list[bool]:
    """True where a token is the assistant's own: after each `assistant` token, up to and including the next `end`.

    assistant, end: ids of <|assistant|> and <|end|>. Where the last answer has no end, it goes to the last token.

    >>> assistant_mask([7, 5, 8, 6, 1, 2, 8, 5, 8], assistant=6, end=8)
    [False, False, False, False, True, True, True, False, False]
    """
    mask, inside = [], False
    for id in ids:
        mask.append(inside)
        if id == assistant:
            inside = True
        elif id == end:
            inside = False
    return mask


def check_mask(mask: Iterable[bool]) -> None:
    """Raise MaskError for a mask over chats under which nothing would be learned, or everything."""
    mask = list(mask)
    if not any(mask):
        raise MaskError(
            "no token counts in the loss: nothing in these chats is said by an assistant, so nothing would be learned. "
            "Every chat needs a turn of the assistant."
        )
    if all(mask):
        raise MaskError(
            "every token counts in the loss: the model would learn to write the questions too. "
            "Only what the assistant says should count."
        )
