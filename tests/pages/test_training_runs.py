"""Runs on the training page: whose they are, what differs, deleting with undo, setting up another like one."""

import json
from dataclasses import replace

import pytest
import streamlit as st

from core import jobs
from core.model import ModelConfig, Transformer, save_checkpoint
from core.runs.records import Record, fingerprint, write_record
from core.text import Tokenizer
from core.training import TrainConfig, preset
from pages.ui.training import fork, setup, stage, steer
from pages.ui.training import runs as table
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
    assert shown["changed"] == ["adamw_lr 0.02", ""]


def test_what_was_steered_is_a_difference(app, two):
    theirs = jobs.run_folder(OTHER)
    (theirs / "train.json").write_text(json.dumps(replace(CONFIG, out=str(theirs)).to_dict()))
    assert differences([RUN, OTHER]) == {} and table.table([OTHER, RUN])["changed"][0] == "the same"
    rows = [
        {"step": 20, "event": "lr", "lr": 0.01, "was": 0.002},
        {"step": 30, "event": "lr", "lr": 0.002, "was": 0.01},
    ]
    rows += [{"step": 31, "event": "target_loss", "value": 1.25}, {"step": 40, "event": "target_loss"}]
    (theirs / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = "lr 0.01 at step 20, lr 0.002 at step 30, target_loss 1.25 at step 31, target_loss none at step 40"
    assert differences([RUN, OTHER]) == {"steered": [None, words]}
    assert table.table([OTHER, RUN])["changed"][0] == f"steered {words}"
    at = app("training", run=OTHER)
    at.session_state["training_overlay"] = [OTHER, RUN]
    said = [element.value for element in at.run().caption]
    assert not any("only chance" in words for words in said)
    parent = {"run": RUN, "step": 25, "changes": {}}
    write_record(theirs, Record(fingerprint("x"), name="theirs", created=2.0, parent=parent))
    assert table.table([OTHER, RUN])["changed"][0].endswith(
        "at step 25: lr 0.002 at step 30, target_loss 1.25 at step 31, target_loss none at step 40"
    )


@pytest.mark.slow
def test_a_case_is_no_secret_told_by_the_table(app, two):
    for run, name in ((RUN, "case C, its sound twin"), (OTHER, "case C")):
        jobs.run_folder(run).joinpath("run.json").unlink()
        write_record(jobs.run_folder(run), Record(name=name, created=float(run == OTHER)))
    told = lambda at: (at.dataframe[0].value["changed"][0], any("adamw_lr" in str(d.value) for d in at.dataframe))  # noqa: E731
    at = app("training")
    at.session_state["training_overlay"] = [RUN, OTHER]
    assert told(at.run()) == (table.SECRET, False)
    at.session_state["failure_told_C"] = "seen"
    assert told(at.run()) == ("adamw_lr 0.02", True)


@pytest.mark.slow
def test_the_sidebar_calls_runs_as_their_owner_does(app, two, runs):
    from tests.tiny import make_checkpoint

    make_checkpoint(jobs.run_folder(RUN))
    try:
        at = open_one(app, RUN)
        assert at.sidebar.selectbox(key="model").options == ["tinyland", "mine", "tiny"]
        at.text_input(key=f"name_{RUN}").set_value("best").run()
        assert at.sidebar.selectbox(key="model").options == ["tinyland", "best", "tiny"]
        at.text_input(key=f"name_{RUN}").set_value("tiny").run()
        assert at.sidebar.selectbox(key="model").options == ["tinyland", f"tiny · {RUN[-6:]}", "tiny"]
        at.sidebar.selectbox(key="model").set_value(RUN).run()
        assert not at.exception and at.session_state["model"] == RUN
    finally:
        for path in (jobs.run_folder(RUN) / "snapshots").iterdir():
            path.unlink()
        (jobs.run_folder(RUN) / "snapshots").rmdir()


@pytest.mark.slow
def test_a_short_text_is_evaluated_often_and_named_and_shown(app, two):
    at = open_one(app, RUN)
    at.segmented_control(key="setup_corpus").set_value("Your text").run()
    at.text_area(key="setup_text").set_value("The dog saw a cat. " * 40).run()
    assert at.number_input(key="setup_train_eval_every").value == setup.OFTEN
    at.text_area(key="setup_text").set_value("The dog saw a cat. " * 2000).run()
    assert at.number_input(key="setup_train_eval_every").value == setup.TRAIN["eval_every"]
    assert steer.first_sentence(RUN).startswith("the dog saw a cat.") and len(steer.first_sentence(RUN)) <= 200


@pytest.mark.slow
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


@pytest.mark.slow
def test_an_old_run_can_still_be_opened(app, two, monkeypatch):
    monkeypatch.setattr(stage, "SHOWN", 1)
    monkeypatch.setattr(table, "SHOWN", 1)
    at = app("training", run=RUN)
    assert not at.exception and at.session_state["run"] == RUN and len(at.dataframe[0].value) == 1
    button(at, "Show older ones (1)").click().run()
    assert list(at.dataframe[0].value["run"]) == ["theirs", "mine"]


@pytest.mark.slow
def test_only_the_browser_that_started_a_run_may_change_it(app, two):
    at = open_one(app, OTHER)
    assert not at.exception
    assert button(at, "Delete").disabled and at.text_input(key=f"name_{OTHER}").disabled
    assert any("another browser" in caption.value for caption in at.caption)
    assert not button(open_one(app, RUN), "Delete").disabled


@pytest.mark.slow
def test_rename_tag_delete_and_bring_back(app, two):
    at = open_one(app, RUN)
    at.text_input(key=f"name_{RUN}").set_value("**best**").run()
    at.text_input(key=f"tags_{RUN}").set_value("a, b").run()
    assert (jobs.record(RUN).name, jobs.record(RUN).tags) == ("**best**", ("a", "b"))
    assert "**best**" in at.selectbox(key="run").options
    button(at, "Delete").click().run()
    assert not at.exception and jobs.list_runs() == [OTHER] and at.session_state["run"] == ""
    assert "**best** was deleted." in [text.value for text in at.text]
    at = open_one(app, OTHER)  # the same browser, later
    button(at, "Bring it back").click().run()
    assert not at.exception and RUN in jobs.list_runs()


@pytest.mark.slow
def test_another_like_it_has_the_same_settings(app, two, monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "start", lambda config, owner, **named: started.append((config, named)) or RUN)
    at = open_one(app, RUN)
    button(at, "Copy its settings").click().run()
    assert not at.exception and at.session_state[setup.key("corpus")] == "Your text"
    train(at)
    config, named = started[0]
    same = {"out": "", "model": {name: value for name, value in config.model.items() if name in CONFIG.model}}
    assert replace(config, **same) == replace(CONFIG, out="")
    assert named["text"].startswith("the dog") and isinstance(config, TrainConfig)


@pytest.mark.slow
def test_a_run_is_had_for_other_programs_where_its_shape_is_known_there(app, two):
    for activation, refused in (("relu2", ""), ("gelu", "activation must be swiglu or relu2, not gelu")):
        shape = ModelConfig(
            vocab_size=261, context_length=32, n_layers=1, n_heads=2, d_model=32, activation=activation
        )  # fmt: skip
        save_checkpoint(jobs.existing_folder(RUN), Transformer(shape, seed=0), Tokenizer.byte_tokenizer(), {})
        st.cache_data.clear()
        shown = {one.label: one for one in open_one(app, RUN).get("download_button")}
        assert shown["For transformers"].proto.disabled == bool(refused)
        assert refused in shown["For transformers"].proto.help.replace("\\", "")
        assert shown["As GGUF"].proto.disabled and shown["As GGUF"].proto.help


def test_a_fork_begins_with_what_the_form_says_at_the_press(app, two, monkeypatch):
    forked = []
    monkeypatch.setattr(fork, "kept_steps", lambda folder: (0, 20, 40, 60))
    monkeypatch.setattr(jobs, "fork", lambda run, at, changes, *_, **__: forked.append((run, at, changes)) or RUN)
    at = open_one(app, RUN)
    at.selectbox(key="fork_rate").set_value("× 100").run()
    button(at, "Fork").click().run()
    at.selectbox(key=setup.key("fork_change")).set_value("clip")
    at.select_slider(key=f"fork_at_{RUN}").set_value(20)
    button(at, "Fork").click().run()  # in the same moment
    assert not at.exception and not at.warning
    rate = pytest.approx(100 * CONFIG.adamw_lr)
    assert forked == [(RUN, 40, {"adamw_lr": rate}), (RUN, 20, {"clip": 1000.0})]


@pytest.mark.parametrize("change", fork.CHANGES)
def test_every_change_of_a_fork_makes_another_config(change):
    changes = fork.fields(change, fork.usual(change, CONFIG), CONFIG)
    assert (replace(CONFIG, **changes) != CONFIG) == (change != "nothing")
