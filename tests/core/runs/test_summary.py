"""How a run is doing, against the definition written out, and worked out once for all who ask."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.runs import summary as module
from core.runs.summary import Beaten, Summary, best_beaten_guesser, summary, summary_of_folder
from core.training import preset

GUESSERS = {"baselines_per_token": {"unigram": 3.0, "bigram": 2.0, "trigram": 1.0}, "step": 0}
LOSSES = st.lists(st.none() | st.floats(0.5, 4), max_size=8)


@given(LOSSES)
def test_the_best_guesser_beaten_and_since_when(losses):
    rows = [GUESSERS] + [{"step": i} | ({"val_loss_per_token": x} if x else {}) for i, x in enumerate(losses)]
    scored = [(i, x) for i, x in enumerate(losses) if x]
    lower = [(nats, name) for name, nats in GUESSERS["baselines_per_token"].items() if scored and scored[-1][1] < nats]
    expected = None
    if lower:
        nats, name = min(lower)
        since = next(i for i, _ in scored if all(y < nats for j, y in scored if j >= i))
        expected = Beaten(name, since, any(y < nats for j, y in scored if j < since))
    assert best_beaten_guesser(rows) == expected


@pytest.mark.parametrize(
    ("budget", "parent", "done", "left"),
    [
        ({"steps": 100, "seconds": None}, None, 0.25, 30.0),
        ({"steps": 100, "seconds": 20.0}, None, 0.5, 10.0),  # time runs out first
        ({"steps": 100, "seconds": 20.0}, {"checkpoint": "a", "step": 15, "seconds": 8.0}, 0.1, 18.0),
        ({"steps": 20, "seconds": None}, None, 1.0, 0.0),  # never more than all
    ],
)
def test_what_is_done_and_left_of_the_budget(budget, parent, done, left):
    stage = {"stage": "sft", "data": {"kind": "chats"}, "parent": parent} if parent else {}
    rows = [{"step": 0}, {"step": 25, "seconds": 10.0, "tokens": 5000, "utilisation": 0.4}, {"step": 30}]
    found = summary(rows, preset("live", **budget, **stage))
    assert (found.step, found.tokens_per_second, found.utilisation) == (25, 500.0, 0.4)
    assert (found.done, found.seconds_left) == pytest.approx((done, left))


def test_nothing_is_said_of_what_is_not_known():
    assert summary([]) == summary([{"step": 3}]) == Summary()
    assert summary([{"step": 3, "seconds": 0.0, "tokens": 0}], preset("live")).tokens_per_second is None
    assert summary([{"step": 3, "seconds": 1.0, "tokens": 8}]) == Summary(3, tokens_per_second=8.0)


def test_it_is_worked_out_once_for_all_who_ask(tmp_path, monkeypatch):
    assert summary_of_folder(tmp_path) == Summary()
    (tmp_path / "train.json").write_text(json.dumps(preset("live", steps=10, seconds=None).to_dict()))
    (tmp_path / "metrics.jsonl").write_text('{"step": 5, "seconds": 2.0, "tokens": 10}\n')
    read = []
    monkeypatch.setattr(
        module, "read_rows", lambda path, read_rows=module.read_rows: read.append(path) or read_rows(path)
    )
    found = [summary_of_folder(tmp_path) for _ in range(3)]
    assert found == [Summary(5, 0.5, 2.0, 5.0)] * 3 and len(read) == 1
    with open(tmp_path / "metrics.jsonl", "a") as file:
        file.write('{"step": 10, "seconds": 4.0, "tokens": 20}\n')
    assert summary_of_folder(tmp_path).done == 1.0 and len(read) == 2
