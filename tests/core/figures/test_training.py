"""The curves of a run, from rows as the trainer writes them, half of them strange."""

import numpy as np
import pytest

from core.figures.training import ZERO, floor_per_token, per_document, per_token, series

ROWS = [
    {"step": 0, "val_loss": 7.6, "val_document_loss": 380.0, "floor": 40.0, "sample": "x"},
    {"step": 1, "loss": 7.5},
    {"step": 10, "loss": None},
    {"step": 100, "loss": 2.0, "val_loss": 1.0, "val_document_loss": 50.0, "floor": 40.0},
    {"step": 100, "status": "finished"},
]


def test_series_passes_over_missing_and_null():
    steps, values = series(ROWS, "loss")
    assert steps.tolist() == [1, 100] and values.tolist() == [7.5, 2.0]


def test_floor_per_token_uses_the_tokens_per_document():
    assert floor_per_token(ROWS[-2]) == pytest.approx(40 / 50)  # 50 tokens per document
    assert floor_per_token(ROWS[1]) is None


def test_step_zero_has_a_place_on_a_logarithmic_axis():
    figure = per_token(ROWS, log=True, mark=0)
    held_out = next(line for line in figure.data if line.name == "held out")
    assert list(held_out.x) == [ZERO, 100] and list(held_out.customdata) == [0, 100]
    assert list(figure.data[-1].x) == [ZERO, ZERO]
    assert np.all(np.asarray(per_token(ROWS, log=False).data[1].x) == [0, 100])


def test_rows_without_a_floor_or_without_anything():
    plain = [{"step": 0, "val_loss": 3.0}]
    assert [line.name for line in per_token(plain, log=True).data] == ["held out"]
    assert not per_document(plain, log=True, mark=0).data
    assert not per_token([], log=False, mark=5).data
