"""Stages of one life: what each reads, that steps count on, that the chain can be stopped anywhere, and old cards."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.lab.one_step import batch_of, one_update, reads_the_same, repeatable_at
from core.model import CheckpointError, Stage, load_checkpoint
from core.model.description import stages_of
from core.text import Tokenizer, tinyland, train_bpe
from core.training import TrainConfig, train
from core.training.data.batches import IGNORE
from core.training.data.sources import ChatData, make_data
from core.training.disk.folder import RunError
from core.training.disk.rows import read_rows
from core.training.disk.state import position_after
from core.training.life import live, main
from core.training.stages import parse_parent
from core.tuning import MaskError
from tests.core.conftest import TINY

pytestmark = pytest.mark.slow

SHAPE = TINY | {"context_length": 160}
TIMES = ("seconds", "tokens_per_second", "utilisation")


@pytest.fixture(scope="module")
def tokenizer_file(tmp_path_factory) -> str:
    texts = [d.text for d in tinyland.documents(0, 0, 60)] + [
        d.text.replace("<|", " ").replace("|>", " ") for d in tinyland.documents(0, 0, 60, tinyland.CHAT_WEIGHTS)
    ]
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    Tokenizer.from_bpe(train_bpe(texts, 700), "chats").save(path)
    return str(path)


@pytest.fixture
def life(tmp_path, tokenizer_file) -> list[TrainConfig]:
    """Pre-training and SFT, of a few steps each."""
    first = TrainConfig(
        out=str(tmp_path / "first"), model=SHAPE, tokenizer=tokenizer_file, steps=6, documents_per_step=4, log_every=1,
        warmup_steps=1, eval_every=3, eval_documents=6, final_eval_documents=8, snapshots=4, threads=1, seed=1,
        precision="float32", batch_tokens=400,
    )  # fmt: skip
    second = replace(
        first, out=str(tmp_path / "second"), stage="sft", parent={"checkpoint": first.out}, data={"kind": "chats"},
        replay=0.25, steps=5, muon_lr=0.002, model={}, tokenizer=None,
    )  # fmt: skip
    return [first, second]


def rows_of(config):
    return [{k: v for k, v in r.items() if k not in TIMES} for r in read_rows(Path(config.out) / "metrics.jsonl")]


def weights(checkpoint):
    return torch.cat([p.flatten() for p in checkpoint.model.parameters()])


# ---- what is read ----


def test_exactly_what_the_assistant_says_counts(tokenizer_file):
    """Against the text itself: cut at the special tokens, and only what follows <|assistant|> is in the loss."""
    tokenizer = Tokenizer.load(tokenizer_file)
    data = ChatData(tokenizer, TrainConfig(data={"kind": "chats"}, documents_per_step=12), 400)
    texts = [d.text for d in tinyland.documents(0, 0, 12, tinyland.CHAT_WEIGHTS)]
    seen = 0
    for micro in data.batch(0):
        for row, inputs, targets, length in zip(micro.rows, micro.inputs, micro.targets, micro.lengths, strict=False):
            ids = [tokenizer.eot, *tokenizer.encode(texts[row], special=True), tokenizer.eot]
            assert length == len(ids) - 1 and inputs[:length].tolist() == ids[:-1]
            assert [t for t, i in zip(targets.tolist(), ids[1:], strict=False) if t != IGNORE and t != i] == []
            counted = tokenizer.decode([t for t in targets.tolist() if t != IGNORE])
            said = [turn.split("<|end|>")[0] + "<|end|>" for turn in texts[row].split("<|assistant|>")[1:]]
            assert counted == "".join(said)
            seen += 1
    assert seen == 12


def test_chats_that_nobody_answers_are_refused(tokenizer_file, monkeypatch):
    monkeypatch.setattr(tinyland, "CHAT_WEIGHTS", {"list": 1.0})
    with pytest.raises(MaskError, match="no token counts"):
        ChatData(Tokenizer.load(tokenizer_file), TrainConfig(data={"kind": "chats"}), 400)


def test_a_tokenizer_without_the_marks_of_chats_is_refused():
    bare = Tokenizer.from_bpe(train_bpe(["a b"], 256), "bare", ["<|endoftext|>"])
    with pytest.raises(ValueError, match=r"need the special tokens <\|assistant\|> and <\|end\|>"):
        ChatData(bare, TrainConfig(data={"kind": "chats"}), 400)


def test_replay_is_the_share_that_was_asked_for(tokenizer_file):
    parent = {"checkpoint": "x", "step": 3, "data": {"kind": "tinyland", "seed": 4}}
    config = TrainConfig(stage="sft", parent=parent, data={"kind": "chats"}, replay=0.3, batch_tokens=4000)
    data = make_data(Tokenizer.load(tokenizer_file), config, 400)
    read = {True: 0, False: 0}
    for step in range(12):
        for micro in data.batch(step):
            masked = bool((micro.targets[0, : micro.lengths[0]] == IGNORE).any())
            read[masked] += sum(micro.lengths)
    assert read[False] / sum(read.values()) == pytest.approx(0.3, abs=0.06)


# ---- one life ----


def test_steps_count_on_and_every_snapshot_of_every_stage_loads(life, tmp_path):
    list(live(life))
    first, last = load_checkpoint(Path(life[0].out)), load_checkpoint(Path(life[1].out))
    assert first.stages == [Stage("pretrain", 0, 6)]
    assert last.stages == [Stage("pretrain", 0, 6), Stage("sft", 6, 11)]
    assert set(first.steps) < set(last.steps) and last.steps[-1] == 11
    for step in last.steps:
        found = load_checkpoint(Path(life[1].out), step)
        assert found.step == step and found.stages == last.stages
        if step in first.steps:
            torch.testing.assert_close(weights(found), weights(load_checkpoint(Path(life[0].out), step)), atol=1e-3,
                                       rtol=1e-3)  # fmt: skip
    rows = rows_of(life[1])
    assert [row["step"] for row in rows] == sorted(row["step"] for row in rows)
    tokens = [row["tokens"] for row in rows]
    assert tokens == sorted(tokens) and rows[-1]["status"] == "finished"
    assert {row["step"] for row in rows if "loss_per_token" in row} == set(range(1, 12))


def test_an_update_of_every_stage_can_be_repeated_and_is_the_one_of_its_rows(life):
    list(live(life[:2]))
    folder = Path(life[1].out)
    rows = {row["step"]: row for row in rows_of(life[1]) if "loss_per_token" in row}
    for step in load_checkpoint(folder).steps[:-1]:
        config = repeatable_at(folder, step)
        assert config.stage == ("pretrain" if step < 6 else "sft") and reads_the_same(folder, step)
        batch = batch_of(folder, step, rows=1000, longest=1000)
        model = load_checkpoint(folder, step).model
        update = one_update(model, config, batch, position_after(folder, step))
        assert update.loss == pytest.approx(rows[step + 1]["loss_per_token"], rel=5e-3)  # kept in half precision
        assert update.rates[config.optimizer] == pytest.approx(rows[step + 1]["lr"], rel=1e-5)
        read = batch.inputs[0, : batch.lengths[0]]
        assert torch.equal(update.trace.ids, read)  # what a mask leaves out of the loss is read all the same
    assert (batch.targets[0, : batch.lengths[0]] == IGNORE).any()


def test_feedback_cannot_be_repeated_nor_what_kept_no_settings(life):
    folder = Path(life[0].out)
    list(live(life[:1]))
    shaped = {"stage": "preference", "parent": {"checkpoint": "x", "step": 4, "stages": [
        {"name": "pretrain", "first_step": 0, "last_step": 4}]}}  # fmt: skip
    (folder / "train.json").write_text(json.dumps(shaped))
    assert repeatable_at(folder, 5) is None and repeatable_at(folder, 2) is None
    assert not reads_the_same(folder, 5)
    with pytest.raises(ValueError, match="were not kept, or its batches"):
        batch_of(folder, 2)


def test_the_card_tells_of_each_stage(life):
    list(live(life))
    card = load_checkpoint(Path(life[1].out)).card
    one, two = card["stages"]
    assert (one["name"], one["loss_on"], one["last_step"]) == ("pretrain", "every token", 6)
    assert one["data"]["kind"] == "tinyland" and two["data"]["kind"] == "chats" and two["replay"] == 0.25
    assert "assistant" in two["loss_on"] and two["parent"]["step"] == 6 and two["last_step"] == 11
    assert card["tokens"] == one["tokens"] + two["tokens"] and card["step"] == 11
    assert card["seconds"] == pytest.approx(one["seconds"] + two["seconds"], abs=0.2)
    assert two["watt_hours"] >= 0 and two["evaluation"]["loss_per_token"] > 0
    json.dumps(card)


@pytest.mark.thorough
def test_a_chain_that_is_stopped_anywhere_ends_as_one_that_was_not(life, tmp_path):
    whole = [replace(c, out=c.out + "-whole") for c in life]
    whole[1] = replace(whole[1], parent={"checkpoint": whole[0].out})
    list(live(whole))
    for _ in range(20):
        done = 0

        def stop():
            nonlocal done
            done += 1
            return done > 2  # two updates a sitting

        list(live(life, stop))
        if rows_of(life[1]) and rows_of(life[1])[-1].get("status") == "finished":
            break
    assert torch.equal(weights(load_checkpoint(Path(life[1].out))), weights(load_checkpoint(Path(whole[1].out))))
    losses = [[r["loss_per_token"] for r in rows_of(c) if "loss_per_token" in r] for c in (life[1], whole[1])]
    assert losses[0] == losses[1]


@pytest.mark.thorough
def test_a_stage_runs_alone_from_any_step_of_any_checkpoint(life, tmp_path):
    list(train(life[0]))
    from_one = replace(life[1], parent={"checkpoint": life[0].out, "step": 1})
    list(train(from_one))
    found = load_checkpoint(Path(life[1].out))
    assert found.stages == [Stage("pretrain", 0, 1), Stage("sft", 1, 6)] and min(found.steps) == 0
    assert "tokens" not in found.card["stages"][0]  # what the whole of it cost is not what it cost up to here
    again = replace(life[1], out=life[1].out + "-again", parent={"checkpoint": life[1].out, "step": 6})
    list(train(again))
    assert load_checkpoint(Path(again.out)).stages == [Stage("pretrain", 0, 1), Stage("sft", 1, 6), Stage("sft", 6, 11)]


def test_pre_training_goes_on_with_other_text_and_what_is_taught_then_replays_that(life):
    list(train(life[0]))
    games = {"kind": "tinyland", "seed": 3, "weights": {"game": 1.0}, "documents": None}
    parent = {"checkpoint": life[0].out}
    more = replace(life[0], out=life[0].out + "-more", parent=parent, data=games, model={}, steps=4)
    list(train(more))
    list(train(replace(life[1], parent={"checkpoint": more.out})))
    found = load_checkpoint(Path(life[1].out))
    assert found.stages == [Stage("pretrain", 0, 6), Stage("pretrain", 6, 10), Stage("sft", 10, 15)]
    read = {step: load_checkpoint(Path(life[1].out), step).read.get("weights") for step in (0, 6, 10, 15)}
    assert read == {0: None, 6: None, 10: games["weights"], 15: games["weights"]}
    assert TrainConfig.load(Path(life[1].out) / "train.json").parent["data"]["weights"] == games["weights"]


def test_the_time_of_a_stage_is_its_own():
    config = TrainConfig(stage="sft", parent={"checkpoint": "x", "step": 100, "seconds": 900.0}, steps=50, seconds=60.0)
    assert config.progress(100, 900.0) == 0 and config.progress(125, 903.0) == 0.5 and config.progress(110, 960.0) == 1
    assert config.last_step == 150


def test_what_cannot_be_a_stage_is_refused(life, tmp_path):
    with pytest.raises(ValueError, match="goes on from a model"):
        TrainConfig(stage="sft")
    with pytest.raises(ValueError, match="stage must be one of"):
        TrainConfig(stage="dreaming")
    with pytest.raises(CheckpointError, match="no folder"):
        list(train(replace(life[1], parent={"checkpoint": str(tmp_path / "nowhere")})))
    list(train(life[0]))
    with pytest.raises(CheckpointError, match="no step 5"):
        list(train(replace(life[1], parent={"checkpoint": life[0].out, "step": 5})))
    assert not (Path(life[1].out) / "metrics.jsonl").exists()
    list(train(life[1]))
    with pytest.raises(RunError, match="already holds a run"):
        list(train(life[1]))


def test_a_parent_may_be_named_with_its_step():
    assert parse_parent("tinyland") == {"checkpoint": "tinyland", "step": None}
    assert parse_parent("runs/a@120") == {"checkpoint": "runs/a", "step": 120}
    with pytest.raises(ValueError, match="whole number"):
        parse_parent("runs/a@last")


def test_the_command_of_a_whole_life_goes_through_its_stages(tmp_path, tokenizer_file, capsys):
    small = {"steps": 3, "documents_per_step": 4, "eval_documents": 4, "final_eval_documents": 4, "threads": 1,
             "seconds": None, "batch_tokens": 300, "eval_every": 2, "warmup_steps": 1, "precision": "float32",
             "micro_batch_tokens": 512}  # fmt: skip
    options = ["--out", str(tmp_path / "life"), "--preset", "live"]
    for stage in ("pretrain", "sft", "preference"):
        for name, value in small.items():
            options += ["--set", f"{stage}.{name}={json.dumps(value)}"]
    options += ["--set", f"pretrain.model={json.dumps(SHAPE)}"]
    options += ["--set", f"pretrain.tokenizer={json.dumps(tokenizer_file)}"]
    options += ["--set", 'preference.preference={"prompts": 2, "samples": 2, "max_new_tokens": 4}']
    assert main(options) == 0
    shaped = load_checkpoint(tmp_path / "life" / "3-preference")
    assert shaped.stages == [Stage("pretrain", 0, 3), Stage("sft", 3, 6), Stage("preference", 6, 9)]
    capsys.readouterr()
    assert main(options) == 0 and capsys.readouterr().out == ""  # all done: nothing is trained again
    assert main([*options, "--set", "school.steps=3"]) == 1
    assert "with a stage of" in capsys.readouterr().err


# ---- cards ----


def test_a_card_without_stages_is_of_one_and_a_damaged_one_too():
    one = [Stage("pretrain", 0, 500)]
    assert stages_of({}, 500) == one
    begun = {"name": "a", "first_step": 0}
    for broken in (3, [], ["sft"], [{"name": "sft"}], [begun | {"first_step": 7}], [begun | {"name": 4}],
                   [begun, {"name": "b", "first_step": None}],
                   [begun, {"name": "b", "first_step": 9}, {"name": "c", "first_step": 3}]):  # fmt: skip
        assert stages_of({"stages": broken}, 500) == one
    told = [{"name": "pretrain", "first_step": 0}, {"name": "sft", "first_step": 400}]
    assert stages_of({"stages": told}, 500) == [Stage("pretrain", 0, 400), Stage("sft", 400, 500)]


def test_a_stage_after_a_model_of_before_stages_tells_what_that_card_told(life):
    list(train(life[0]))
    folder = Path(life[0].out)
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({k: v for k, v in card.items() if k != "stages"}))
    list(train(life[1]))
    one, two = load_checkpoint(Path(life[1].out)).card["stages"]
    assert one["tokens"] == card["tokens"] and one["data"] == card["data"] and two["first_step"] == 6
