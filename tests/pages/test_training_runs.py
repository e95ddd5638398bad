"""Runs on the training page: whose they are, what differs, deleting with undo, setting up another like one."""

import json
from dataclasses import replace

import pytest

from core import jobs
from core.runs.records import Record, fingerprint, write_record
from core.training import TrainConfig, preset
from pages.ui.training import runs as table
from pages.ui.training import setup, stage
from pages.ui.training.differences import differences
from tests.pages.press import button, train

RUN, OTHER = "run-20260101-0123456789ab", "run-20260102-0123456789cd"
KEY = "k" * 43
CONFIG = preset(
    "live", optimizer="adamw", adamw_lr=0.002, steps=77, warmup_steps=3, seed=5, batch_tokens=512, vocab_size=320,
    keep_states=True, target_loss=1.5, data={"kind": "text", "path": "corpus.txt"},
)  # fmt: skip
CONFIG = replace(CONFIG, model=CONFIG.model | {"n_layers": 1, "d_mlp": 64, "norm_eps": 1e-6, "rope_theta": 500.0})


def make(runs, run, config, **record):
    folder = runs / run
    folder.mkdir()
    (folder / "train.json").write_text(json.dumps(replace(config, out=str(folder)).to_dict()))
    (folder / "corpus.txt").write_text("the dog saw a cat. " * 40)
    rows = [{"step": 0, "val_loss_per_token": 5.0}, {"step": 77, "val_loss_per_token": 2.0, "status": "finished"}]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_record(folder, Record(**record))
    return folder


@pytest.fixture
def two(runs, monkeypatch):
    """A run of ours and a later one of somebody else's."""
    monkeypatch.setenv("GLASSBOX_RUNS", str(runs))
    folders = [
        make(runs, RUN, CONFIG, owner=fingerprint(KEY), name="mine", created=1.0),
        make(runs, OTHER, replace(CONFIG, adamw_lr=0.02), owner=fingerprint("x"), name="theirs", created=2.0),
    ]
    yield
    for folder in folders:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def open_one(app, run):
    at = app("training", run=run)
    at.session_state["training_key"] = KEY
    at.session_state["training_overlay"] = [run]
    return at.run()


def test_what_differs(two):
    assert differences([RUN, OTHER]) == {"adamw_lr": [0.002, 0.02]}
    shown = table.table([OTHER, RUN])
    assert shown["run"] == ["theirs", "mine"] and shown["held-out loss"] == [2.0, 2.0]
    assert shown["new in it"] == ["adamw_lr 0.02", ""]


def test_a_case_is_no_secret_told_by_the_table(app, two):
    for run, name in ((RUN, "case C, its sound twin"), (OTHER, "case C")):
        jobs.run_folder(run).joinpath("run.json").unlink()
        write_record(jobs.run_folder(run), Record(name=name, created=float(run == OTHER)))
    told = lambda at: (at.dataframe[0].value["new in it"][0], any("adamw_lr" in str(d.value) for d in at.dataframe))  # noqa: E731
    at = app("training")
    at.session_state["training_overlay"] = [RUN, OTHER]
    assert told(at.run()) == (table.SECRET, False)
    at.session_state["failure_told_C"] = "seen"
    assert told(at.run()) == ("adamw_lr 0.02", True)


@pytest.mark.parametrize("file", ["train.json", "run.json", "queued"])
def test_a_damaged_run_stands_in_the_table_and_the_page_goes_on(app, two, file):
    for content in ("", "null", "[1"):
        (jobs.run_folder(OTHER) / file).write_text(content)
        at = open_one(app, OTHER)
        assert not at.exception
        rows = at.dataframe[0].value
        assert list(rows["state"]) == ["finished" if file == "queued" else "damaged", "finished"]
        assert list(rows["held-out loss"]) == [2.0, 2.0]
        at = open_one(app, RUN)
        assert not at.exception and not button(at, "Delete").disabled


def test_runs_of_one_name_are_told_apart(app, two):
    jobs.run_folder(OTHER).joinpath("run.json").unlink()
    write_record(jobs.run_folder(OTHER), Record(name="mine", created=2.0))
    at = app("training", run=RUN)
    assert at.session_state["run"] == RUN
    assert at.selectbox(key="run").options[1:] == [f"mine · {OTHER[-6:]}", f"mine · {RUN[-6:]}"]


def test_an_old_run_can_still_be_opened(app, two, monkeypatch):
    monkeypatch.setattr(stage, "SHOWN", 1)
    monkeypatch.setattr(table, "SHOWN", 1)
    at = app("training", run=RUN)
    assert not at.exception and at.session_state["run"] == RUN and len(at.dataframe[0].value) == 1
    button(at, "Show older ones (1)").click().run()
    assert list(at.dataframe[0].value["run"]) == ["theirs", "mine"]


def test_only_the_browser_that_started_a_run_may_change_it(app, two):
    at = open_one(app, OTHER)
    assert not at.exception
    assert button(at, "Delete").disabled and at.text_input(key=f"name_{OTHER}").disabled
    assert any("another browser" in caption.value for caption in at.caption)
    assert not button(open_one(app, RUN), "Delete").disabled


def test_rename_tag_delete_and_bring_back(app, two):
    at = open_one(app, RUN)
    at.text_input(key=f"name_{RUN}").set_value("**best**").run()
    at.text_input(key=f"tags_{RUN}").set_value("a, b").run()
    assert (jobs.record(RUN).name, jobs.record(RUN).tags) == ("**best**", ("a", "b"))
    button(at, "Delete").click().run()
    assert not at.exception and jobs.list_runs() == [OTHER] and at.session_state["run"] == ""
    assert "**best** was deleted." in [text.value for text in at.text]
    at = open_one(app, OTHER)  # the same browser, later
    button(at, "Bring it back").click().run()
    assert not at.exception and RUN in jobs.list_runs()


def test_another_like_it_has_the_same_settings(app, two, monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "start", lambda config, owner, **named: started.append((config, named)) or RUN)
    at = open_one(app, RUN)
    button(at, "Set up another like it").click().run()
    assert not at.exception and at.session_state[setup.key("corpus")] == "Your text"
    train(at)
    config, named = started[0]
    same = {"out": "", "model": {name: value for name, value in config.model.items() if name in CONFIG.model}}
    assert replace(config, **same) == replace(CONFIG, out="")
    assert named["text"].startswith("the dog") and isinstance(config, TrainConfig)
