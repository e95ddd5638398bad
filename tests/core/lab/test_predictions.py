"""Predictions come back as they were kept, whatever stands in the file, and each from its own key's."""

import pytest

from core.lab import predictions
from core.lab.predictions import MOST, Prediction, predictions_file, read_predictions, write_predictions


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setattr(predictions, "runs_root", lambda: tmp_path)


def test_the_newest_come_back_in_their_order():
    first, second = predictions_file("a" * 43), predictions_file("b" * 43)
    assert first != second and "aaa" not in str(first) and read_predictions(first) == {}
    kept = {f"tip {i}": Prediction(f"say {i}", "helps", "hurts") for i in range(MOST)}
    kept["tip 3"] = Prediction("say “3” | 🙂", "helps")
    kept |= {"one more": Prediction("x", "helps", "helps")}
    write_predictions(first, kept)
    found = read_predictions(first)
    assert list(found) == list(kept)[1:] and found["tip 3"] == kept["tip 3"] and read_predictions(second) == {}


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"a": 3}', '{"a": {"said": "x"}}', '{"a": {"said": 1, "guess": 2}}'])
def test_a_broken_file_holds_nothing(text):
    path = predictions_file("c" * 43)
    path.parent.mkdir()
    path.write_text(text)
    assert read_predictions(path) == {}
