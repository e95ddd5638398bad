"""Attention figures: what must be blank is blank, shares stay what they were, and no label is markup."""

import numpy as np
import pytest

from core.figures import attention as figures


def softmax(scores: np.ndarray) -> np.ndarray:
    parts = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return parts / parts.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("length", [1, 2, 30, 256])
def test_a_head_shows_its_weights_and_nothing_of_the_future(length):
    scores = np.where(np.tri(length, dtype=bool), np.random.default_rng(0).normal(size=(length, length)), -np.inf)
    pattern = softmax(scores)
    figure = figures.head(pattern, ["·a"] * length, query=length - 1)
    shown = np.asarray(figure.data[0].z)
    future = np.triu(np.ones((length, length), dtype=bool), 1)
    assert np.isnan(shown[future]).all()
    np.testing.assert_allclose(shown[~future], pattern[~future], rtol=1e-6)
    assert length - 1 in figure.layout.yaxis.tickvals and len(figure.layout.yaxis.tickvals) <= 27


def test_the_table_adds_up_to_all_of_the_attention():
    scores = np.linspace(-2, 3, 12)
    table = figures.stages(scores, softmax(scores), [f"t{i}" for i in range(12)], most=4)
    tokens, shown, parts, weights = table.data[0].cells["values"]
    assert list(tokens) == ["t11", "t10", "t9", "t8", "8\N{NO-BREAK SPACE}more", "<b>sum</b>"]
    assert shown[0] == "3.00" and parts[0] == "1.0000" and weights[-1] == "100\N{NO-BREAK SPACE}%"
    assert sum(float(part) for part in parts[:-1]) == pytest.approx(float(parts[-1]), abs=0.001)


def test_a_weight_that_vanished_is_no_error():
    assert figures.reads(np.array([1.0, 0.0]), ["a", "b"]).data[0].customdata[1] == "b: 0 %"
    scores = np.array([0.0, -200.0])
    assert figures.stages(scores, softmax(scores), ["a", "b"]).data[0].cells["values"][1][1] == "−200.00"


def test_labels_are_not_markup():
    label = "<b>%{x}</b>&"
    pattern = np.array([[1.0, 0.0], [0.5, 0.5]])
    made = [figures.head(pattern, [label, label], 1), figures.reads(pattern[1], [label, label])]
    made.append(figures.stages(np.zeros(2), pattern[1], [label, label]))
    for figure in made:
        assert "&lt;b&gt;" in figure.to_json().replace("\\u003c", "<") and "<b>%{x}</b>" not in figure.to_json()


def test_intervals_reach_from_low_to_high():
    figure = figures.roles(["previous"], [0.5], [0.4], [0.7], 0.3)
    errors = figure.data[0].error_x
    assert errors.array[0] == pytest.approx(0.2) and errors.arrayminus[0] == pytest.approx(0.1)
