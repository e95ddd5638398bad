"""The index of what a model has read: made by a process of its own, a part by itself and the rest when asked for."""

import json
from collections import Counter, namedtuple
from pathlib import Path

import pytest

from core import jobs
from core.data.passages.index import lineage
from core.jobs import lineage as indexes
from core.model import describe
from core.text import tinyland
from core.training.disk.folder import owner
from tests.tiny import STEPS, make_checkpoint
from tests.waiting import wait_for

READ = 8  # documents that the model has read
WEIGHTS = {"entry": 1.0}


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path))
    monkeypatch.setattr(indexes, "EACH", 3)
    make_checkpoint(tmp_path / "tiny")
    return told(tmp_path / "tiny", documents=READ)


def told(folder, per_step=0, **more):
    """The model, which has one stage, and whose card says what it has read."""
    data = {"kind": "tinyland", "seed": 3, "weights": WEIGHTS, **more}
    card = {"steps": STEPS[-1], "recipe": {"documents_per_step": per_step}}
    stage = {"name": "pretrain", "first_step": 0, "data": data}
    (folder / "card.json").write_text(json.dumps(card | {"stages": [stage]}))
    return describe(folder)


@pytest.mark.slow
def test_what_a_model_has_read_is_indexed_once_and_further_when_asked(model, monkeypatch, capsys):
    folder, read = indexes.folder_of(model), list(tinyland.documents(3, 0, READ, WEIGHTS, total=READ))
    assert (indexes.status(model).state, indexes.rest(model)) == ("none", None)
    with pytest.raises(jobs.RunError):
        indexes.index(model)
    indexes.ensure(model)
    indexes.ensure(model)  # changes nothing
    wait_for(lambda: indexes.status(model).state == "finished")
    index, left = indexes.index(model), indexes.rest(model)
    assert [index.document(i) for i in range(index.documents)] == [d.text for d in read[:3]]
    assert (index.of, left.documents) == (READ, 5) and left.bytes > 0 and left.seconds > 0

    full = namedtuple("full", "free")(indexes.SPARE)
    with monkeypatch.context() as changed, pytest.raises(jobs.RunError, match=r"1 MB on disk; 1\.0 GB are free"):
        changed.setattr(indexes.shutil, "disk_usage", lambda _: full)
        indexes.read_on(model)
    assert indexes.status(model).state == "finished"
    indexes.read_on(model)
    wait_for(lambda: indexes.ensure(model) or indexes.status(model).state == "finished")
    index = indexes.index(model)
    assert index.is_whole and len(index.shards) == 3 and indexes.rest(model) is None
    assert index.facts == Counter(fact for document in read for fact in set(document.claims))
    (match,) = [m for m in lineage(read[7].text, index) if m.end - m.start == len(read[7].text)]
    assert 7 in match.places

    wait_for(lambda: owner(folder) is None)
    (folder / "00001" / "about.json").unlink()  # as after a kill: it goes on by itself
    assert (indexes.status(model).state, indexes.status(model).documents) == ("none", 3)
    indexes.say(folder, message="no room")
    indexes.ensure(model)
    assert (indexes.status(model).state, indexes.status(model).message) == ("failed", "no room")
    indexes.cancel(model)
    assert (indexes.status(model).state, indexes.index(model).documents) == ("finished", 3)

    assert indexes.main([str(model.folder), "--all", "--find", read[7].text]) == 0
    said = capsys.readouterr().out
    assert f"{READ} of {READ} documents are searched" in said and repr(read[7].text) in said


@pytest.mark.slow
def test_it_is_cancelled_in_the_midst_and_another_stream_has_another_index(model, monkeypatch):
    monkeypatch.setattr(indexes, "EACH", 500)
    other = told(model.folder, per_step=1_000)  # far more than there is time for
    assert indexes.status(other).of == 1_000 * STEPS[-1]
    assert indexes.folder_of(other) != indexes.folder_of(model)
    indexes.ensure(other)
    wait_for(lambda: indexes.status(other).state == "finished")
    indexes.read_on(other)

    def has_grown() -> bool:
        indexes.ensure(other)  # as the page does: the first process may have been about to end
        return indexes.status(other).documents > 500

    wait_for(has_grown)
    assert indexes.status(other).state == "running"
    indexes.cancel(other)
    now = indexes.status(other)
    assert now.state == "finished" and indexes.index(other).documents == now.documents >= 1_000


def test_what_is_not_known_is_said(tiny):
    class Nobody:
        card, stages, folder, read = {}, [], Path(tiny.out), {"kind": "mixture", "parts": []}

    assert indexes.status(Nobody).state == "unknown"
    Nobody.read = {}
    assert indexes.status(Nobody).state == "unknown" and "not kept" in indexes.status(Nobody).message
