"""The training page: what it sends to the curves, the form that becomes a run, links to runs that are not there."""

import json
import struct

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

import app as server
from core import jobs
from core.lab import estimate as estimating
from core.training import TrainConfig
from pages.ui.training import setup
from pages.ui.training.curves import shown_run
from tests.pages.press import button, train
from tests.pages.truths import captions
from tests.waiting import wait_for

ROWS = [
    {
        "step": 0,
        "val_loss_per_token": 7.0,
        "val_loss_per_document": 300.0,
        "floor_per_document": 30.0,
        "sample": "**x** <b>",
        "by_kind": {},
    },
    {
        "step": 200,
        "loss_per_token": 1.0,
        "lr": None,
        "val_loss_per_token": 0.9,
        "val_loss_per_document": 40.0,
        "floor_per_document": 30.0,
        "sample": "dog",
    },
]


@pytest.fixture
def rows(runs):
    path = runs / "tiny" / "metrics.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS) + '{"step": 300, "lo')
    yield
    path.unlink()


@pytest.fixture
def started(monkeypatch):
    """What was given to jobs.start, which starts nothing."""
    calls = []

    def start(config, owner=None, **named):
        calls.append((config, owner, named))
        return "run-20260101-0123456789ab"

    monkeypatch.setattr(jobs, "start", start)
    return calls


def headers(at, name):
    """What the components of a kind were given."""
    for element in at.get("bidi_component"):
        if element.proto.component_name.endswith(f"glassbox_{name}"):
            data = element.proto.bytes
            (size,) = struct.unpack("<I", data[:4])
            yield json.loads(data[4 : 4 + size])


@pytest.mark.slow
def test_the_record_of_a_model_travels_without_what_curves_do_not_show(app, rows):
    at = app("training", step="10")
    assert not at.exception
    (header,) = headers(at, "curves")
    (run,) = header["runs"]
    assert "rows" not in run
    sent = TestClient(Starlette(routes=server.ROUTES)).get(f"/{run['rows_at']}").json()
    assert [row["step"] for row in sent] == [0, 200]
    assert "by_kind" not in sent[0] and sent[0]["sample"] == "**x** <b>"
    assert run["kept"] == [0, 10, 200] and header["mark"] == 10 and not run["live"]


@pytest.mark.slow
def test_a_run_is_fetched_by_the_browser(app, runs):
    folder = runs / "run-20260101-0123456789ab"
    folder.mkdir()
    (folder / "train.json").write_text(json.dumps(TrainConfig(steps=64, snapshots=4, seconds=9.0).to_dict()))
    try:
        app("training")
        found = shown_run(folder.name, "mine")
        assert found.rows_at is None and found.label == "mine" and not found.live
        assert (found.steps, found.seconds, found.planned[-1], found.kept) == (64, 9.0, 64, ())
    finally:
        (folder / "train.json").unlink()
        folder.rmdir()


@pytest.mark.slow
def test_the_form_becomes_a_run(app, started):
    at = app("training")
    at.session_state[setup.key("model_n_layers")] = 3
    at.session_state[setup.key("weight_recital")] = 0.0
    at.session_state[setup.key("train_optimizer")] = "adamw"
    train(at)
    assert not at.exception
    config, owner, named = started[0]
    assert config.model["n_layers"] == 3 and "n_kv_heads" not in config.model
    assert config.data["weights"]["recital"] == 0 and config.data["weights"]["story"] > 0
    assert (config.optimizer, config.seconds, named["text"]) == ("adamw", 75.0, None)
    assert len(owner) >= 40


@pytest.mark.slow
def test_a_text_becomes_a_run_and_a_mixture(app, started):
    at = app("training")
    at.session_state[setup.key("corpus")] = "Your text"
    at.run()
    assert button(at, "Train").disabled and "too few" in at.warning[0].value
    at.session_state[setup.key("text")] = "the dog saw a cat. " * 40
    train(at)
    assert started[0][0].data == {"kind": "text", "path": "corpus.txt"} and started[0][2]["text"].startswith("the dog")
    at.session_state[setup.key("corpus")] = "Both"
    train(at)
    parts = started[1][0].data["parts"]
    assert [part["kind"] for part in parts] == ["tinyland", "text"] and sum(part["share"] for part in parts) == 1


@pytest.mark.slow
def test_what_cannot_be_a_model_is_said_beside_its_settings(app, started):
    at = app("training")
    at.session_state[setup.key("model_n_heads")] = 7
    at.run()
    assert not at.exception and button(at, "Train").disabled
    assert any("multiple" in warning.value for warning in at.warning)


@pytest.mark.slow
def test_blocks_set_every_field_of_the_model(app):
    at = app("training")
    at.session_state[setup.key("model_n_kv_heads")] = 2
    at.run()
    for label, choice in (("Architecture", "GPT-2"), ("Size", "Tiny")):
        next(one for one in at.get("button_group") if one.label == label).set_value(choice).run()
    assert at.session_state[setup.key("model_norm")] == "layernorm"
    assert at.session_state[setup.key("model_d_model")] == 32 and at.session_state[setup.key("model_n_kv_heads")] == 0


@pytest.mark.slow
def test_too_many_runs_is_a_message(app, monkeypatch):
    def refuse(*_, **__):
        raise jobs.TooManyRuns("4 of *your* runs are going")

    monkeypatch.setattr(jobs, "start", refuse)
    at = app("training")
    train(at)
    assert not at.exception
    assert "4 of \\*your\\* runs are going" in at.warning[0].value


@pytest.mark.slow
def test_a_link_to_a_run_that_is_not_here(app):
    at = app("training", run="../../etc")
    assert not at.exception and at.session_state["run"] == ""


def test_the_schedule_is_the_trainers():
    config = TrainConfig(optimizer="sgd", sgd_lr=0.5, schedule="constant", warmup_steps=0, steps=2)
    progress, rates = setup.rates(config, 2)
    assert progress == [0, 0.5, 1] and rates == {"SGD": [0.5, 0.5, 0.5]}


def test_the_warm_up_is_drawn_for_the_steps_that_fit_the_time():
    config = TrainConfig(optimizer="adamw", adamw_lr=1.0, schedule="constant", warmup_steps=20, steps=2000)
    progress, rates = setup.rates(config, 40)
    assert rates["AdamW"][progress.index(0.25)] == pytest.approx(11 / 20) and rates["AdamW"][-1] == 1


def test_what_cannot_fit_is_refused_with_the_reason(app, started, monkeypatch):
    monkeypatch.setattr(estimating, "free_memory", lambda: 10_000_000)
    at = app("training")
    at.session_state[setup.key("train_seed")] = 77  # an estimate that nobody has asked for before
    at.run()
    assert not at.exception and button(at, "Train").disabled
    assert any("of memory" in warning.value for warning in at.warning)


@pytest.mark.slow
def test_a_diagnosis_comes_before_the_reveal(app, started):
    at = app("training")
    button(at, "Run it and its twin").click().run()
    (sick, owner, named), (sound, _, twin) = started
    assert sick.init_scale == 0 and sound.init_scale == 1 and named["name"] == "case A" and len(owner) >= 40
    assert "twin" in twin["name"]
    said = lambda: " ".join(text.value for text in at.markdown)  # noqa: E731
    assert button(at, "This is my diagnosis").disabled and "What helps" not in said()
    at.radio(key="failure_answer_A").set_value("No positions").run()
    button(at, "This is my diagnosis").click().run()
    assert not at.exception and "**No: All weights start at zero.**" in said() and "What helps" in said()


def test_a_ladder_has_equal_compute(app, started):
    at = app("training")
    button(at, "Train the ladder").click().run()
    assert not at.exception
    widths = [config.model["d_model"] for config, _, _ in started]
    assert widths == [8, 12, 16, 24] and started[0][2]["name"] == "ladder of 0.5 TFLOP, width 8"
    steps = [config.steps for config, _, _ in started]
    assert steps == sorted(steps, reverse=True) and steps[0] > 2 * steps[-1]


@pytest.mark.slow
def test_one_update_in_slow_motion(app, runs):
    folder = runs / "tiny"
    data = {"kind": "text", "path": "corpus.txt"}
    (folder / "corpus.txt").write_text("Mia gave the red ball to Tom because she was tired. " * 30)
    (folder / "train.json").write_text(json.dumps(TrainConfig(out=str(folder), data=data, steps=400).to_dict()))
    try:
        at = app("training")
        button(at, "Show it").click().run()
        assert not at.exception
        before, after = at.metric[0], at.metric[1]
        assert float(after.value) == pytest.approx(float(before.value) + float(after.delta), abs=2e-4)
        (tokens,) = [one for one in headers(at, "tokens") if one["title"] == "The first sequence"]
        assert len(tokens["chips"]) == len(tokens["values"]) == 49
        at.selectbox(key="update_matrix").set_value("blocks.0.ln1.weight").run()
        assert not at.exception and "row 0, column" in captions(at)
    finally:
        (folder / "train.json").unlink()
        (folder / "corpus.txt").unlink()


@pytest.mark.slow
def test_what_is_changed_just_before_the_press_is_what_is_trained(app, started):
    at = app("training")
    wait_for(lambda: not button(at.run(), "Train").disabled)
    at.number_input(key=setup.key("train_steps")).set_value(123)
    button(at, "Train").click().run()
    assert not at.exception and started[0][0].steps == 123
