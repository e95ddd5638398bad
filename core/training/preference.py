"""Preference tuning: the model answers questions, its answers are graded by the truth, and it learns from the grades.

DPO learns from pairs: of the answers to one question a right one is preferred to "I do not know", and that to a wrong
one. GRPO learns from all answers, by how their grades differ from those of their group. A model that was never told to
say "I do not know" does not say so by chance: that answer is put among those that it drew, in GRPO as if drawn.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from core.analysis.skills.honesty import END, UNKNOWN, Question, questions
from core.generation.rollouts import rollouts
from core.model import Transformer, load_checkpoint
from core.text import Tokenizer
from core.training.batches import IGNORE, Data, MicroBatch, pad
from core.training.config import TrainConfig
from core.training.objectives import AnswerBatch, PairBatch
from core.training.preference_config import Preference
from core.tuning import dpo_loss, exact_kl, grpo_advantages, kl_estimates, token_log_probs

JUDGED = ("right", "unknown", "wrong")
CHUNK = 64  # prompts that one worker answers at once


class Pool(Protocol):
    """Whoever computes beside the caller."""

    def later(self, function: Callable[[], Any]) -> Future[Any]:
        """Start `function` on a thread."""


@dataclass(frozen=True)
class Answer:
    """An answer to a question: the whole sequence of ids, where the answer begins in it, and what it is."""

    ids: tuple[int, ...]
    begins: int
    verdict: str


class Feedback:
    """What one run of preference tuning asks, draws and learns from. The update after step s asks the same questions
    whenever it is made; its draws are a function of the seed, s and the weights."""

    def __init__(self, config: TrainConfig, folder: Path, tokenizer: Tokenizer, data: Data) -> None:
        self.config, self.tokenizer, self.data = config, tokenizer, data
        self.settings = Preference.from_dict(config.preference)
        self.reference = load_checkpoint(folder, config.first_step).model
        self.end = tokenizer.special_tokens[END]
        self.unknown = tokenizer.encode(UNKNOWN, special=True)
        self.context = self.reference.config.context_length

    def batch(self, step: int, model: Transformer, pool: Pool) -> tuple[list[MicroBatch], dict[str, float]]:
        """What update `step` of the stage learns from, and what is known of it: the micro-batches of the method, and
        those of `data`, which keep what was learned before."""
        settings = self.settings
        asked = self._ask(settings.prompts, step * settings.prompts * 4)
        groups = self._answer(asked, step, model, pool)
        statistics = self._statistics(groups, model, pool)
        method = self._pairs if settings.method == "dpo" else self._grade_groups
        micro, more = method(groups, model, pool)
        return micro + self.data.batch(step), statistics | more

    def measure(self, count: int, model: Transformer, pool: Pool) -> dict[str, float]:
        """Held-out questions, each answered with the likeliest words: shares of verdicts, of what may be known and of
        what cannot be."""
        found: dict[str, float] = {}
        for name, known in (("known", 1.0), ("unknowable", 0.0)):
            asked = self._ask(count, 0, known=known, held_out=True)
            drawn = self._draw([self._prompt(q) for q in asked], [0] * len(asked), model, pool, temperature=0.0)
            verdicts = Counter(q.judge(self.tokenizer.decode(ids)) for q, ids in zip(asked, drawn, strict=True))
            found |= {f"{name}_{verdict}": verdicts[verdict] / count for verdict in JUDGED}
        return found

    def _ask(self, count: int, start: int, *, known: float | None = None, held_out: bool = False) -> list[Question]:
        """Questions that leave room for an answer."""
        room = self.context - max(self.settings.max_new_tokens, len(self.unknown))
        stream = questions(self.settings.known if known is None else known, held_out=held_out, start=start)
        fitting = (question for question in stream if len(self._prompt(question)) <= room)
        return list(itertools.islice(fitting, count))

    def _prompt(self, question: Question) -> list[int]:
        return [self.tokenizer.eot, *self.tokenizer.encode(question.prompt, special=True)]

    def _answer(self, asked: list[Question], step: int, model: Transformer, pool: Pool) -> list[list[Answer]]:
        """A group of answers to each question: drawn ones, and "I do not know" where none of them says so."""
        n = self.settings.samples
        prompts = [self._prompt(question) for question in asked for _ in range(n)]
        seeds = [int(seed) for seed in np.random.SeedSequence((self.config.seed, step)).generate_state(len(prompts))]
        drawn = self._draw(prompts, seeds, model, pool, temperature=self.settings.temperature)
        groups = []
        for i, question in enumerate(asked):
            prompt, group = prompts[i * n], []
            for ids in drawn[i * n : (i + 1) * n]:
                verdict = question.judge(self.tokenizer.decode(ids))
                group.append(Answer((*prompt, *ids), len(prompt), verdict))
            if all(answer.verdict != "unknown" for answer in group):
                group[-1] = Answer((*prompt, *self.unknown), len(prompt), "unknown")
            groups.append(group)
        return groups

    def _draw(
        self, prompts: list[list[int]], seeds: list[int], model: Transformer, pool: Pool, temperature: float
    ) -> list[tuple[int, ...]]:
        """What the model writes after each prompt. Prompts of like length are answered together."""
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        size = min(CHUNK, -(-len(order) // self.config.threads))
        chunks = [order[start : start + size] for start in range(0, len(order), size)]

        def work(chunk: list[int]) -> list[tuple[int, ...]]:
            samples = rollouts(
                model, [prompts[i] for i in chunk], [seeds[i] for i in chunk], self.settings.max_new_tokens,
                temperature=temperature, stop=(self.end, self.tokenizer.eot),
            )  # fmt: skip
            return [sample.ids for sample in samples]

        jobs = [pool.later(partial(work, chunk)) for chunk in chunks]
        found: dict[int, tuple[int, ...]] = {}
        for chunk, job in zip(chunks, jobs, strict=True):
            found |= zip(chunk, job.result(), strict=True)
        return [found[i] for i in range(len(prompts))]

    def _pairs(
        self, groups: list[list[Answer]], model: Transformer, pool: Pool
    ) -> tuple[list[MicroBatch], dict[str, float]]:
        """A pair for each question that has answers of two kinds: the best against the worst that is not the same, the
        first of each; right and wrong where both were drawn, else one of them and "I do not know"."""
        pairs = []
        for group in groups:
            first = {verdict: next((a for a in group if a.verdict == verdict), None) for verdict in JUDGED}
            there = [answer for answer in first.values() if answer is not None]
            if len(there) > 1:
                pairs.append((there[0], there[-1]))
        both = list(itertools.chain.from_iterable(pairs))
        micro = rectangles(both, self.config.micro_batch_tokens, together=2)
        ours, theirs = self._log_probs(micro, model, pool), self._log_probs(micro, self.reference, pool)
        if not micro:
            return [], {"pairs": 0.0}
        reference = [x.sum(1) for x in theirs]
        found: list[MicroBatch] = [
            PairBatch(**vars(m), reference=r, beta=self.settings.weight) for m, r in zip(micro, reference, strict=True)
        ]
        policy, ref = torch.cat([x.sum(1) for x in ours]), torch.cat(reference)
        _, statistics = dpo_loss(policy[0::2], policy[1::2], ref[0::2], ref[1::2], self.settings.weight)
        return found, {"pairs": float(len(pairs)), **statistics}

    def _grade_groups(
        self, groups: list[list[Answer]], model: Transformer, pool: Pool
    ) -> tuple[list[MicroBatch], dict[str, float]]:
        """Every answer with its advantage in its group."""
        settings = self.settings
        grades = torch.tensor([[settings.grades[answer.verdict] for answer in group] for group in groups])
        advantages = grpo_advantages(grades.float()).flatten()  # (P * G,)
        answers = list(itertools.chain.from_iterable(groups))
        micro = rectangles(answers, self.config.micro_batch_tokens)
        ours, theirs = self._log_probs(micro, model, pool), self._log_probs(micro, self.reference, pool)
        found: list[MicroBatch] = [
            AnswerBatch(**vars(m), advantages=advantages[list(m.rows)], old=old, reference=ref, beta=settings.weight,
                        epsilon=settings.epsilon)
            for m, old, ref in zip(micro, ours, theirs, strict=True)
        ]  # fmt: skip
        return found, {"groups_without_variance": float((grades.std(dim=1) == 0).float().mean())}

    def _statistics(self, groups: list[list[Answer]], model: Transformer, pool: Pool) -> dict[str, float]:
        """Of the answers: their grade, what they are, how long; of the first to each question, the distance from the
        reference in nats per token, exact and by the three estimators, and the entropy."""
        answers = list(itertools.chain.from_iterable(groups))
        verdicts = Counter(answer.verdict for answer in answers)
        measured = {verdict: verdicts[verdict] / len(answers) for verdict in JUDGED}
        measured["grade"] = sum(self.settings.grades[answer.verdict] for answer in answers) / len(answers)
        measured["length"] = sum(len(answer.ids) - answer.begins for answer in answers) / len(answers)
        micro = rectangles([group[0] for group in groups], self.config.micro_batch_tokens)
        jobs = [pool.later(partial(distances, m, model, self.reference)) for m in micro]
        tokens = torch.cat([job.result() for job in jobs])  # (tokens, 5)
        return measured | dict(zip(("kl", "k1", "k2", "k3", "entropy"), tokens.mean(0).tolist(), strict=True))

    def _log_probs(self, micro: Sequence[MicroBatch], model: Transformer, pool: Pool) -> list[Tensor]:
        """Of every target, (B, T) for each micro-batch."""

        def work(m: MicroBatch) -> Tensor:
            with torch.no_grad():
                return token_log_probs(model(m.inputs), m.targets)

        return [job.result() for job in [pool.later(partial(work, m)) for m in micro]]


@torch.no_grad()
def distances(micro: MicroBatch, model: Transformer, reference: Transformer) -> Tensor:
    """For every target that counts: the exact KL of the distributions it was drawn from, k1, k2, k3, and the entropy of
    the model's: (tokens, 5)."""
    counts = micro.targets != IGNORE
    ours, theirs = model(micro.inputs)[counts], reference(micro.inputs)[counts]  # (tokens, V)
    drawn = micro.targets[counts][:, None]
    policy, ref = ours.log_softmax(-1), theirs.log_softmax(-1)
    estimates = kl_estimates(policy.gather(1, drawn)[:, 0], ref.gather(1, drawn)[:, 0])
    entropy = -(policy.exp() * policy).sum(-1)
    return torch.stack([exact_kl(ours, theirs), *estimates, entropy], dim=1)


def rectangles(answers: Sequence[Answer], micro_batch_tokens: int, together: int = 1) -> list[MicroBatch]:
    """Answers as micro-batches, the longest first, with targets in the answer only. `together`: how many that follow
    one another stay in one micro-batch, in their order."""
    units = [range(start, start + together) for start in range(0, len(answers), together)]
    units.sort(key=lambda unit: max(len(answers[i].ids) for i in unit), reverse=True)
    found: list[MicroBatch] = []
    while units:
        width = max(len(answers[i].ids) for i in units[0]) - 1
        taken = max(1, micro_batch_tokens // (width * together))
        rows = [i for unit in units[:taken] for i in unit]
        units = units[taken:]
        masks = [[t >= answers[i].begins for t in range(len(answers[i].ids))] for i in rows]
        found.append(pad([answers[i].ids for i in rows], rows, width, len(rows), masks))
    return found
