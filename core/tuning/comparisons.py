"""Comparisons of two continuations of a prompt: as the field exchanges them, {"prompt", "chosen", "rejected"} on each
line of a JSONL file, and as a model reads them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.files import json_lines
from core.generation.rollouts import rollouts
from core.model import Checkpoint
from core.text import Tokenizer

ASSISTANT, END = "<|assistant|>", "<|end|>"
TOKENS = 32  # of a continuation, at most


@dataclass(frozen=True)
class Pair:
    """Two continuations of a prompt, and which was preferred: "a", "b" or "tie"."""

    prompt: str
    a: str
    b: str
    choice: str

    @property
    def ranked(self) -> tuple[str, str]:
        """The preferred one, then the other."""
        return (self.a, self.b) if self.choice == "a" else (self.b, self.a)


@dataclass(frozen=True)
class Answer:
    """What stands after a prompt: the whole sequence of ids, where the answer begins in it, and what it is, where that
    is judged."""

    ids: tuple[int, ...]
    begins: int
    verdict: str = ""


def decided(pairs: Sequence[Pair]) -> list[Pair]:
    """Those that prefer one of two different texts."""
    return [pair for pair in pairs if pair.choice != "tie" and pair.a != pair.b]


def export_pairs(pairs: Sequence[Pair]) -> str:
    """JSONL of {"prompt", "chosen", "rejected"}; ties are left out."""
    rows = []
    for pair in pairs:
        if pair.choice != "tie":
            chosen, rejected = pair.ranked
            rows.append({"prompt": pair.prompt, "chosen": chosen, "rejected": rejected})
    return json_lines(rows)


def import_pairs(text: str) -> tuple[list[Pair], list[str]]:
    """What `export_pairs` wrote, and what is wrong with each line that is no comparison."""
    pairs, problems = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            prompt, chosen, rejected = (row[name] for name in ("prompt", "chosen", "rejected"))
        except (ValueError, TypeError, KeyError, RecursionError):
            problems.append(f'line {number}: it must be {{"prompt": …, "chosen": …, "rejected": …}}')
            continue
        if not all(isinstance(x, str) for x in (prompt, chosen, rejected)):
            problems.append(f"line {number}: prompt, chosen and rejected must be texts")
        elif chosen == rejected:
            problems.append(f"line {number}: both texts are the same, so nothing is preferred")
        else:
            pairs.append(Pair(prompt, chosen, rejected, "a"))
    return pairs, problems


# ---- as ids ----


def opening(tokenizer: Tokenizer, prompt: str, context_length: int, tokens: int = TOKENS) -> list[int]:
    """A prompt as ids, of which the beginning is cut off where there would be no room for a continuation."""
    ids = [tokenizer.eot, *tokenizer.encode(prompt, special=True)]
    return ids[-max(1, context_length - tokens) :]


def ends(tokenizer: Tokenizer) -> set[int]:
    """The tokens that end a continuation: all special ones, and those that end a text."""
    return {*tokenizer.special_tokens.values(), *tokenizer.stops}


def ending(tokenizer: Tokenizer, prompt: str) -> int:
    """The token that ends what follows a prompt: of an answer in a chat, or of the document."""
    asked = prompt.rfind(ASSISTANT) > prompt.rfind(END)
    return tokenizer.special_tokens[END] if asked and END in tokenizer.special_tokens else tokenizer.stops[0]


def as_answer(tokenizer: Tokenizer, prompt: str, text: str, context_length: int, tokens: int = TOKENS) -> Answer:
    """A continuation as ids. One that is shorter than the longest that is drawn has ended there, and its end is one of
    its tokens: else nobody could learn to be brief."""
    before, ids = opening(tokenizer, prompt, context_length, tokens), tokenizer.encode(text)[:tokens]
    if len(ids) < tokens:
        ids = [*ids, ending(tokenizer, prompt)]
    return Answer((*before, *ids), len(before))


def text_of(tokenizer: Tokenizer, ids: Sequence[int]) -> str:
    """The words of a continuation, without the token that ended it."""
    stop = ends(tokenizer)
    return tokenizer.decode([id for id in ids if id not in stop])


def continuations(
    checkpoint: Checkpoint, prompt: str, count: int, seed: int = 0, tokens: int = TOKENS,
    report: Callable[[float], object] = lambda *_: None,
) -> list[str]:  # fmt: skip
    """What the model writes after a prompt at temperature 1, `count` times, each up to the end of its document.
    `report` is told the share that is done."""
    tokenizer = checkpoint.tokenizer
    ids = opening(tokenizer, prompt, checkpoint.config.context_length, tokens)
    stop = tuple(ends(tokenizer))
    seeds = [(seed << 20) + i for i in range(count)]
    found: list[str] = []
    for start in range(0, count, 64):
        report(start / count)
        part = seeds[start : start + 64]
        drawn = rollouts(checkpoint.model, [ids] * len(part), part, tokens, stop=stop)
        found += [text_of(tokenizer, sample.ids) for sample in drawn]
    return found
