"""The page of fine-tuning: what is on it before and after a run, what the form starts, what it says to bad input."""

import pytest

from core import jobs
from core.lab import taught
from core.tuning.messages import write_jsonl
from pages.ui import background
from pages.ui.finetuning.settings import key
from tests.pages.conftest import TAUGHT, YES
from tests.pages.press import button
from tests.pages.truths import captions, header


@pytest.fixture
def started(monkeypatch):
    """What was given to jobs.start, which starts nothing."""
    calls = []

    def start(config, owner=None, **named):
        calls.append((config, named))
        return TAUGHT

    monkeypatch.setattr(jobs, "start", start)
    return calls


@pytest.fixture
def patient(monkeypatch):
    monkeypatch.setattr(background, "PATIENCE", 120)


def strips(at):
    return [header(e.proto.bytes) for e in at.get("bidi_component") if "glassbox_tokens" in e.proto.component_name]


def own_chats(at, chats=YES):
    at.session_state["task"] = "your own chats"
    at.session_state[key("chats")] = chats if isinstance(chats, str) else write_jsonl(chats)
    return at.run()


def test_before_anything_is_taught_each_section_says_what_will_be_there(app):
    at = app("finetuning")
    assert not at.exception
    assert sum("Press Teach" in one.value or "When a run has taught" in one.value for one in at.info) == 4


@pytest.mark.slow
def test_the_coloured_tokens_are_exactly_the_answers(app):
    at = own_chats(app("finetuning"))
    assert not at.exception
    (strip,) = strips(at)
    said = "".join(c["label"] for c, v in zip(strip["chips"], strip["values"], strict=True) if v is not None)
    assert said == "Yes.<|end|>"
    at.session_state["mask"] = "all"
    (strip,) = strips(at.run())
    assert [value is None for value in strip["values"]] == [True] + [False] * (len(strip["values"]) - 1)
    assert any("nothing tells you" in one.value for one in at.warning)


@pytest.mark.slow
def test_the_form_becomes_a_stage_of_the_base(app, started):
    at = own_chats(app("finetuning"))
    button(at, "Teach").click().run()
    ((config, named),) = started
    assert not at.exception and named["text"] == write_jsonl(YES)
    assert config.stage == "sft" and config.parent == {"checkpoint": "tiny", "step": 10}  # the end of pre-training
    assert config.data == {"kind": "messages", "path": "chats.jsonl"} and config.tuning == {} and config.replay == 0
    assert config.keep_states and config.documents_per_step == 18


@pytest.mark.slow
def test_lora_and_replay_reach_the_run(app, started):
    at = own_chats(app("finetuning"))
    for name, value in {"way": "lora", "rank": 4, "alpha": 8, "rate": 0.01, "replay": "its own samples"}.items():
        at.session_state[key(name)] = value
    at.session_state["mask"] = "all"
    at.run()
    assert "as many as" in " ".join(one.value for one in at.markdown)
    button(at, "Teach").click().run()
    config = started[0][0]
    assert config.tuning["way"] == "lora" and (config.tuning["rank"], config.tuning["alpha"]) == (4, 8.0)
    assert "gate" not in config.tuning["matrices"] and config.optimizer == "adamw"
    assert (config.replay, config.replay_of, config.data["mask"]) == (0.2, "own", "all")


@pytest.mark.parametrize(
    ("chats", "said"),
    [
        (YES[:3], "3 chats are too few"),
        (write_jsonl(YES[:36] * 2)[:-1].replace("\n", "\n", 1) + '\n{"messages": []}\n', "line 41"),
        (write_jsonl([(("user", "Hi"),)] * 6), "no turn of the assistant"),
    ],
)
def test_bad_chats_are_named_and_nothing_is_lost(app, started, chats, said):
    at = own_chats(app("finetuning"), chats)
    assert not at.exception and button(at, "Teach").disabled
    assert any(said in one.value for one in at.warning)
    assert at.session_state[key("chats")] == (chats if isinstance(chats, str) else write_jsonl(chats))


@pytest.mark.slow
def test_a_typed_chat_is_added_to_the_others(app):
    at = own_chats(app("finetuning"))
    at.text_input(key="own_user").input("Who?").run()
    at.text_input(key="own_assistant").input("Ada.").run()
    button(at, "Add").click().run()
    assert not at.exception
    added = write_jsonl([(("user", "Who?"), ("assistant", "Ada."))])
    assert at.session_state[key("chats")] == write_jsonl(YES) + added


@pytest.mark.slow
def test_a_run_is_measured_once_and_kept(app, taught_run, patient, monkeypatch):
    assert taught.read_kept(taught_run) is None
    at = app("finetuning", taught=TAUGHT)
    at.run()
    assert not at.exception and not at.error
    assert [one.value for one in at.text if one.value.startswith("user: ")] == ["user: Say 18.", "user: Say 19."]
    kept = taught.read_kept(taught_run)
    assert kept is not None and kept.skills.keys() == {taught.TASK} and kept.old.keys() == {"text"}
    monkeypatch.setattr(taught, "measure", None)
    background._jobs.clear()
    assert not at.run().exception
    assert "the bars are 95 % intervals" in captions(at)


@pytest.mark.slow
def test_a_run_that_goes_on_is_not_measured(app, taught_run, patient):
    (taught_run / taught.FILE).unlink(missing_ok=True)
    rows = (taught_run / "metrics.jsonl").read_text()
    (taught_run / "metrics.jsonl").write_text(rows.splitlines()[0] + "\n")
    try:
        at = app("finetuning", taught=TAUGHT)
        assert not at.exception and taught.read_kept(taught_run) is None
        assert "measured when the run has ended" in captions(at)
    finally:
        (taught_run / "metrics.jsonl").write_text(rows)


def test_a_link_to_a_run_that_is_not_there_shows_the_page_without_one(app):
    at = app("finetuning", taught="run-20260102-ffffffffffff")
    assert not at.exception
    at = app("finetuning", taught="<b>*x*</b>")
    assert not at.exception


@pytest.mark.slow
def test_what_is_changed_just_before_the_press_is_what_is_taught(app, started):
    at = app("finetuning")
    at.slider(key=key("epochs")).set_value(2)
    at.button(key="teach").click().run()
    steps = started[-1][0].steps
    at.slider(key=key("epochs")).set_value(4)
    at.button(key="teach").click().run()
    assert not at.exception and started[-1][0].steps == pytest.approx(2 * steps, abs=2)
