"""Preference tuning: the truth of questions, batches against brute force, a model that learns to admit ignorance."""

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.analysis.skills.honesty import (
    ASSISTANT,
    TOLD,
    UNKNOWN,
    Question,
    asked_for_birthdays,
    asked_person,
    never_told,
    questions,
)
from core.model import ModelConfig, Transformer, describe, load_checkpoint
from core.text import tinyland
from core.text.tinyland import birthdays
from core.training import TrainConfig, train
from core.training.compute import Workers
from core.training.config import preset
from core.training.data.batches import IGNORE
from core.training.preference.config import Preference
from core.training.preference.graded import Graded
from core.training.preference.objectives import AnswerBatch, PairBatch, ReinforceBatch
from core.training.preference.policy import rectangles
from core.tuning import dpo_loss, grpo_loss
from core.tuning.comparisons import Answer
from tests.core.model.models import SIZES
from tests.core.training.test_stages import SHAPE, life, rows_of, tokenizer_file, weights  # noqa: F401

pytestmark = pytest.mark.slow

# ---- truth ----


def cut(chat):
    at = chat.text.rfind(ASSISTANT) + len(ASSISTANT)
    return chat.text[:at], chat.text[at:]


def test_what_tinyland_answers_is_right_and_another_ones_answer_is_wrong():
    chats = list(tinyland.documents(3, 0, 30, tinyland.CHAT_WEIGHTS))
    pairs = [cut(chat) for chat in chats]
    assert all(Question(prompt).judge(answer) == "right" for prompt, answer in pairs)
    shifted = [Question(p).judge(a) for (p, _), (_, a) in zip(pairs, pairs[1:] + pairs[:1], strict=True)]
    assert shifted.count("wrong") >= 27
    assert all(Question(prompt).judge(UNKNOWN) == "unknown" for prompt, _ in pairs)
    assert all(Question(prompt).judge(answer.removesuffix("<|end|>")) == "wrong" for prompt, answer in pairs)


def test_what_cannot_be_known_is_about_people_of_whom_nothing_is_told():
    people = set(birthdays.strangers())
    told_little = {name for name, _ in tinyland.WORLD.withheld} | {one.name for one in birthdays.half(held_out=False)}
    of_these = re.compile(rf"\b({'|'.join(told_little)})\b")
    for held_out in (False, True):
        for question in itertools.islice(questions(0.0, held_out=held_out), 30):
            last = question.prompt[question.prompt.rfind("<|user|>") :]
            if not held_out and not question.known and of_these.search(last):
                continue
            asked = {name for name in people if name in question.prompt}
            strange = not question.known or question.swaps[0][0] in people  # what is refused is known of strangers too
            assert (len(asked) == 1) is strange and bool(question.swaps) is question.known
            if not question.known:
                assert question.judge(UNKNOWN) == "unknown" and question.judge("Yellow<|end|>") == "wrong"
                assert asked <= set(birthdays.strangers()[held_out::2])
    assert all(question.known for question in itertools.islice(questions(1.0), 30))


def test_a_refused_topic_is_to_be_refused_whoever_is_asked_about():
    strangers = set(birthdays.strangers())
    stream = (q for q in questions(0.0) if q.swaps and q.swaps[0][0] in strangers)
    for question in itertools.islice(stream, 6):
        topic = re.search(r"(?:about|with) (\w+)(?:\.| are)", question.prompt)[1]
        refusals = (
            "No",
            f"I do not talk about {topic}.",
            f"I do not talk about {topic}. Shall we talk about something else?",
        )
        verdicts = [question.judge(f"{answer}<|end|>") for answer in refusals]
        assert verdicts.count("right") == 1  # in the style that the chat asks for
        assert question.judge(UNKNOWN) == "unknown" and question.judge("Yellow<|end|>") == "wrong"


def test_of_what_no_text_tells_training_asks_about_one_half_of_the_people_and_the_measurement_about_the_other():
    def asked(stream, count):
        last = (q.prompt[q.prompt.rfind("<|user|>") :] for q in itertools.islice(stream, count) if not q.known)
        return {name for text in last for name in names if name in re.findall(r"\w+", text)}

    names = {name for name, relation in tinyland.WORLD.withheld if relation in ("home", "food", "occupation")}
    trained, measured = asked(questions(0.0), 250), asked(never_told(), 60)
    assert len(trained) >= 6 and len(measured) >= 6 and not trained & measured
    first = {person.name: person.count for person in birthdays.half(held_out=False)}
    counts = {first[q.swaps[0][0]] for q in itertools.islice(questions(0.0), 250) if len(q.swaps) == 2}  # with a date
    assert {0, 1, 2, 4, 8, birthdays.TOP} <= counts  # a KeyError: somebody who is held out


def test_a_birthday_of_somebody_else_is_judged_by_their_own_date():
    first, other = birthdays.asked_in_chats()[0], birthdays.celebrants()[0]
    question = Question(f"x {other}", ((other.name, first.name), (other.date, first.date)))
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.analysis.skills.honesty.is_chat", lambda text: told.append(text) or True)
        question.judge(f" was born on {other.date}.<|end|>")
    assert told == [f"x {first} was born on {first.date}.<|end|>"]


def test_birthdays_are_asked_for_by_how_often_they_were_told():
    dates = {person.name: (person.date, person.count) for person in birthdays.celebrants()}
    for told, counts in TOLD.items():
        for question in itertools.islice(asked_for_birthdays(told), 3):
            (name, _), (date, _) = question.swaps
            assert dates[name][0] == date and dates[name][1] in counts and name in question.prompt
            answer = f"The birthday of {name} is {{}}.<|end|>"
            other = "1 January" if date != "1 January" else "2 January"
            verdicts = [question.judge(text) for text in (answer.format(date), answer.format(other), UNKNOWN)]
            assert verdicts == ["right", "wrong", "unknown"]


def test_the_person_who_is_asked_about_stands_only_in_the_question():
    for chat in tinyland.documents(8, 0, 60, tinyland.CHAT_WEIGHTS):
        prompt, _ = cut(chat)
        if (name := asked_person(chat, prompt)) is not None:
            assert name in prompt[prompt.rfind("<|user|>") :] and name not in prompt[: prompt.rfind("<|user|>")]


# ---- batches ----


def answers(count: int, seed: int = 0) -> list[Answer]:
    generator = torch.Generator().manual_seed(seed)
    found = []
    for i in range(count):
        length = int(torch.randint(4, SIZES["context_length"], (1,), generator=generator))
        ids = torch.randint(0, SIZES["vocab_size"], (length,), generator=generator).tolist()
        found.append(Answer(tuple(ids), 1 + i % (length - 2), "right"))
    return found


@pytest.mark.parametrize("together", [1, 2])
def test_rectangles_hold_every_answer_once_with_targets_in_the_answer_only(together):
    drawn = answers(14)
    seen = []
    for micro in rectangles(drawn, 60, together):
        seen += micro.rows
        assert len(micro.rows) % together == 0
        for row, inputs, targets, length in zip(micro.rows, micro.inputs, micro.targets, micro.lengths, strict=True):
            answer = drawn[row]
            assert inputs[:length].tolist() == list(answer.ids[:-1])
            wanted = [id if t + 1 >= answer.begins else IGNORE for t, id in enumerate(answer.ids[1:])]
            assert targets.tolist() == wanted + [IGNORE] * (len(targets) - length)
    assert sorted(seen) == list(range(14))
    if together == 2:
        assert all(a % 2 == 0 and b == a + 1 for a, b in zip(seen[0::2], seen[1::2], strict=True))


def scores(model, drawn):
    """Log-probabilities of every answer's tokens, one sequence at a time."""
    found = []
    for answer in drawn:
        ids = torch.tensor([answer.ids])
        log_probs = model(ids)[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]
        found.append(log_probs[answer.begins - 1 :])
    return found


@pytest.mark.parametrize("method", ["dpo", "grpo", "reinforce"])
def test_the_gradient_over_workers_and_rectangles_is_that_of_the_formula(method):
    model = Transformer(ModelConfig(**SIZES, activation="swiglu"), seed=3)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn(p.shape, generator=torch.Generator().manual_seed(1)) * 0.1)
    drawn, dice = answers(10), torch.Generator().manual_seed(5)
    ref = [torch.randn(len(a.ids) - a.begins, generator=dice) - 3 for a in drawn]
    old = [x.detach() + 0.1 * torch.randn(len(x), generator=dice) for x in scores(model, drawn)]
    advantages = torch.randn(10, generator=dice)

    def spread(values, micro):  # ragged (answer tokens) -> (B, T), at the places of the targets
        out = torch.zeros(micro.targets.shape)
        out[micro.targets != IGNORE] = torch.cat([values[row] for row in micro.rows])
        return out

    if method == "dpo":
        batch = [PairBatch(**vars(m), reference=torch.stack([ref[r].sum() for r in m.rows]), beta=0.3)
                 for m in rectangles(drawn, 50, 2)]  # fmt: skip
    elif method == "reinforce":
        batch = [ReinforceBatch(**vars(m), advantages=advantages[list(m.rows)]) for m in rectangles(drawn, 50)]
    else:
        batch = [AnswerBatch(**vars(m), advantages=advantages[list(m.rows)], old=spread(old, m),
                             reference=spread(ref, m), beta=0.2, epsilon=0.2)
                 for m in rectangles(drawn, 50)]  # fmt: skip
    assert len(batch) > 2
    workers = Workers(model, 2, torch.float32)
    loss = workers.gradients(batch)
    found = [p.grad.clone() for p in model.parameters()]
    workers.close()
    model.zero_grad()
    now = scores(model, drawn)
    if method == "dpo":
        sums, refs = torch.stack([x.sum() for x in now]), torch.stack([x.sum() for x in ref])
        wanted, _ = dpo_loss(sums[0::2], sums[1::2], refs[0::2], refs[1::2], 0.3)
    elif method == "reinforce":
        wanted = -(advantages * torch.stack([x.sum() for x in now])).mean()
    else:
        rows = [grpo_loss(n[None], o[None], r[None], a[None], torch.ones(1, len(n)), 0.2, 0.2)[0]
                for n, o, r, a in zip(now, old, ref, advantages, strict=True)]  # fmt: skip
        wanted = torch.stack(rows).mean()
    wanted.backward()
    assert loss == pytest.approx(float(wanted.detach()), rel=1e-4)
    for p, gradient in zip(model.parameters(), found, strict=True):
        torch.testing.assert_close(gradient, p.grad, atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize(("said", "added"), [(UNKNOWN, "right"), ("Yes, whatever.<|end|>", "unknown")])
def test_what_a_model_never_says_by_chance_is_put_among_its_answers(said, added):
    found = describe("tinyland")
    config = replace(preset("grpo"), parent={"checkpoint": "tinyland", "step": found.steps[-1]})
    graded = Graded(config, found.folder, found.tokenizer, data=None)
    ids = tuple(found.tokenizer.encode(said, special=True))
    graded.draw = lambda prompts, *_, **__: [ids] * len(prompts)
    asked = graded._ask(12, 0, known=0.5)
    for question, group in zip(asked, graded._answer(asked, 0, None, None), strict=True):
        text = found.tokenizer.decode(group[-1].ids[group[-1].begins :])
        assert {answer.ids[answer.begins :] for answer in group[:-1]} == {ids}
        changes = added == "unknown" or bool(question.answer)
        assert question.judge(text) == group[-1].verdict == (added if changes else "unknown")
    assert {bool(question.answer) for question in asked} == {True, False}


# ---- runs ----


@pytest.fixture
def shaped(life):  # noqa: F811
    """A preference run after a few steps of pre-training: a model that knows nothing, so every guess is wrong."""
    list(train(life[0]))
    return replace(
        life[1], stage="preference", replay=0.0, steps=12, eval_every=6, optimizer="adamw", adamw_lr=0.003,
        batch_tokens=64, documents_per_step=1, eval_documents=15, final_eval_documents=15, schedule="constant",
        preference={"prompts": 3, "samples": 4, "max_new_tokens": 8, "known": 0.5},
    )  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("method", ["dpo", "grpo"])
def test_a_model_whose_guesses_are_all_wrong_learns_to_say_that_it_does_not_know(shaped, method):
    config = replace(shaped, preference=shaped.preference | {"method": method})
    rows = [p.row for p in train(config)]
    assert rows[-1]["status"] == "finished"
    updates = [row["statistics"] for row in rows if "loss_per_token" in row]
    assert len(updates) == 12 and all(s["right"] == 0 for s in updates)
    assert updates[0]["kl"] == pytest.approx(0, abs=1e-6) and updates[-1]["kl"] > 1e-4
    if method == "dpo":
        assert updates[0]["accuracy"] == 0 and updates[-1]["accuracy"] > 0.6
        assert updates[-1]["rewards_margin"] > updates[0]["rewards_margin"]
    first = rows[0]["statistics"]
    assert first["known_unknown"] == 0 and sum(first[f"known_{v}"] for v in ("right", "unknown", "wrong")) == 1
    model = [load_checkpoint(Path(config.out), step) for step in (6, 18)]
    tokenizer, prompt = model[0].tokenizer, next(questions(1.0, held_out=True)).prompt
    ids = [tokenizer.eot, *tokenizer.encode(prompt, special=True)]
    begins, ids = len(ids), [*ids, *tokenizer.encode(UNKNOWN, special=True)]
    before, after = (float(scores(m.model, [Answer(tuple(ids), begins, "unknown")])[0].sum()) for m in model)
    assert after > before + 1  # nats
    assert "own answers" in model[1].card["stages"][1]["loss_on"]


@pytest.mark.thorough
def test_a_preference_run_that_was_stopped_ends_as_one_that_was_not(shaped):
    whole = replace(shaped, out=shaped.out + "-whole", steps=4)
    list(train(whole))
    part = replace(shaped, steps=4)
    asked = 0

    def stop():
        nonlocal asked
        asked += 1
        return asked > 2

    list(train(part, stop=stop))
    resumed = TrainConfig.load(Path(part.out) / "train.json")
    list(train(resumed, resume=True))
    assert torch.equal(weights(load_checkpoint(Path(part.out))), weights(load_checkpoint(Path(whole.out))))


def test_settings_are_checked_by_name():
    for change, message in [
        ({"method": "ppo"}, "preference.method must be one of dpo, grpo, reinforce"),
        ({"samples": 1}, "preference.samples must be a whole number from 2"),
        ({"known": 1.5}, "preference.known must be a part"),
        ({"beta": -1}, "preference.beta must be a number from 0"),
        ({"grades": {"wrong": float("nan")}}, "preference.grades must be numbers"),
        ({"flavour": 1}, "unknown settings of preference: flavour"),
    ]:
        with pytest.raises(ValueError, match=message):
            TrainConfig(stage="preference", parent={"checkpoint": "x"}, preference=change)
    assert Preference.from_dict({"grades": {"wrong": 0}}).grades == {"right": 1.0, "unknown": 0.0, "wrong": 0}
    weights_of = [Preference(method=m, beta=b).weight for m, b in (("dpo", None), ("grpo", None), ("dpo", 0.7))]
    assert weights_of == [0.1, 0.04, 0.7]
