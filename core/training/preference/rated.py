"""Preference tuning on comparisons of texts: a visitor's own, or those of a programmatic rater.

DPO learns from the pairs themselves. GRPO and REINFORCE write continuations and learn from their reward: that of a
reward model that was learned from the pairs (the proxy), or the rater's own. Where a programmatic rater made the pairs,
what it really likes is measured beside the proxy all along.
"""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.files import write_atomically
from core.generation.rollouts import rollouts
from core.model import Transformer
from core.text import Tokenizer
from core.training.config import TrainConfig
from core.training.data.batches import Data
from core.training.disk.folder import RunError
from core.training.preference.config import COMPARISONS, FEWEST, Preference
from core.training.preference.policy import Batches, Policy, Pool, log_probs, rectangles
from core.tuning.comparisons import Answer, Pair, decided, ends, export_pairs, import_pairs, opening, text_of
from core.tuning.raters import Rater
from core.tuning.reward_model import accuracy, answers_of, fit_reward_model, means_of, states_of

HELD = 5  # one in so many comparisons is held out
MEASURED = 64  # continuations of an evaluation


class Rated(Policy):
    """What one run learns from. Which pairs an update reads, and the seeds of its draws, are functions of the seed and
    the step."""

    def __init__(self, config: TrainConfig, folder: Path, tokenizer: Tokenizer, data: Data) -> None:
        super().__init__(config, folder, tokenizer, data)
        pairs = read_comparisons(folder)
        answers = answers_of(tokenizer, pairs, self.context)
        self.stop = tuple(ends(tokenizer))
        self.held = [answer for i in range(0, len(pairs), HELD) for answer in answers[2 * i : 2 * i + 2]]
        kept = [i for i in range(len(pairs)) if i % HELD]
        self.kept = [answers[2 * i : 2 * i + 2] for i in kept]
        self.rater = rater_of(self.settings)
        self.prompts = self.settings.openings or list(dict.fromkeys(pair.prompt for pair in pairs))
        self.openings = [
            opening(tokenizer, prompt, self.context, self.settings.max_new_tokens) for prompt in self.prompts
        ]
        means = means_of(self.reference, answers)
        rows = torch.tensor([row for i in kept for row in (2 * i, 2 * i + 1)])
        self.reward = fit_reward_model(means[rows[0::2]], means[rows[1::2]])
        scores = ((means - self.reward.mean) / self.reward.scale) @ self.reward.weights
        self.zero, self.unit = float(scores.mean()), max(float(scores.std()), 1e-6)
        self.agrees = float(accuracy(self.reward, *(means[i :: 2 * HELD] for i in (0, 1))).mean())

    def batch(self, step: int, model: Transformer, pool: Pool) -> Batches:
        """What update `step` of the stage learns from, and what is known of it."""
        kept = self.data.batch(step) if self.config.replay else []
        if self.settings.method == "dpo":
            micro, statistics = self._pairs(step, pool)
        else:
            micro, statistics = self._drawn(step, model, pool)
        return micro + kept, statistics

    def measure(self, _count: int, model: Transformer, pool: Pool) -> dict[str, float]:
        """Continuations on the same seeds at every evaluation, and the comparisons that were held out."""
        answers, numbers = self._write(MEASURED, [9_000_000 + i for i in range(MEASURED)], model, pool)
        found = self._worth(answers, numbers)[1] | self.moved(answers, model, pool)
        micro = rectangles(self.held, self.config.micro_batch_tokens, together=2)
        sums = [torch.cat([log_probs(who, m).sum(1) for m in micro]) for who in (model, self.reference)]
        margin = (sums[0] - sums[1])[0::2] - (sums[0] - sums[1])[1::2]
        return found | {
            "held_accuracy": float(((margin > 0).float() + (margin == 0).float() / 2).mean()),
            "held_log_probs_chosen": float(sums[0][0::2].mean()),
            "held_log_probs_rejected": float(sums[0][1::2].mean()),
            "reward_model_accuracy": self.agrees,
        }

    def _pairs(self, step: int, pool: Pool) -> Batches:
        """The next pairs of a random order, a new one for each epoch."""
        size, count = min(self.settings.prompts, len(self.kept)), len(self.kept)
        chosen = []
        for number in range(step * size, (step + 1) * size):
            order = np.random.default_rng((self.config.seed, 1, number // count)).permutation(count)
            chosen += self.kept[order[number % count]]
        return self.pairs(chosen, pool)

    def _drawn(self, step: int, model: Transformer, pool: Pool) -> Batches:
        """Groups of continuations with their rewards."""
        count = self.settings.prompts * self.settings.samples
        seeds = [int(seed) for seed in np.random.SeedSequence((self.config.seed, step)).generate_state(count)]
        answers, numbers = self._write(count, seeds, model, pool, step * self.settings.prompts)
        rewards, statistics = self._worth(answers, numbers)
        firsts = answers[:: self.settings.samples] if self.settings.prompts > 4 else answers
        lengths = {"length": sum(len(answer.ids) - answer.begins for answer in answers) / len(answers)}
        statistics |= self.moved(firsts, model, pool) | lengths
        micro, more = self.groups(answers, rewards.view(-1, self.settings.samples), model, pool)
        return micro, statistics | more

    def _write(
        self, count: int, seeds: list[int], model: Transformer, pool: Pool, start: int = 0
    ) -> tuple[list[Answer], list[int]]:
        """Continuations, `samples` of each prompt in turn, and the number of the prompt of each."""
        numbers = [(start + i // self.settings.samples) % len(self.prompts) for i in range(count)]
        prompts = [self.openings[number] for number in numbers]
        drawn = self.draw(prompts, seeds, model, pool, temperature=self.settings.temperature, stop=self.stop)
        answers = [Answer((*p, *ids), len(p)) for p, ids in zip(prompts, drawn, strict=True)]
        return answers, numbers

    def _worth(self, answers: Sequence[Answer], numbers: Sequence[int]) -> tuple[Tensor, dict[str, float]]:
        """The rewards (B,) that count, and what is known of them: of the reward model in standard deviations over the
        compared texts, of the rater as it states them."""
        states = states_of(self.reference, answers)
        proxy = torch.tensor([(self.reward.reward(one) - self.zero) / self.unit for one in states])
        found = {"reward": float(proxy.mean()), "reward_spread": float(proxy.std())}
        if self.rater is None:
            return proxy, found
        texts = [text_of(self.tokenizer, answer.ids[answer.begins :]) for answer in answers]
        worth = [self.rater.utility(text, self.prompts[i]) for text, i in zip(texts, numbers, strict=True)]
        true = torch.tensor(worth)
        found |= {"true_reward": float(true.mean()), "true_spread": float(true.std())}
        return (true if self.settings.reward == "rater" else proxy), found


def rater_of(settings: Preference) -> Rater | None:
    """The programmatic rater of a run; None where a person compared. Raises ValueError for an unknown taste."""
    return Rater(settings.taste, settings.noise) if settings.taste else None


def read_comparisons(folder: Path) -> list[Pair]:
    """The comparisons with a choice in the folder of a run. Raises RunError where they are too few."""
    try:
        text = (folder / COMPARISONS).read_text(encoding="utf-8", errors="replace")
    except OSError:
        raise RunError(f"a run that learns from comparisons needs them in its folder, as {COMPARISONS}") from None
    pairs = decided(import_pairs(text)[0])
    if len(pairs) < FEWEST:
        raise RunError(f"{len(pairs)} comparisons with a choice are too few to learn from: at least {FEWEST}")
    return pairs


def prepare_comparisons(folder: Path, model: Transformer, tokenizer: Tokenizer, config: TrainConfig) -> None:
    """Have the comparisons of a run in its folder: a programmatic rater makes them now, of what the model that it
    begins with writes; those of a person must be there. Raises ValueError where there is nothing to learn from."""
    settings = Preference.from_dict(config.preference)
    rater = rater_of(settings)
    if rater is None:
        read_comparisons(folder)
        return
    prompts = settings.openings
    dice, wanted, pairs = random.Random(config.seed), settings.comparisons, []
    stop, length = tuple(ends(tokenizer)), model.config.context_length
    for start in range(0, wanted, 32):
        numbers = range(start, min(start + 32, wanted))
        ids = [opening(tokenizer, prompts[n % len(prompts)], length, settings.max_new_tokens) for n in numbers]
        seeds = [(config.seed << 32) + (1 << 31) + 2 * n + i for n in numbers for i in (0, 1)]
        both = [one for one in ids for _ in (0, 1)]
        texts = [text_of(tokenizer, s.ids) for s in rollouts(model, both, seeds, settings.max_new_tokens, stop=stop)]
        for n, a, b in zip(numbers, texts[0::2], texts[1::2], strict=True):
            pairs.append(rater.compare(prompts[n % len(prompts)], a, b, dice))
    rater.check(pairs)
    write_atomically(folder / COMPARISONS, export_pairs(pairs).encode())
