"""The measuring of skills: cases rebuilt from documents, what counts as right, losses against the floor."""

import math
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import pytest
import torch

from core.analysis.skills import cases as skills
from core.analysis.skills import chats, suite
from core.analysis.skills.report import report
from core.model import ModelConfig, Transformer
from core.model.description import Description, Stage
from core.text import Tokenizer, tinyland, train_bpe

pytestmark = pytest.mark.slow


@cache
def docs() -> list[tinyland.Document]:
    return list(tinyland.documents(seed=3, stop=200))


@cache
def tokenizer() -> Tokenizer:
    return Tokenizer.from_bpe(train_bpe([d.text for d in docs()], 500), "test")


@cache
def model() -> Transformer:
    shape = ModelConfig(vocab_size=tokenizer().vocab_size, context_length=256, n_layers=1, n_heads=2, d_model=16)
    return Transformer(shape, seed=1).eval()


def test_wilson_interval() -> None:
    share = skills.Share(right=8, n=10)
    assert share.interval == pytest.approx((0.490, 0.943), abs=1e-3)  # as tabulated
    assert skills.Share(0, 0).interval == (0, 1) and math.isnan(skills.Share(0, 0).rate)


def test_the_expected_answer_is_right_and_others_are_not() -> None:
    for d in docs():
        ids = tokenizer().encode(d.text, special=True)
        for case, before in skills.answer_cases(tokenizer(), [d]):
            assert d.text.startswith(before)
            written = tokenizer().decode(ids[len(case.ids) - 1 :]) + "<|endoftext|>"
            assert skills.is_right(case, written), (case, written)
            assert not skills.is_right(case, "x" + written)
            assert not skills.is_right(case, written.replace(case.expected, case.expected + "1", 1))


def test_every_chat_obeys_its_own_style() -> None:
    styles = set()
    for d in tinyland.documents(5, stop=300, weights={"chat": 1}):
        for answer in d.answers:
            style = d.derivation.env["style"]
            styles.add(style)
            assert skills.style_of(answer.value) == style, (style, answer.value)
    assert styles == {"word", "sentence", "invented", "back"}
    assert skills.style_of("") is None


def test_document_losses_equal_a_plain_loop() -> None:
    some = docs()[:7]
    for d, loss in zip(some, skills.document_losses(model(), tokenizer(), some, batch=3), strict=True):
        ids = torch.tensor([tokenizer().eot, *tokenizer().encode(d.text, special=True), tokenizer().eot])
        with torch.inference_mode():
            log_probs = model()(ids[None, :-1])[0].double().log_softmax(-1)  # (T, V)
        assert loss == pytest.approx(-sum(log_probs[t, i].item() for t, i in enumerate(ids[1:])), rel=1e-5)


def test_a_perfect_model_is_at_the_floor() -> None:
    figures = skills.loss_against_floor([-d.log_prob for d in docs()], docs())
    assert figures["excess"] == pytest.approx(0, abs=1e-12) and figures["excess_95"] == pytest.approx(0, abs=1e-12)
    worse = skills.loss_against_floor([1 - d.log_prob for d in docs()], docs())
    assert worse["excess"] == pytest.approx(1) and worse["excess_share"] == pytest.approx(1 / worse["floor"])


def test_fact_cases_state_only_what_is_known() -> None:
    cases = skills.fact_cases(tokenizer(), tinyland.WORLD.known_facts)
    assert len(cases) == len(tinyland.WORLD.known_facts)
    document = tokenizer().decode(cases[0].ids[1:])
    assert document.startswith(tinyland.WORLD.known_facts[0].subject)


@dataclass(frozen=True)
class Checkpoint:
    model: Transformer
    tokenizer: Tokenizer
    card: dict
    stages: tuple[Stage, ...] = (Stage("pretrain", 0, 100),)
    step: int = 100
    config: ModelConfig = field(default_factory=lambda: model().config)

    read, parts_read, taught_chats = Description.read, Description.parts_read, Description.taught_chats
    has_read, tinyland_read = Description.has_read, Description.tinyland_read


def test_measure_reports_every_skill() -> None:
    read = {"data": {"weights": {"story": 1.0, "recital": 1.0}}}
    figures = suite.measure(Checkpoint(model(), tokenizer(), read), n=4)  # type: ignore[arg-type]
    assert set(figures["held_out_by_kind"]) <= {"story", "recital"}  # the kinds that the model has read
    unread = ("copying", "reference", "reference_who", "reference_what", "games", "birthdays", *chats.FIGURES)
    assert all(figures[name] is None for name in unread) and "chat_tasks" in figures
    assert report(figures).count("n/a") == len(unread)
    assert figures["held_out"]["excess"] > 0
    assert {"story_questions", "pronouns", "translation", "known_facts", "chat_style", "stories_parse"} <= set(figures)
    assert "nats/document" in report(figures)


def test_what_a_model_was_taught_is_measured() -> None:
    pretrained = Checkpoint(model(), tokenizer(), {"data": {"kind": "tinyland", "documents": 500_000}})
    stages = (Stage("pretrain", 0, 100), Stage("sft", 100, 150))
    taught = replace(pretrained, stages=stages, step=101)
    assert not pretrained.taught_chats and taught.taught_chats  # type: ignore[arg-type]
    assert not replace(taught, step=100).taught_chats  # type: ignore[arg-type]
    old = {"data": {"weights": {"story": 1.0, "chat": 0.1}}}  # a model that read chats with everything else
    assert replace(pretrained, card=old).taught_chats  # type: ignore[arg-type]
    assert not replace(pretrained, card=old, step=0).taught_chats  # type: ignore[arg-type]
    short = replace(taught, card={"data": {"kind": "tinyland", "documents": 5000}})
    assert suite.curves(short, 4)["birthdays"] is None  # type: ignore[arg-type]  # not even once
    figures = suite.measure(taught, n=8)  # type: ignore[arg-type]
    assert all(figures[name] is not None for name in (*chats.FIGURES, "copying", "reference", "games", "birthdays"))
    assert [point["k"] for point in figures["games"]["kept_out"]] == list(range(9))
    assert max(point["count"] for point in figures["birthdays"]["one_phrasing"]) < 1024  # more do not fit
    assert "n/a" not in report(figures) and "told     1 times" in report(figures) and "k = 8" in report(figures)


def test_birthdays_are_as_they_were_last_told() -> None:
    def part(first_step: int, **data: Any) -> dict[str, Any]:
        read = {"kind": "tinyland", "weights": {"story": 1}}
        return {"name": "pretrain", "first_step": first_step, "data": read | data}

    told = part(100, documents=1_000_000, weights={"birthday": 0.1, "story": 0.9})
    life = Checkpoint(model(), tokenizer(), {"stages": [part(0), told, part(200)]})
    for step, top in {100: None, 101: 1024, 201: 1024}.items():
        register = chats.register_read(replace(life, step=step))  # type: ignore[arg-type]
        assert (register.top if register else None) == top
        assert replace(life, step=step).has_read("birthday") == (top is not None)  # type: ignore[misc]
    fewer = part(200, documents=200_000, weights={"birthday": 0.1, "story": 0.9})
    again = replace(life, card={"stages": [part(0), told, fewer]}, step=201)
    assert chats.register_read(again).top == 32  # type: ignore[arg-type, union-attr]
    assert [register.top for register in chats.registers_read(again)] == [1024, 32]  # type: ignore[arg-type]
    elsewhere = {"stages": [part(0, kind="text", weights={"birthday": 1.0})]}
    other = replace(life, card=elsewhere)
    assert chats.register_read(other) is None and not other.has_read("birthday")  # type: ignore[arg-type, misc]
