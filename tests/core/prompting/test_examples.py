"""Learning from examples: scores beside step-by-step decoding, all orders, a Bayesian whom the order does not move."""

import json
import math
from dataclasses import asdict

import numpy as np
import pytest
import torch

from core.analysis.skills.exact import Asked, Passage
from core.analysis.skills.games import FAMILIES
from core.generation import Sampler, generate
from core.model import ModelConfig, Transformer
from core.prompting import examples
from core.prompting.examples import FewShot, asked, bayesian_curve, changed, draw, few_shot, first, orders
from core.prompting.one import candidates, shown
from core.prompting.plain import from_plain
from core.prompting.scores import after, score
from core.text import Tokenizer
from core.text.tinyland.games import player, predictive

TOKENIZER = Tokenizer.byte_tokenizer()


@pytest.fixture(scope="module")
def model():
    config = ModelConfig(vocab_size=TOKENIZER.vocab_size, context_length=320, n_layers=2, n_heads=2, d_model=32)
    model = Transformer(config)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(0, 0.2, generator=generator)
    return model


def test_a_score_is_the_product_of_what_decoding_gives_step_by_step(model):
    texts = [("one: ", "ab"), ("a longer prompt here ->", " x y")]
    found = score(model, TOKENIZER, [after(TOKENIZER, *text) for text in texts])
    for (prompt, answer), log_prob in zip(texts, found.log_prob, strict=True):
        ids, total = [TOKENIZER.eot, *TOKENIZER.encode(prompt)], 0.0
        with torch.inference_mode():
            for id in TOKENIZER.encode(answer):
                total += float(model(torch.tensor([ids]))[0, -1].double().log_softmax(-1)[id])
                ids.append(id)
            probs = model(torch.tensor([ids]))[0, -1].double().softmax(-1)
        ends = [i for i in range(len(probs)) if TOKENIZER.token_bytes(i).startswith((b"\n", b"<|"))]
        assert log_prob == pytest.approx(total + math.log(float(probs[ends].sum())), abs=1e-5)


def test_right_is_what_greedy_decoding_writes(model):
    ids = [TOKENIZER.eot, *TOKENIZER.encode("go: ")]
    written = [step.id for step in generate(model, ids, Sampler(temperature=0), 4, seed=0)]
    other = [(written[0] + 1) % 256, *written[1:]]
    texts = [Asked((*ids, *answer), (Passage(len(ids), len(ids) + 3),)) for answer in (written, other)]
    assert score(model, TOKENIZER, texts).right.tolist() == [True, False]


def test_every_order_is_tried_once_and_moves_the_bayesian_not():
    for one in draw(FAMILIES["lists"], 4):
        four = first(one, 4)
        found = [order.pairs for order in orders(four)]
        assert len(set(found)) == len(found) == 24 and all(sorted(pairs) == sorted(four.pairs) for pairs in found)
        beliefs = [predictive(pairs, four.given, player(True))[four.outcome] for pairs in found]
        assert np.allclose(beliefs, beliefs[0])


def test_the_band_is_the_least_and_the_most_over_all_orders(model, monkeypatch):
    monkeypatch.setattr(examples, "MOST", 3)
    monkeypatch.setattr(examples, "ORDERED", 3)
    found = few_shot(model, TOKENIZER, FAMILIES["tables_seen"], 5)
    games = examples.fitting(model, TOKENIZER, draw(FAMILIES["tables_seen"], 5))
    each = [score(model, TOKENIZER, [asked(TOKENIZER, order) for order in orders(one)]).log_prob for one in games]
    assert found.orders[3].log_prob == pytest.approx(
        (np.mean([x.min() for x in each]), np.mean([x.max() for x in each]))
    )
    assert len(each[0]) == 6 and found.games == len(games)
    low, high = zip(*(one.log_prob for one in found.orders), strict=True)
    means = [value for value, _, _ in found.curves["right"].log_prob]
    assert all(a <= m + 1e-4 and m <= b + 1e-4 for a, m, b in zip(low, means, high, strict=True))
    assert from_plain(FewShot, json.loads(json.dumps(asdict(found)))) == found


def test_the_bayesian_is_sure_once_examples_tell_everything():
    curve = bayesian_curve(draw(FAMILIES["lists"], 30))
    assert curve.right[0][0] < 0.5 and curve.right[8][0] == 1 and abs(curve.log_prob[8][0]) < 1e-9


def test_changed_examples_leave_the_case_and_its_outcome_alone():
    for one in draw(FAMILIES["tables_seen"], 12):
        wrong, beside = changed(one, "wrong"), changed(one, "irrelevant")
        for other in (wrong, beside):
            assert (other.given, other.outcome, len(other.pairs)) == (one.given, one.outcome, len(one.pairs))
            assert other == changed(one, "wrong" if other is wrong else "irrelevant")
        assert [x for x, _ in wrong.pairs] == [x for x, _ in one.pairs]
        assert wrong.pairs != one.pairs and set(beside.pairs) != set(one.pairs)


def test_a_game_is_shown_in_each_of_its_orders():
    found = {shown("lists", 3, 3, "right", order).pairs for order in range(6)}
    assert len(found) == 6 and shown("lists", 3, 3, "right", 6) == shown("lists", 3, 3, "right", 0)
    one = shown("lists", 3, 2, "right", 0)
    assert candidates(one, 5)[0] == one.outcome and len(set(candidates(one, 5))) == len(candidates(one, 5))
    with pytest.raises(ValueError, match="one of"):
        shown("nothing", 0, 1, "right", 0)


@pytest.mark.parametrize("value", [{}, {"k": 1}, [], {"k": "1", "right": [0, 1], "log_prob": [0, 1], "decides": 0}])
def test_what_is_no_record_is_refused(value):
    with pytest.raises(ValueError, match="no "):
        from_plain(examples.Orders, value)
