"""What can be searched of a model's training text, and reading on: pressed, watched, cancelled, without room."""

import json
import shutil
from collections import namedtuple

import pytest
from streamlit.testing.v1 import AppTest

from core.data.passages.growing import grow
from core.jobs import lineage as indexes
from core.jobs.index import reader, wanted
from core.model import describe
from tests.tiny import make_checkpoint

READ = 8  # documents


def section():
    from pages.ui.data.searched import index_of, searched

    known = index_of("read", "here")
    if known:
        searched("read", known, "here")


@pytest.fixture
def model(tmp_path, monkeypatch):
    """It has read eight documents, of which three can be searched. No process is started."""
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path))
    monkeypatch.setattr(indexes, "EACH", 3)
    make_checkpoint(tmp_path / "read")
    stage = {"name": "pretrain", "first_step": 0, "data": {"kind": "tinyland", "documents": READ}}
    (tmp_path / "read" / "card.json").write_text(json.dumps({"stages": [stage]}))
    found = describe("read")
    grow(indexes.prepare(found), reader(indexes.source_of(found)), 3, lambda: 3)
    monkeypatch.setattr(indexes.processes, "start", lambda *_: pytest.fail("a process was started"))
    return found


@pytest.mark.slow
def test_reading_on(model, monkeypatch):
    at = AppTest.from_function(section, default_timeout=60).run()
    assert "the first 3 of 8 documents that it read (38 %)" in at.caption[0].value
    (button,) = at.button
    assert button.label.startswith("Read on: all 8 documents, about ") and button.label.endswith("1 MB on disk")

    full = namedtuple("full", "free")(indexes.SPARE)
    with monkeypatch.context() as changed:
        changed.setattr(shutil, "disk_usage", lambda _: full)
        button.click().run()
    assert "Nothing was begun" in at.warning[0].value and wanted(indexes.folder_of(model)) == 3

    monkeypatch.setattr(indexes, "ensure", lambda *_, **__: None)  # somebody else is at it
    at.button[0].click().run()
    assert [one.label for one in at.button] == ["Cancel"] and wanted(indexes.folder_of(model)) == READ
    folder = indexes.folder_of(model)
    grow(folder, reader(indexes.source_of(model)), 3, lambda: 6)
    at.run()
    at.button[0].click().run()
    assert "the first 6 of 8 documents" in at.caption[0].value and at.button[0].label.startswith("Read on")
    grow(folder, reader(indexes.source_of(model)), 3, lambda: 8)
    at.run()
    assert "Searched: all 8 documents" in at.caption[0].value and not at.button and not at.exception
