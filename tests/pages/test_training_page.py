"""The training page beyond an empty record: curves, refused runs, links to runs that are not there."""

import json

import pytest

from core.training import jobs

ROWS = [
    {"step": 0, "val_loss": 7.0, "val_document_loss": 300.0, "floor": 30.0, "sample": "**x** <b>"},
    {"step": 200, "loss": 1.0, "val_loss": 0.9, "val_document_loss": 40.0, "floor": 30.0, "sample": "the dog"},
]


@pytest.fixture
def record(runs):
    path = runs / "tiny" / "metrics.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS) + '{"step": 300, "lo')
    yield
    path.unlink()


def test_the_sample_is_that_of_the_step(app, record):
    assert "the dog" in [code.value for code in app("training").code]
    assert "**x** <b>" in [code.value for code in app("training", step="0").code]


def test_too_many_runs_is_a_message(app, record, monkeypatch):
    def refuse(*_, **__):
        raise jobs.TooManyRuns("2 runs are going")

    monkeypatch.setattr(jobs, "start", refuse)
    at = app("training")
    next(button for button in at.button if button.label == "Train").click().run()
    assert not at.exception
    assert "as many as may" in at.warning[0].value


def test_the_form_becomes_a_run_within_bounds(app, monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "start", lambda config, limit: started.append(config) or "run-20260101-0123456789ab")
    at = app("training")
    at.slider(key="live_width").set_value(48)
    at.slider(key="live_layers").set_value(4)
    next(button for button in at.button if button.label == "Train").click().run()
    assert not at.exception
    assert (started[0].model["d_model"], started[0].model["n_layers"], started[0].seconds) == (48, 4, 45.0)


def test_a_link_to_a_run_that_is_not_here(app):
    at = app("training", run="../../etc")
    assert not at.exception and at.session_state["run"] == ""
