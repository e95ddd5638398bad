"""Figures of the sampling page: what stands on them is what was measured."""

import numpy as np

from core.figures import sampling, sampling_search
from core.generation.beam import Beam, Candidate, Search
from core.generation.speculative import Round
from tests.core.figures.examples import drawn

LABELS = {i: f"<t{i}>" for i in range(9)}


def test_shares_and_their_intervals():
    figure = drawn(
        sampling.shares([0.5, 1.0], [("parse", [(0.9, 0.8, 0.95), (0.5, 0.4, 0.6)])], "temperature", "share")
    )
    bars = figure.data[0].error_y
    assert list(figure.data[0].y) == [0.9, 0.5]
    np.testing.assert_allclose([*bars.array, *bars.arrayminus], [0.05, 0.1, 0.1, 0.1])
    trade = drawn(sampling.trade([0.2, 0.6], [(0.9, 0.8, 0.95), (0.5, 0.4, 0.6)], ["0.5", "1"], ("variety", "truth")))
    assert list(trade.data[0].x) == [0.2, 0.6] and list(trade.data[0].text) == ["0.5", "1"]


def test_lines_of_a_window_are_named_and_harmless():
    figure = drawn(sampling.window([1, 2, 3], np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]), ["<b>", "kite"], 2))
    assert [trace.name for trace in figure.data] == ["&lt;b&gt;", "kite"] and list(figure.data[1].y) == [0.2, 0.4, 0.6]
    loss = drawn(sampling.position_loss(np.array([3.0, 1.0]), np.array([0.5, 0.1]), np.array([10, 8])))
    assert list(loss.data[0].y) == [3.5, 1.1, 0.9, 2.5] and list(loss.data[1].y) == [3.0, 1.0]
    cost = drawn(sampling.cache_cost([8, 16], [0.001, 0.001], [0.004, 0.008]))
    assert [list(trace.y) for trace in cost.data] == [[4.0, 8.0], [1.0, 1.0]]


def test_beams_are_joined_to_what_they_continue():
    steps = (
        (Candidate(5, 0, -1.0, True, True), Candidate(6, 0, -1.1, True, False), Candidate(7, 0, -2.0, True, False),
         Candidate(8, 0, -3.0, False, False)),
        (Candidate(2, 1, -2.1, True, False), Candidate(3, 0, -2.3, True, False), Candidate(4, 0, -2.4, False, False)),
    )  # fmt: skip
    search = Search((Beam((7, 2), -2.1, False), Beam((6, 3), -2.3, False), Beam((5,), -1.0, True)), steps)
    assert sampling_search.best_path(search) == [(0, 2), (1, 0)]
    figure = drawn(sampling_search.beams(search, LABELS))
    best = next(trace for trace in figure.data if trace.name == "best in the end")
    assert list(best.y) == [0.0, 2, None, 2.0, 0, None]  # from the prompt to 7, in place 2, and on to 2, in place 0
    texts = {text for trace in figure.data if trace.mode == "text" for text in trace.text}
    assert "<b>&lt;t7&gt;</b>" in texts and "&lt;t8&gt;" in texts


def test_every_drafted_token_has_its_cell():
    made = [
        Round((1, 2, 3), 1, 4, (0.5, 0.4, 0.3), (0.6, 0.1, 0.2)),
        Round((5,), 1, 6, (0.9,), (0.8,)),
        Round((), 0, 7, (), ()),
    ]
    figure = drawn(sampling_search.rounds(made, LABELS))
    cells = {trace.name: list(zip(trace.base or [], trace.y or [], strict=True)) for trace in figure.data}
    assert cells == {"accepted": [(0, 0), (0, 1)], "rejected": [(1, 0)], "not checked": [(2, 0)],
                     "added by the model": [(3, 0), (1, 1), (0, 2)]}  # fmt: skip
