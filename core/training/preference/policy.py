"""What every way of preference tuning shares: answers are drawn in batches, and become pairs (DPO) or groups (GRPO,
REINFORCE) as micro-batches; and how far the policy has moved from the frozen model that it began as."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from core.generation.rollouts import rollouts
from core.model import Transformer, load_checkpoint
from core.text import Tokenizer
from core.training.config import TrainConfig
from core.training.data.batches import IGNORE, Data, MicroBatch, pad
from core.training.preference.config import Preference
from core.training.preference.objectives import AnswerBatch, PairBatch, ReinforceBatch
from core.tuning import (
    exact_kl,
    grpo_advantages,
    kl_estimates,
    leave_one_out_advantages,
    sequence_log_probs,
    token_log_probs,
)
from core.tuning.comparisons import Answer

CHUNK = 64  # prompts that one worker answers at once
Batches = tuple[list[MicroBatch], dict[str, float]]


class Pool(Protocol):
    """Whoever computes beside the caller."""

    def later(self, function: Callable[[], Any]) -> Future[Any]:
        """Start `function` on a thread."""


class Policy:
    """The settings of a run of preference tuning, its frozen reference, and the model's answers as batches."""

    def __init__(self, config: TrainConfig, folder: Path, tokenizer: Tokenizer, data: Data) -> None:
        self.config, self.tokenizer, self.data = config, tokenizer, data
        self.settings = Preference.from_dict(config.preference)
        self.reference = load_checkpoint(folder, config.first_step).model.requires_grad_(False)
        self.context = self.reference.config.context_length

    def draw(
        self, prompts: list[list[int]], seeds: list[int], model: Transformer, pool: Pool, *, temperature: float,
        stop: tuple[int, ...],
    ) -> list[tuple[int, ...]]:  # fmt: skip
        """What the model writes after each prompt. Prompts of like length are answered together."""
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        size = min(CHUNK, -(-len(order) // self.config.threads))
        chunks = [order[start : start + size] for start in range(0, len(order), size)]

        def work(chunk: list[int]) -> list[tuple[int, ...]]:
            samples = rollouts(
                model, [prompts[i] for i in chunk], [seeds[i] for i in chunk], self.settings.max_new_tokens,
                temperature=temperature, stop=stop,
            )  # fmt: skip
            return [sample.ids for sample in samples]

        jobs = [pool.later(partial(work, chunk)) for chunk in chunks]
        found: dict[int, tuple[int, ...]] = {}
        for chunk, job in zip(chunks, jobs, strict=True):
            found |= zip(chunk, job.result(), strict=True)
        return [found[i] for i in range(len(prompts))]

    def pairs(self, both: Sequence[Answer], pool: Pool) -> Batches:
        """Preferred answers and the others, one after the other, as micro-batches of DPO."""
        micro = rectangles(both, self.config.micro_batch_tokens, together=2)
        jobs = [pool.later(partial(sums_as_in_training, self.reference, m)) for m in micro]
        found: list[MicroBatch] = [
            PairBatch(**vars(m), reference=job.result(), beta=self.settings.weight)
            for m, job in zip(micro, jobs, strict=True)
        ]
        return found, {"pairs": len(both) / 2}

    def groups(self, answers: Sequence[Answer], rewards: Tensor, model: Transformer, pool: Pool) -> Batches:
        """Answers with their rewards (P, G), group by group, as micro-batches of GRPO or REINFORCE. Where all answers
        to a prompt earn the same, none is better than another: such groups are left out, so that what can be learned
        is not thinned by what cannot (dynamic sampling, Yu et al. 2025, https://arxiv.org/abs/2503.14476)."""
        settings, differ = self.settings, rewards.std(1) > 0
        statistics = {"groups_without_variance": 1 - float(differ.float().mean())}
        if not differ.any():
            differ = ~differ  # nothing but the distance from the reference is left to learn from
        size, rewards = settings.samples, rewards[differ]
        answers = [one for i in differ.nonzero()[:, 0].tolist() for one in answers[i * size : (i + 1) * size]]
        micro, ours, theirs = self.scored(answers, model, pool)
        found: list[MicroBatch] = []
        if settings.method == "reinforce":
            penalty = torch.zeros(len(answers))
            for m, old, ref in zip(micro, ours, theirs, strict=True):
                penalty[list(m.rows)] = settings.weight * (old - ref).sum(1)  # the reward holds the distance
            advantages = leave_one_out_advantages(rewards - penalty.view(rewards.shape)).flatten()
            found += [ReinforceBatch(**vars(m), advantages=advantages[list(m.rows)]) for m in micro]
            return found, statistics
        advantages = grpo_advantages(rewards).flatten()  # (P * G,)
        found += [
            AnswerBatch(**vars(m), advantages=advantages[list(m.rows)], old=old, reference=ref, beta=settings.weight,
                        epsilon=settings.epsilon)
            for m, old, ref in zip(micro, ours, theirs, strict=True)
        ]  # fmt: skip
        return found, statistics

    def scored(
        self, answers: Sequence[Answer], model: Transformer, pool: Pool
    ) -> tuple[list[MicroBatch], list[Tensor], list[Tensor]]:
        """Answers as rectangles, and the log-probability of every target, (B, T) each, under the model and under the
        reference."""
        micro = rectangles(answers, self.config.micro_batch_tokens)
        jobs = [[pool.later(partial(log_probs, who, m)) for m in micro] for who in (model, self.reference)]
        ours, theirs = ([job.result() for job in part] for part in jobs)
        return micro, ours, theirs

    def moved(self, answers: Sequence[Answer], model: Transformer, pool: Pool) -> dict[str, float]:
        """Of answers that the model drew: the distance from the reference in nats per token, exact and by the three
        estimators, that of whole answers, the entropy, and how long they are."""
        micro = rectangles(answers, self.config.micro_batch_tokens)
        jobs = [pool.later(partial(distances, m, model, self.reference)) for m in micro]
        tokens = torch.cat([job.result() for job in jobs])  # (tokens, 5)
        found = dict(zip(("kl", "k1", "k2", "k3", "entropy"), tokens.mean(0).tolist(), strict=True))
        return found | {
            "kl_answer": float(tokens[:, 0].sum()) / len(answers),
            "length": sum(len(answer.ids) - answer.begins for answer in answers) / len(answers),
        }


@torch.no_grad()
def log_probs(model: Transformer, micro: MicroBatch) -> Tensor:
    """Of every target, (B, T)."""
    return token_log_probs(model(micro.inputs), micro.targets)


def sums_as_in_training(frozen: Transformer, micro: MicroBatch) -> Tensor:
    """Of all targets of a row together, (B,), from a model without gradients, by the arithmetic of a pass that keeps
    them (see `uses_fused_kernel`): a policy that has not moved then has exactly these numbers."""
    return sequence_log_probs(frozen(micro.inputs), micro.targets)


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
