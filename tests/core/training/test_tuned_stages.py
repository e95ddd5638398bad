"""Stages that teach a little: LoRA and some layers through the same runs, listed chats, replays, resuming."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.model import load_checkpoint
from core.model.checkpoint import read_model
from core.model.folders import snapshot_path
from core.text import Tokenizer, tinyland, train_bpe
from core.training import TrainConfig, train
from core.training.config import OWN_SAMPLES
from core.training.data.batches import IGNORE
from core.training.data.listed import OwnChats, Samples, TinylandChats
from core.training.tuning_config import Tuning
from core.tuning import MaskError
from core.tuning.messages import write_jsonl
from tests.core.conftest import TINY

pytestmark = pytest.mark.slow
CHATS = [(("user", f"What is {i} + 1?"), ("assistant", f"{i + 1}")) for i in range(20)]


@pytest.fixture(scope="module")
def tokenizer_file(tmp_path_factory) -> str:
    texts = [d.text.replace("<|", " ").replace("|>", " ") for d in tinyland.documents(0, 0, 60, {"chat": 1})]
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    Tokenizer.from_bpe(train_bpe(texts, 500), "chats").save(path)
    return str(path)


@pytest.fixture(scope="module")
def base(tmp_path_factory, tokenizer_file) -> TrainConfig:
    config = TrainConfig(
        out=str(tmp_path_factory.mktemp("base") / "base"), model=TINY | {"context_length": 160, "n_layers": 2},
        tokenizer=tokenizer_file, steps=3, documents_per_step=4, log_every=1, warmup_steps=1, eval_every=3,
        eval_documents=6, final_eval_documents=8, snapshots=2, threads=1, precision="float32",
    )  # fmt: skip
    assert list(train(config))[-1].status == "finished"
    return config


def stage(base: TrainConfig, out: Path, **changes: object) -> TrainConfig:
    config = replace(
        base, out=str(out), stage="sft", parent={"checkpoint": base.out}, model={}, tokenizer=None, steps=4,
        data={"kind": "chats", "count": 8, "weights": {"chat": 1.0}}, optimizer="adamw", adamw_lr=0.02, snapshots=3,
        batch_tokens=600,
    )  # fmt: skip
    return replace(config, **changes)


def moved(config: TrainConfig) -> dict[str, torch.Tensor]:
    """By how much each parameter moved in the stage."""
    folder, found = Path(config.out), load_checkpoint(Path(config.out))
    before = dict(read_model(snapshot_path(folder, 3), found.config).named_parameters())
    return {name: p - before[name] for name, p in found.model.named_parameters()}


def test_lora_moves_only_its_matrices_and_by_its_rank(base, tmp_path):
    config = stage(base, tmp_path / "lora", tuning={"way": "lora", "rank": 2, "matrices": ["q", "down"]})
    assert list(train(config))[-1].status == "finished"
    for name, update in moved(config).items():
        if Tuning.from_dict(config.tuning).trains(name):
            values = torch.linalg.svdvals(update)
            assert values[1] > 1e-5 and values[2] < 1e-6, name
        else:
            assert not update.any(), name


def test_only_the_chosen_layers_move(base, tmp_path):
    config = stage(base, tmp_path / "layers", tuning={"way": "layers", "layers": [1]})
    assert list(train(config))[-1].status == "finished"
    assert {name for name, update in moved(config).items() if update.any()} == {
        name for name in moved(config) if name.startswith("blocks.1.")
    }


def test_an_interrupted_lora_goes_on_as_if_nothing_had_happened(base, tmp_path):
    whole = stage(base, tmp_path / "whole", tuning={"way": "lora", "rank": 2})
    list(train(whole))
    cut = replace(whole, out=str(tmp_path / "cut"))
    asked = iter([False, False, True])
    assert list(train(cut, stop=lambda: next(asked, True)))[-1].status == "stopped"
    assert list(train(TrainConfig.load(tmp_path / "cut" / "train.json"), resume=True))[-1].status == "finished"
    one, other = load_checkpoint(Path(whole.out)), load_checkpoint(Path(cut.out))
    for p, q in zip(one.model.parameters(), other.model.parameters(), strict=True):
        torch.testing.assert_close(p, q, atol=0, rtol=0)


def test_layers_that_the_model_lacks_are_refused(base, tmp_path):
    with pytest.raises(ValueError, match="no such layer"):
        list(train(stage(base, tmp_path / "no", tuning={"way": "layers", "layers": [7]})))


# ---- listed data ----


def test_every_chat_stands_in_every_epoch_once(tokenizer_file):
    tokenizer = Tokenizer.load(tokenizer_file)
    config = TrainConfig(data={"kind": "chats", "count": 10, "weights": {"chat": 1.0}}, documents_per_step=4)
    data = TinylandChats(tokenizer, config, 400)
    read = [tuple(i for i in row.tolist()) for step in range(5) for row in rows_of(data, step)]  # two epochs
    first, second = read[:10], read[10:]
    wanted = sorted(tuple(ids[:-1]) for ids in data.train)
    assert sorted(map(unpadded, first)) == sorted(map(unpadded, second)) == sorted(map(unpadded, wanted))
    assert first != second


def rows_of(data, step):
    found = {}
    for micro in data.batch(step):
        for row, inputs in zip(micro.rows, micro.inputs, strict=False):
            found[row] = inputs
    return [found[row] for row in sorted(found)]


def unpadded(ids):
    ids = list(ids)
    while ids and ids[-1] == 0:
        ids.pop()
    return tuple(ids)


def test_the_wrong_mask_counts_everything_and_only_on_purpose(tokenizer_file):
    tokenizer = Tokenizer.load(tokenizer_file)
    for mask, everything in (("assistant", False), ("all", True)):
        config = TrainConfig(data={"kind": "chats", "count": 6, "mask": mask}, documents_per_step=6)
        micro = TinylandChats(tokenizer, config, 400).batch(0)
        counted = sum(int((m.targets != IGNORE).sum()) for m in micro)
        assert (counted == sum(sum(m.lengths) for m in micro)) == everything


def test_own_chats_are_read_from_the_folder_of_the_run(tokenizer_file, tmp_path):
    tokenizer = Tokenizer.load(tokenizer_file)
    config = TrainConfig(out=str(tmp_path), data={"kind": "messages", "path": "chats.jsonl"})
    (tmp_path / "chats.jsonl").write_text(write_jsonl(CHATS))
    data = OwnChats(tokenizer, config, 160)
    assert (len(data.train), len(data.held)) == (18, 2)
    (tmp_path / "chats.jsonl").write_text(write_jsonl(CHATS[:1]))
    with pytest.raises(ValueError, match="at least two"):
        OwnChats(tokenizer, config, 160)
    (tmp_path / "chats.jsonl").write_text(write_jsonl(CHATS) + '{"messages": 3}\n')
    with pytest.raises(ValueError, match="line 21: "):
        OwnChats(tokenizer, config, 160)


def test_a_mask_that_is_zero_everywhere_is_refused(tokenizer_file):
    tokenizer = Tokenizer.load(tokenizer_file)

    class Blind(TinylandChats):
        def mask(self, ids):
            return [False] * len(ids)

    with pytest.raises(MaskError, match="no token counts"):
        Blind(tokenizer, TrainConfig(data={"kind": "chats", "count": 6}), 400)


@pytest.mark.parametrize("replay_of", ["old", "own"])
def test_replay_reads_old_text_or_what_the_parent_wrote(base, tmp_path, replay_of):
    config = stage(base, tmp_path / replay_of, replay=0.5, replay_of=replay_of)
    rows = [progress.row for progress in train(config)]
    assert rows[-1]["status"] == "finished"
    samples = Path(config.out) / OWN_SAMPLES
    assert samples.exists() == (replay_of == "own")
    if replay_of == "own":
        written = json.loads(samples.read_text())
        tokenizer = load_checkpoint(Path(config.out)).tokenizer
        assert all(ids[0] == tokenizer.eot for ids in written)
        kept = Samples(tokenizer, replace(config, data={"kind": "samples", "path": OWN_SAMPLES}), 160)
        assert sum(map(len, kept.train)) > 0
