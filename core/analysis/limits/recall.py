"""What a model answers when it is asked for a birthday: the exact probability of each of the 365 dates, and of saying
"I do not know", for people whose birthday was told often, once, never, and for people who do not exist.

A model that has read is asked to end a sentence; a model that was taught chats is asked in one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.analysis.limits.abstaining import entropy, self_consistency
from core.analysis.limits.choices import answer_log_probs
from core.analysis.skills import chats
from core.analysis.skills.honesty import CHAT, END, QUESTION, UNKNOWN
from core.arrays import Floats
from core.brief import Brief
from core.model import Checkpoint, Description
from core.text import Tokenizer
from core.text.tinyland.birthdays import DATES, LADDER, PHRASINGS, celebrants, strangers

EACH = 25  # people of every count and way of telling, as far as there are so many
STRANGER = -1  # in place of how often their birthday was told
Report = Callable[[float, str], object]


@dataclass(frozen=True, eq=False, repr=False)
class Recall(Brief):
    """The answers of N people: `names`, `count` (STRANGER: nobody is called so), `phrasings` in which it was told,
    `true` (number of the date; -1 where there is none) and log_probs (N, 366): 365 dates, then "I do not know"; nats.
    What is left of the probability went to something else. chat: whether they were asked in a chat."""

    names: tuple[str, ...]
    count: np.ndarray
    phrasings: np.ndarray
    true: np.ndarray
    log_probs: Floats
    chat: bool

    @cached_property
    def probs(self) -> Floats:
        """Of the 366 answers, (N, 366), as shares of their sum."""
        p = np.exp(self.log_probs)
        shares: Floats = p / p.sum(axis=1, keepdims=True)
        return shares

    @cached_property
    def said(self) -> np.ndarray:
        """The likeliest answer by number, (N,)."""
        return np.asarray(np.argmax(self.log_probs, axis=1))

    @cached_property
    def verdict(self) -> np.ndarray:
        """ "right", "unknown" or "wrong", (N,)."""
        return np.where(self.said == len(DATES), "unknown", np.where(self.said == self.true, "right", "wrong"))

    @cached_property
    def confidence(self) -> Floats:
        """The probability of the likeliest date among the dates, (N,)."""
        best: Floats = self.dates.max(axis=1)
        return best

    @cached_property
    def dates(self) -> Floats:
        """Probabilities among the 365 dates, as if it had to name one: (N, 365)."""
        p = np.exp(self.log_probs[:, : len(DATES)])
        shares: Floats = p / p.sum(axis=1, keepdims=True)
        return shares

    @cached_property
    def right_date(self) -> np.ndarray:
        """Whether the likeliest date is the true one, (N,)."""
        return np.asarray(self.dates.argmax(axis=1) == self.true)

    @cached_property
    def entropy(self) -> Floats:
        """Semantic entropy, nats: of all that it may say, by what it means, (N,)."""
        return entropy(self.probs)

    def agreement(self, samples: int, seed: int = 0) -> Floats:
        """Self-consistency, (N,): of so many answers drawn for each, the share that means what most of them mean."""
        rng = np.random.default_rng(seed)
        drawn = (self.probs.cumsum(axis=1)[:, None, :] < rng.random((len(self.names), samples))[:, :, None]).sum(axis=2)
        return np.array([self_consistency(row.tolist()) for row in drawn])

    def of(self, rows: np.ndarray) -> "Recall":
        """Some of the people, by a mask or by numbers."""
        names = tuple(np.array(self.names, dtype=object)[rows])
        return Recall(names, self.count[rows], self.phrasings[rows], self.true[rows], self.log_probs[rows], self.chat)


def people(each: int = EACH, counts: Iterable[int] = LADDER) -> list[tuple[str, int, int, int, int]]:
    """(name, count, number of phrasings, the first of these, number of the date): `each` of every count, told in one
    phrasing and in five, and of strangers."""
    dates = {date: i for i, date in enumerate(DATES)}
    found = []
    for count in counts:
        for ways in (1, len(PHRASINGS)):
            those = [p for p in celebrants() if p.count == count and len(p.phrasings) == ways]
            found += [(p.name, count, ways, p.phrasings[0], dates[p.date]) for p in those[:each]]
    return found + [(name, STRANGER, 0, i % len(PHRASINGS), -1) for i, name in enumerate(strangers()[1 : 4 * each : 2])]


def told(description: Description, count: np.ndarray) -> np.ndarray:
    """How often a model was told what the longest stream tells `count` times: a short one stops before that."""
    register = chats.register_read(description)
    return np.asarray(np.minimum(count, register.top if register else 0))


def recall(
    checkpoint: Checkpoint,
    each: int | None = None,
    report: Report = lambda *_: None,
    other_phrasing: bool = False,
) -> Recall:
    """Asks for the birthdays of `people(each)`: in a chat, if the model was taught chats. other_phrasing: in a sentence
    that was not used of those told in one phrasing only. ValueError: the model never read a birthday."""
    if not checkpoint.has_read("birthday"):
        raise ValueError("this model has read no birthdays: it cannot be asked for them")
    in_chat = checkpoint.taught_chats and not other_phrasing
    asked = people(EACH if each is None else each)
    name, count, ways, phrasing, true = (np.array(column) for column in zip(*asked, strict=True))
    count = told(checkpoint, count)
    ask = _in_chat if in_chat else _in_sentence
    log_probs = ask(checkpoint, name.tolist(), ((phrasing + other_phrasing) % len(PHRASINGS)).tolist(), report)
    return Recall(tuple(name.tolist()), count, ways, true, log_probs, in_chat)


def _in_sentence(checkpoint: Checkpoint, names: Sequence[str], phrasings: Sequence[int], report: Report) -> Floats:
    """The end of a statement, (N, 366)."""
    begun = [PHRASINGS[i].format(b=name, d="").removesuffix(" .") for name, i in zip(names, phrasings, strict=True)]
    dates = _of_dates(checkpoint, begun, ".", report)
    return np.pad(dates, ((0, 0), (0, 1)), constant_values=-np.inf)  # nobody ends a statement so: "I do not know"


def _in_chat(checkpoint: Checkpoint, names: Sequence[str], _: Sequence[int], report: Report) -> Floats:
    """The answer to a question, (N, 366)."""
    tokenizer, asked = checkpoint.tokenizer, [CHAT.format(QUESTION.format(name)) for name in names]
    stems = [f"The birthday of {name} is" for name in names]
    begun = [
        answer_log_probs(
            checkpoint.model, [_ids(tokenizer, prompt)],
            [tokenizer.encode(stem, special=True), tokenizer.encode(UNKNOWN, special=True)], least=1e-12,
        )[0]
        for prompt, stem in zip(asked, stems, strict=True)
    ]  # fmt: skip
    stem, unknown = np.array(begun).T  # (N,) each
    dates = _of_dates(checkpoint, [a + b for a, b in zip(asked, stems, strict=True)], f".{END}", report)
    return np.column_stack([dates + stem[:, None], unknown])


def _of_dates(checkpoint: Checkpoint, prompts: Sequence[str], end: str, report: Report) -> Floats:
    tokenizer, count = checkpoint.tokenizer, len(prompts)
    return answer_log_probs(
        checkpoint.model,
        [_ids(tokenizer, prompt) for prompt in prompts],
        [tokenizer.encode(f" {date}{end}", special=True) for date in DATES],
        lambda share: report(share, f"{round(share * count):,} of {count:,} people"),
    )


def _ids(tokenizer: Tokenizer, prompt: str) -> list[int]:
    return [tokenizer.eot, *tokenizer.encode(prompt, special=True)]
