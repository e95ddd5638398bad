"""Prompts side by side: the same cases, the same seeds, and how often each is right, once, ever and always."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.generation.rollouts import rollouts
from core.intervals import paired_difference, wilson
from core.model import Checkpoint
from core.prompting.examples import Interval, Report
from core.prompting.tasks import TASKS, fill, said

CASES, REPEATS = 40, 4  # cases of a task, and samples of each at temperature 1
NEW_TOKENS = 24
CHUNK = 80  # answers that are written together


@dataclass(frozen=True)
class Tried:
    """What one prompt did on all cases: `right` by greedy decoding, `hits` of REPEATS samples for each case; the first
    case as the model read it and what it said; tokens of prompt and answer, seconds for each greedy answer."""

    template: str
    right: tuple[bool, ...]
    hits: tuple[int, ...]
    repeats: int
    prompt: str
    said: str
    tokens: float
    written: float
    seconds: float

    @property
    def rate(self) -> Interval:
        """The share right, with Wilson's interval."""
        n = len(self.right)
        return sum(self.right) / n, *wilson(sum(self.right), n)

    def minus(self, other: "Tried") -> Interval:
        """How much larger the share is than the other prompt's on the same cases, with its paired interval."""
        pairs = list(zip(self.right, other.right, strict=True))
        return paired_difference(sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs), len(pairs))

    def ever(self, k: int) -> float:
        """pass@k: the chance that one of k samples is right (Chen et al. 2021, without bias)."""
        n = self.repeats
        return sum(1 - math.comb(n - hits, k) / math.comb(n, k) for hits in self.hits) / len(self.hits)

    def always(self, k: int) -> float:
        """pass^k: the chance that all of k samples are right."""
        return sum(math.comb(hits, k) / math.comb(self.repeats, k) for hits in self.hits) / len(self.hits)


@dataclass(frozen=True)
class Bench:
    """A task, and its prompts by name."""

    task: str
    tried: dict[str, Tried]


def bench(checkpoint: Checkpoint, task: str, templates: Mapping[str, str], report: Report = lambda *_: None) -> Bench:
    """All of the templates on CASES cases. ValueError: a template that cannot be filled, or a prompt that is too
    long."""
    tried = {}
    for place, (name, template) in enumerate(templates.items()):
        report(place / len(templates), f"prompt {place + 1} of {len(templates)}")
        tried[name] = attempt(checkpoint, task, template)
    return Bench(task, tried)


def attempt(checkpoint: Checkpoint, task: str, template: str, cases: int = 0, repeats: int = 0) -> Tried:
    """One template on so many cases, with so many samples of each (0: CASES, REPEATS). ValueError as above."""
    cases, repeats = cases or CASES, repeats or REPEATS
    questions, judge, tokenizer = TASKS[task].questions(cases), TASKS[task].judge, checkpoint.tokenizer
    prompts = [fill(template, question) for question in questions]
    ids = [[tokenizer.eot, *tokenizer.encode(prompt, special=True)] for prompt in prompts]
    room = checkpoint.config.context_length - NEW_TOKENS
    if max(map(len, ids)) > room:
        raise ValueError(f"a prompt has {max(map(len, ids))} tokens, and there is room for {room} before the answer")
    begun = time.perf_counter()
    likeliest = answers(checkpoint, ids, [0] * len(ids), 0.0)
    seconds = (time.perf_counter() - begun) / len(ids)
    seeds = [seed_of(i, repeat) for i in range(len(ids)) for repeat in range(repeats)]
    sampled = answers(checkpoint, [one for one in ids for _ in range(repeats)], seeds, 1.0)
    right = [judge(question, said(text)) for question, text in zip(questions, likeliest, strict=True)]
    hits = [
        sum(judge(question, said(text)) for text in sampled[i * repeats : (i + 1) * repeats])
        for i, question in enumerate(questions)
    ]
    return Tried(
        template, tuple(right), tuple(hits), repeats, prompts[0], said(likeliest[0]), sum(map(len, ids)) / len(ids),
        sum(len(tokenizer.encode(said(text))) for text in likeliest) / len(ids), seconds,
    )  # fmt: skip


def seed_of(case: int, repeat: int) -> int:
    """A seed of its own for every sample of every case, the same for all prompts."""
    return 1000 * case + repeat


def answers(
    checkpoint: Checkpoint, ids: Sequence[Sequence[int]], seeds: Sequence[int], temperature: float, most: int = 0
) -> list[str]:
    """What is written after each prompt: at most `most` tokens, or NEW_TOKENS."""
    tokenizer = checkpoint.tokenizer
    stop = set(tokenizer.special_tokens.values())
    found = [""] * len(ids)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))  # a batch begins at its shortest prompt
    for start in range(0, len(ids), CHUNK):
        rows = order[start : start + CHUNK]
        samples = rollouts(
            checkpoint.model, [ids[i] for i in rows], [seeds[i] for i in rows], most or NEW_TOKENS,
            temperature=temperature, stop=stop,
        )  # fmt: skip
        for i, sample in zip(rows, samples, strict=True):
            found[i] = tokenizer.decode(sample.ids)
    return found


def ready(checkpoint: Checkpoint, task: str) -> dict[str, str]:
    """The prompts of a task that this model can be given: without tokens for chats, those that need none."""
    has_turns = "<|assistant|>" in checkpoint.tokenizer.special_tokens
    return TASKS[task].prompts if has_turns else TASKS[task].plain
