import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.training import train
from core.training.baselines import NAMES, Ladder, encode
from core.training.disk.rows import read_rows


def test_a_worked_example():
    """0 1 2 1 2 3, V = 5. Targets: 1 2 1 2 3, so unigram counts 1:2 2:2 3:1 of n = 5, t = 3 different ones."""
    ladder = Ladder([[0, 1, 2, 1, 2, 3]], 5)
    p = dict(zip(NAMES, ladder.probabilities([0, 1, 2, 3])[:, -1], strict=True))  # p(3), after 1 2
    unigram = (1 + 3 / 5) / (5 + 3)
    bigram = (1 + 2 * unigram) / (2 + 2)  # after 2 came 1 and 3
    trigram = (1 + 2 * bigram) / (2 + 2)  # after 1 2 came 1 and 3
    assert p == pytest.approx({"uniform": 1 / 5, "unigram": unigram, "bigram": bigram, "trigram": trigram})
    first = ladder.probabilities([0, 1, 2, 3])[:, 0]  # p(1) after 0 alone: no trigram context
    assert first[3] == first[2] == pytest.approx((1 + 1 * (2 + 3 / 5) / 8) / 2)
    losses = ladder.losses([[0, 1, 2, 3]])
    assert losses["uniform"] == pytest.approx(math.log(5)) and list(losses) == list(NAMES)


tokens = st.lists(st.integers(0, 5), min_size=1, max_size=12)


@settings(deadline=None, max_examples=40)
@given(st.lists(tokens, min_size=1, max_size=5), tokens)
def test_each_model_is_a_distribution(training, context):
    ladder = Ladder(training, 6)
    every = np.array([ladder.probabilities([*context, w])[:, -1] for w in range(6)])  # (V, 4)
    np.testing.assert_allclose(every.sum(axis=0), 1)
    assert (every > 0).all()


def test_higher_orders_win_on_data_with_structure():
    rng = np.random.default_rng(0)
    ids = [0, 1]
    for _ in range(6000):  # the next token depends on the two before it
        ids.append(int((ids[-1] + ids[-2]) % 7 if rng.random() < 0.8 else rng.integers(7)))
    ladder = Ladder([ids[:5000]], 7)
    losses = list(ladder.losses([ids[5000:]]).values())
    entropy = -(0.8 + 0.2 / 7) * math.log(0.8 + 0.2 / 7) - 6 * (0.2 / 7) * math.log(0.2 / 7)
    assert losses[0] == pytest.approx(math.log(7)) and losses[3] == pytest.approx(entropy, abs=0.1)
    assert losses[3] < min(losses[:3]) - 0.5


def test_codes_are_distinct_and_too_many_are_refused():
    grams = np.array([[a, b] for a in range(4) for b in range(4)])
    assert len(set(encode(grams, 4).tolist())) == 16
    with pytest.raises(ValueError, match="too many"):
        encode(np.zeros((1, 4), dtype=np.int64), 2**20)


def test_a_run_keeps_its_baselines(tiny):
    list(train(replace(tiny, steps=1)))
    row = next(row for row in read_rows(Path(tiny.out) / "metrics.jsonl") if row.get("event") == "baselines")
    assert row["baselines_per_token"]["uniform"] == pytest.approx(math.log(261))
    assert (
        row["baselines_per_token"]["trigram"]
        < row["baselines_per_token"]["bigram"]
        < row["baselines_per_token"]["unigram"]
        < math.log(261)
    )
    assert (
        json.loads((Path(tiny.out) / "baselines.json").read_text())["baselines_per_token"] == row["baselines_per_token"]
    )
