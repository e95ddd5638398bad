"""Prompts side by side: templates filled in, answers judged, paired intervals, and seeds that are the same for all."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch

from core.analysis.skills.games import FAMILIES
from core.generation import Sampler
from core.generation.batch import sample_batch
from core.intervals import paired_difference
from core.model import Checkpoint, ModelConfig, Transformer
from core.prompting import laboratory
from core.prompting.examples import draw, first
from core.prompting.laboratory import Bench, Tried, answers, attempt, seed_of
from core.prompting.tasks import TASKS, Question, TemplateError, check, fill, glue, is_chat, said
from core.prompting.tips import TIPS, effect, verdict
from core.text import Tokenizer, tinyland

QUESTION = Question("c d", "d c", (("a b", "b a"), ("e f", "f e")))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    tokenizer = Tokenizer.byte_tokenizer()
    config = ModelConfig(vocab_size=tokenizer.vocab_size, context_length=256, n_layers=1, n_heads=2, d_model=16)
    model = Transformer(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(0, 0.3, generator=torch.Generator().manual_seed(1))
    return Checkpoint(
        tokenizer=tokenizer, config=config, steps=(0,), step=0, card={}, folder=tmp_path_factory.mktemp("c"), name="c",
        model=model,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("Do {case} ->", "Do c d ->"),
        ("Title\n{1 example}{case} ->", "Title\na b -> b a\nc d ->"),
        ("{2 examples}{case}:", "a b: b a\ne f: f e\nc d:"),
        ("{1 example}<|user|>{case}<|end|><|assistant|>",
         "<|user|>a b<|end|><|assistant|>b a<|end|><|user|>c d<|end|><|assistant|>"),
    ],
)  # fmt: skip
def test_a_template_is_filled_in(template, filled):
    assert fill(template, QUESTION) == filled


def test_a_game_is_put_as_training_has_it():
    for one in draw(FAMILIES["lists"], 20):
        question = Question(one.given, one.outcome, one.pairs)
        for k, name in ((0, "no example"), (1, "one example"), (4, "four examples")):
            assert fill(TASKS["find the rule"].prompts[name], question) == first(one, k).prompt()


REFUSED = ("", "no case", "{case} {case}", "{case}{2 examples}", "{9 examples}{case}", "{0 examples}{case}",
           "{1 example}{1 example}{case}", "{case}" + "x" * 800)  # fmt: skip


@pytest.mark.parametrize("template", REFUSED)
def test_what_cannot_be_filled_in_is_refused(template):
    with pytest.raises(TemplateError):
        check(template)


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_cases_whose_own_answer_is_right_and_no_other(task):
    one = TASKS[task]
    questions = one.questions(12)
    assert len(questions) == 12 and questions == one.questions(12)
    for question in questions:
        assert one.judge(question, question.answer) and question.case not in [case for case, _ in question.examples]
        assert not one.judge(question, "") and not one.judge(question, f"not {question.answer}x")
        for template in one.prompts.values():
            filled = fill(template, question)
            assert (
                question.case in filled
                and "{" not in filled
                and said(glue(template) + question.answer) == question.answer
            )


def test_translations_are_tinylands():
    for question in TASKS["translate"].questions(5):
        assert tinyland.parse(f"English: {question.case}\nOlu: {question.answer}").kind == "translation"
        assert not is_chat(TASKS["translate"].prompts["the form it has read"])


def test_ever_and_always_are_counted_over_all_choices_of_samples():
    one = Tried("", (True, False), (3, 1), 4, "", "", 0, 0, 0)
    for k in (1, 2, 4):
        choices = [[1] * hits + [0] * (4 - hits) for hits in one.hits]
        any_ = [np.mean([max(c) for c in combinations(each, k)]) for each in choices]
        all_ = [np.mean([min(c) for c in combinations(each, k)]) for each in choices]
        assert one.ever(k) == pytest.approx(np.mean(any_)) and one.always(k) == pytest.approx(np.mean(all_))


def test_a_paired_interval_holds_the_true_difference_as_often_as_it_says():
    dice = np.random.default_rng(0)
    for p, q in (
        (0.3, 0.1),
        (0.05, 0.05),
        (0.5, 0.02),
    ):  # chance of being right in the first alone, in the second alone
        drawn = dice.multinomial(40, (p, q, 1 - p - q), size=1500)
        held = [low <= p - q <= high for _, low, high in (paired_difference(int(a), int(b), 40) for a, b, _ in drawn)]
        assert np.mean(held) > 0.93
    assert paired_difference(0, 0, 40)[1] < 0 < paired_difference(0, 0, 40)[2]


def test_answers_are_those_of_each_prompt_alone_with_its_seed(checkpoint):
    tokenizer = checkpoint.tokenizer
    ids = [[tokenizer.eot, *tokenizer.encode(text)] for text in ("a longer prompt", "short", "of length")]
    seeds = [seed_of(case, 1) for case in range(3)]
    found = answers(checkpoint, ids, seeds, 1.0)
    assert len({seed_of(case, repeat) for case in range(40) for repeat in range(4)}) == 160
    for prompt, seed, text in zip(ids, seeds, found, strict=True):
        assert answers(checkpoint, [prompt], [seed], 1.0) == [text]
    greedy = sample_batch(
        checkpoint.model, ids[1], Sampler(temperature=0), [0], laboratory.NEW_TOKENS,
        set(tokenizer.special_tokens.values()),
    )  # fmt: skip
    assert answers(checkpoint, ids, [0] * 3, 0.0)[1] == tokenizer.decode(greedy[0].ids)


def test_an_attempt_counts_what_it_did(checkpoint, monkeypatch):
    monkeypatch.setattr(laboratory, "CASES", 3)
    monkeypatch.setattr(laboratory, "REPEATS", 2)
    monkeypatch.setitem(TASKS, "always", replace(TASKS["find the rule"], judge=lambda *_: True))
    one = attempt(checkpoint, "always", "{case} ->")
    assert (one.right, one.hits) == ((True,) * 3, (2,) * 3) and one.rate[0] == one.always(2) == 1
    assert one.minus(replace(one, right=(False,) * 3))[0] == 1 and one.tokens > 3
    two = attempt(checkpoint, "always", "{case} =", 2, 3)
    assert (len(two.right), two.hits, two.repeats) == (2, (3, 3), 3)
    with pytest.raises(ValueError, match="there is room for"):
        attempt(checkpoint, "always", "x" * 300 + "{case}")


def test_every_tip_is_about_prompts_that_there_are():
    better, worse = (Tried("", (hit,) * 20, (4 * hit,) * 20, 4, "", "", 0, 0, 0) for hit in (True, False))
    for tip in TIPS:
        prompts = TASKS[tip.task].prompts
        assert {tip.without, tip.following} <= prompts.keys()
        if not tip.tries:
            found = effect(tip, Bench(tip.task, {tip.without: worse, tip.following: better}))
            assert found[0] == 1 and verdict(found) == "helps" and verdict((0, -0.1, 0.1)) == "no clear difference"
            assert verdict(effect(tip, Bench(tip.task, {tip.without: better, tip.following: worse}))) == "hurts"
        else:
            some = replace(better, hits=(1,) * 20)
            assert effect(tip, Bench(tip.task, {tip.following: some}))[0] == pytest.approx(1 - 1 / 4)
