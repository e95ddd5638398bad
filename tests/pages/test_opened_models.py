"""Every page on models made elsewhere: a small GPT-2 and a small Llama, opened as a visitor would, and taught."""

import io
import shutil
import zipfile
from dataclasses import replace

import pytest

from core import jobs
from core.model.stock.opened import close, open_folder
from core.runs.records import Record, fingerprint, write_record
from core.training import train
from core.tuning.messages import write_jsonl
from pages.ui import background
from pages.ui.finetuning.settings import key
from tests.core.model.stock.small import write
from tests.navigation import PAGES
from tests.pages.conftest import KEY, YES
from tests.pages.press import button

RUN = "run-20260103-0123456789ab"


@pytest.fixture(scope="module")
def opened(runs, tmp_path_factory):
    names = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLASSBOX_RUNS", str(runs))
        for family in ("gpt2", "llama"):
            names[family] = open_folder(write(tmp_path_factory.mktemp("elsewhere") / family, family))
        yield names
        for name in names.values():
            close(name)


@pytest.mark.thorough
@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_it_or_says_why_not(app, opened, page):
    family = "gpt2" if PAGES.index(page) % 2 else "llama"
    at = app(page, model=opened[family])
    assert at.session_state["model"] == opened[family] and at.session_state["step"] == 0
    assert not at.exception and not at.error
    assert any("made elsewhere" in caption.value for caption in at.sidebar.caption)


def started(at, monkeypatch, press):
    """The settings that a press of a button would have given to a run."""
    calls = []
    monkeypatch.setattr(jobs, "start", lambda config, owner=None, **named: calls.append((config, named)) or RUN)
    button(at, press).click().run()
    assert not at.exception
    return calls[0]


@pytest.mark.slow
def test_it_is_taught_with_lora_and_the_result_is_shown_beside_it(app, opened, runs, monkeypatch):
    monkeypatch.setattr(background, "PATIENCE", 120)
    at = app("finetuning", model=opened["gpt2"])
    at.session_state["task"], at.session_state[key("chats")] = "your own chats", write_jsonl(YES)
    config, named = started(at.run(), monkeypatch, "Teach")
    assert (
        config.tuning["way"] == "lora" and config.adamw_lr == 0.0002 and config.parent["checkpoint"] == opened["gpt2"]
    )
    folder = runs / RUN
    folder.mkdir()
    try:
        (folder / "chats.jsonl").write_text(named["text"])
        write_record(folder, Record(fingerprint(KEY)))
        assert list(train(replace(config, out=str(folder), seconds=None, steps=2)))[-1].status == "finished"
        for page in ("finetuning", "feedback", "sampling", "training"):
            at = app(page, model=RUN, taught=RUN)
            assert not at.exception and not at.error and at.session_state["model"] == RUN
        at = app("finetuning", model=opened["gpt2"], taught=RUN)
        assert not at.exception and any("What it used to write" in one.value for one in at.markdown)
        assert sum("user: Say" in one.value for one in at.text) >= 1
    finally:
        shutil.rmtree(folder)


@pytest.mark.slow
def test_it_is_shaped_by_comparisons_and_what_is_held_out_is_told(app, opened, monkeypatch):
    at = app("feedback", model=opened["llama"], rater="shorter")
    config, _ = started(at, monkeypatch, "Train on the comparisons")
    assert config.tuning["way"] == "lora" and config.data == {"kind": "tinyland"} and config.snapshots == 2


@pytest.mark.slow
def test_a_visitor_opens_a_zip_and_a_wrong_one_changes_nothing(app, opened, runs, tmp_path):
    at = app("overview")
    assert not at.sidebar.file_uploader, "what is shut costs nothing"
    at.session_state["opened_open"] = True
    at.run()
    at.sidebar.file_uploader[0].set_value(("hello.zip", b"no zip", "application/zip")).run()
    assert at.session_state["model"] == "tiny" and "cannot be read" in at.session_state["notes"]["opened"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for path in (runs / "opened" / opened["llama"]).iterdir():
            made.write(path, path.name)
    at.sidebar.file_uploader[0].set_value(("brought.zip", packed.getvalue(), "application/zip")).run()
    assert at.session_state["model"] == "brought" and not at.exception
    assert at.sidebar.file_uploader[0].value is None, "the zip does not stay in memory"
    closes = lambda visit: [button for button in visit.sidebar.button if button.key == "opened_close"]  # noqa: E731
    assert not closes(app("overview", model="brought")), "another visitor may not"
    closes(at)[0].click().run()
    assert at.session_state["model"] == "tiny" and not at.exception and not at.session_state["notes"]
    assert not (runs / "opened" / "brought").exists()
    assert not closes(at)
