"""How much of a text a model knows by heart: the longest passage that it repeats word for word."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.training.disk.rows import Row

WORSE = 1.05  # times the best held-out loss: what is above it at the end has risen
APART = 0.5  # of the held-out loss: a training loss below it says that the text is known
PRIME = 2**61 - 1  # hashes of windows are taken modulo it
BASE = 1_000_003


@dataclass(frozen=True)
class Overlap:
    """The longest passage of `written` that also stands in `source`, in characters: written[start:start + length]."""

    length: int
    start: int
    source_start: int
    passage: str


def longest_overlap(written: str, source: str) -> Overlap:
    """The longest common passage, the first in `written` among equals.

    A passage of n characters contains one of n - 1, so its length is found by halving; for each length the windows of
    both texts are compared by rolling hash (Karp & Rabin 1987), and equal hashes by their characters.
    """
    low, high = 0, min(len(written), len(source))
    best = Overlap(0, 0, 0, "")
    while low < high:
        length = (low + high + 1) // 2
        found = common_window(written, source, length)
        if found is None:
            high = length - 1
        else:
            low, best = length, Overlap(length, *found, written[found[0] : found[0] + length])
    return best


def common_window(written: str, source: str, length: int) -> tuple[int, int] | None:
    """Where a passage of `length` characters stands in both: the first place in `written`, and one in `source`."""
    places: dict[int, list[int]] = {}
    for start, code in enumerate(window_hashes(source, length)):
        places.setdefault(code, []).append(start)
    for start, code in enumerate(window_hashes(written, length)):
        for place in places.get(code, ()):
            if source.startswith(written[start : start + length], place):
                return start, place
    return None


def window_hashes(text: str, length: int) -> list[int]:
    """A hash of every window of `length` characters, in order."""
    top = pow(BASE, length, PRIME)
    code, codes = 0, []
    for i, character in enumerate(text):
        code = (code * BASE + ord(character)) % PRIME
        if i >= length:
            code = (code - ord(text[i - length]) * top) % PRIME
        if i >= length - 1:
            codes.append(code)
    return codes


def memorised_share(written: str, source: str, length: int = 20) -> float:
    """The part of `written`, from 0 to 1, in passages of at least `length` characters that `source` holds too."""
    known = {source[i : i + length] for i in range(len(source) - length + 1)}
    covered = 0
    reached = 0  # first character of `written` that no copied passage covers yet
    for i in range(len(written) - length + 1):
        if written[i : i + length] in known:
            covered += i + length - max(reached, i)
            reached = i + length
    return covered / len(written) if written else 0.0


def learned_by_heart(rows: Sequence[Row]) -> str | None:
    """What to say of a run that learned its text by heart: in training the loss fell far below that of held-out text,
    which had been lower before. None for any other run."""
    scored = [(row["val_loss_per_token"], row["step"]) for row in rows if "val_loss_per_token" in row]
    trained = [row["loss_per_token"] for row in rows if "loss_per_token" in row]
    if not scored or not trained:
        return None
    (last, end), (best, step) = scored[-1], min(scored)
    if not (last > WORSE * best and trained[-1] < APART * last and step < end):
        return None
    guessers = next((row["baselines_per_token"] for row in rows if "baselines_per_token" in row), {})
    bigram = guessers.get("bigram", float("inf"))
    beaten = f" On unseen text it never did better than counting pairs of tokens (the bigram, {bigram:.2f})."
    return (
        f"It has learned its text by heart. In training the loss fell to {trained[-1]:.2f}; on the part of the text "
        f"that it does not train on it was best at step {step:,}, {best:.2f}, and then rose to {last:.2f}."
        + (beaten if best >= bigram else "")
        + " What helps: a longer text, a smaller model, or an end when the held-out loss no longer falls."
    )
