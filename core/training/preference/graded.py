"""Preference tuning: the model answers questions, its answers are graded by the truth, and it learns from the grades.

DPO learns from pairs: of the answers to one question a right one is preferred to "I do not know", and that to a wrong
one. GRPO and REINFORCE learn from all answers, by how their grades differ from those of their group. A model that was
never told to say "I do not know" does not say so by chance: where all that it drew is wrong, that answer is put among
them, as if drawn. (Beside right ones it would only be made less likely still, by as much as everything else together.)
Nor does one that says nothing else any more come back by chance: where it says so each time of what it was told, the
right answer is put among them. (Measured: without, asked for one word it said so of 57 % of what it knew.)
"""

import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import torch

from core.analysis.skills.honesty import END, TOLD, UNKNOWN, Question, asked_for_birthdays, questions
from core.model import Transformer
from core.text import Tokenizer
from core.training.config import TrainConfig
from core.training.data.batches import Data
from core.training.preference.policy import Batches, Policy, Pool
from core.tuning.comparisons import Answer

JUDGED = ("right", "unknown", "wrong")
KNOWN = {"known": 1.0, "unknowable": 0.0}  # the part of the questions whose answer may be known
EACH = 16  # birthdays of each count


class Graded(Policy):
    """What one run asks, draws and learns from. The update after step s asks the same questions whenever it is made;
    its draws are a function of the seed, s and the weights."""

    def __init__(self, config: TrainConfig, folder: Path, tokenizer: Tokenizer, data: Data) -> None:
        super().__init__(config, folder, tokenizer, data)
        self.stop = (tokenizer.special_tokens[END], tokenizer.eot)
        self.unknown = tokenizer.encode(UNKNOWN, special=True)

    def batch(self, step: int, model: Transformer, pool: Pool) -> Batches:
        """What update `step` of the stage learns from, and what is known of it: the micro-batches of the method, and
        those of `data`, which keep what was learned before."""
        settings = self.settings
        asked = self._ask(settings.prompts, step * settings.prompts * 4)
        groups = self._answer(asked, step, model, pool)
        statistics = self._statistics(groups, model, pool)
        if settings.method == "dpo":
            micro, more = self._pairs(groups, pool)
        else:
            micro, more = self._grade_groups(groups, model, pool)
        return micro + self.data.batch(step), statistics | more

    def measure(self, count: int, model: Transformer, pool: Pool) -> dict[str, float]:
        """Held-out questions, each answered with the likeliest words: shares of verdicts, of what may be known, of what
        cannot be, and of birthdays that were told often, once and never."""
        asked = {name: self._ask(count, 0, known=known, held_out=True) for name, known in KNOWN.items()}
        asked |= {told: list(itertools.islice(filter(self._fits, asked_for_birthdays(told)), EACH)) for told in TOLD}
        found: dict[str, float] = {}
        for name, those in asked.items():
            prompts = [self._prompt(question) for question in those]
            drawn = self.draw(prompts, [0] * len(those), model, pool, temperature=0.0, stop=self.stop) if those else []
            verdicts = Counter(q.judge(self.tokenizer.decode(ids)) for q, ids in zip(those, drawn, strict=True))
            found |= {f"{name}_{verdict}": verdicts[verdict] / len(those) for verdict in JUDGED if those}
        return found

    def _ask(self, count: int, start: int, *, known: float | None = None, held_out: bool = False) -> list[Question]:
        """Questions that leave room for an answer."""
        stream = questions(self.settings.known if known is None else known, held_out=held_out, start=start)
        return list(itertools.islice(filter(self._fits, stream), count))

    def _fits(self, question: Question) -> bool:
        longest = max(self.settings.max_new_tokens, len(self.unknown), len(self._right(question)))
        return len(self._prompt(question)) <= self.context - longest

    def _prompt(self, question: Question) -> list[int]:
        return [self.tokenizer.eot, *self.tokenizer.encode(question.prompt, special=True)]

    def _right(self, question: Question) -> list[int]:
        return self.tokenizer.encode(question.answer, special=True)

    def _answer(self, asked: list[Question], step: int, model: Transformer, pool: Pool) -> list[list[Answer]]:
        """A group of answers to each question: drawn ones, and "I do not know" where all of them are wrong; the right
        one where all of them are that."""
        n = self.settings.samples
        prompts = [self._prompt(question) for question in asked for _ in range(n)]
        seeds = [int(seed) for seed in np.random.SeedSequence((self.config.seed, step)).generate_state(len(prompts))]
        drawn = self.draw(prompts, seeds, model, pool, temperature=self.settings.temperature, stop=self.stop)
        groups = []
        for i, question in enumerate(asked):
            prompt, group = prompts[i * n], []
            for ids in drawn[i * n : (i + 1) * n]:
                verdict = question.judge(self.tokenizer.decode(ids))
                group.append(Answer((*prompt, *ids), len(prompt), verdict))
            if (all_of := {answer.verdict for answer in group}) == {"wrong"}:
                group[-1] = Answer((*prompt, *self.unknown), len(prompt), "unknown")
            elif all_of == {"unknown"} and question.answer:
                group[-1] = Answer((*prompt, *self._right(question)), len(prompt), "right")
            groups.append(group)
        return groups

    def _pairs(self, groups: list[list[Answer]], pool: Pool) -> Batches:
        """A pair for each question that has answers of two kinds: the best against the worst that is not the same, the
        first of each; right and wrong where both were drawn, else one of them and "I do not know"."""
        pairs = []
        for group in groups:
            first = {verdict: next((a for a in group if a.verdict == verdict), None) for verdict in JUDGED}
            there = [answer for answer in first.values() if answer is not None]
            if len(there) > 1:
                pairs.append((there[0], there[-1]))
        return self.pairs(list(itertools.chain.from_iterable(pairs)), pool)

    def _grade_groups(self, groups: list[list[Answer]], model: Transformer, pool: Pool) -> Batches:
        """Every answer with its grade."""
        grades = torch.tensor([[self.settings.grades[answer.verdict] for answer in group] for group in groups])
        return self.groups(list(itertools.chain.from_iterable(groups)), grades.float(), model, pool)

    def _statistics(self, groups: list[list[Answer]], model: Transformer, pool: Pool) -> dict[str, float]:
        """Of the answers: their grade, what they are, how long; of the first to each question, how far the model has
        moved."""
        answers = list(itertools.chain.from_iterable(groups))
        verdicts = Counter(answer.verdict for answer in answers)
        measured = self.moved([group[0] for group in groups], model, pool)
        measured |= {verdict: verdicts[verdict] / len(answers) for verdict in JUDGED}
        measured["grade"] = sum(self.settings.grades[answer.verdict] for answer in answers) / len(answers)
        measured["length"] = sum(len(answer.ids) - answer.begins for answer in answers) / len(answers)
        return measured
