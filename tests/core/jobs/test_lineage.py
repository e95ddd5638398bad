"""The index of what a model has read: built by a process of its own, once."""

from dataclasses import replace
from pathlib import Path

import pytest

from core import jobs
from core.data.suffixes import lineage
from core.jobs import lineage as indexes
from core.model import describe
from core.text import tinyland
from core.training import train
from tests.waiting import wait_for


@pytest.mark.slow
def test_what_a_model_has_read_is_indexed_once(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path))
    monkeypatch.setattr(indexes, "DOCUMENTS", 30)
    list(train(replace(tiny, data={"kind": "tinyland", "seed": 3, "weights": {"entry": 1.0}})))
    model = describe(Path(tiny.out))
    assert indexes.status(model).state == "none"
    with pytest.raises(jobs.RunError):
        indexes.index(model)
    indexes.ensure(model)
    indexes.ensure(model)  # changes nothing
    wait_for(lambda: indexes.status(model).state == "finished")
    index, read = indexes.index(model), list(tinyland.documents(3, 0, 30, {"entry": 1.0}))
    assert [index.document(i) for i in range(index.documents)] == [d.text for d in read]
    assert index.of == tiny.steps * tiny.documents_per_step
    assert index.facts == {fact: sum(fact in d.claims for d in read) for d in read for fact in d.claims}
    (match,) = [m for m in lineage(read[7].text, index) if m.end - m.start == len(read[7].text)]
    assert 7 in match.places
    (indexes.folder_of(model) / "about.json").unlink()
    indexes.say(indexes.folder_of(model), indexes.Status("failed", message="no room"))
    indexes.ensure(model)
    assert indexes.status(model).message == "no room"


def test_what_is_not_known_is_said(tiny):
    class Nobody:
        card, stages, folder = {"data": {"kind": "mixture", "parts": []}}, [], Path(tiny.out)

    assert indexes.status(Nobody).state == "unknown"
    Nobody.card = {}
    assert indexes.status(Nobody).state == "unknown" and "not kept" in indexes.status(Nobody).message
