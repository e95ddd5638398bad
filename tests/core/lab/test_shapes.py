"""Comparing recipes: the same documents for all, paired differences, and a call that was stopped goes on."""

import json

import numpy as np
import pytest

from core.lab.shapes import Result, compare, main
from core.training.disk.rows import read_rows

SMALL = {"vocab_size": 400, "tokenizer_documents": 40, "documents_per_step": 4, "steps": 4, "eval_documents": 4,
         "final_eval_documents": 6, "eval_every": 2, "snapshots": 2, "threads": 1, "precision": "float32"}  # fmt: skip
SHAPE = {"context_length": 96, "n_layers": 1, "n_heads": 2, "d_model": 16}


@pytest.fixture
def recipes(tmp_path):
    paths = []
    for name, activation in (("gated", "swiglu"), ("squared", "relu2")):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(SMALL | {"model": SHAPE | {"activation": activation}}))
        paths.append(str(path))
    return paths


@pytest.mark.slow
def test_two_recipes_are_trained_and_told_apart(recipes, tmp_path, capsys):
    options = [*recipes, "--out", str(tmp_path / "out"), "--documents", "30"]
    assert main(options) == 0
    told = capsys.readouterr().out
    rows = {name: read_rows(tmp_path / "out" / name / "metrics.jsonl") for name in ("gated", "squared")}
    assert rows["gated"][-1]["tokens"] == rows["squared"][-1]["tokens"] > 0  # the same documents
    assert told.count("+0.00 ± 0.00 %") == 1  # the first beside itself
    assert main(options) == 0  # finished: nothing is trained again
    assert {name: read_rows(tmp_path / "out" / name / "metrics.jsonl") for name in rows} == rows
    assert capsys.readouterr().out == told[told.index("recipe ") :]


def test_differences_are_paired():
    rng = np.random.default_rng(0)
    floor = rng.uniform(20, 80, 500)
    first = floor + rng.normal(1, 0.1, 500)
    second = first + rng.normal(0.5, 0.05, 500)  # the documents differ a hundred times as much as the recipes
    one, two = (Result("x", 1, 1, 1.0, nats, floor) for nats in (first, second))
    more, error = compare(one, two)
    assert more == pytest.approx(100 * sum(b - a for a, b in zip(first, second, strict=True)) / floor.sum())
    assert error == pytest.approx(100 * np.sqrt(np.var(second - first, ddof=1) / 500) / floor.mean())
    assert error < 0.02 < 0.9 < more


def test_other_data_or_vocabularies_are_refused(recipes, tmp_path, capsys):
    odd = tmp_path / "odd.json"
    odd.write_text(json.dumps(SMALL | {"model": SHAPE, "vocab_size": 500}))
    assert main([recipes[0], str(odd), "--out", str(tmp_path / "out")]) == 1
    assert "only on the same data" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
