"""Models made elsewhere, taught and shaped here: what a run begins from, learns from, keeps, and gives to others."""

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.lab import taught
from core.model import describe, load_checkpoint, load_pretrained, save_pretrained
from core.model.description import CheckpointError, made_elsewhere
from core.training import TrainConfig, train
from core.training.adopted import adopt
from core.training.config import preset
from core.training.costs import need
from core.training.data.listed import OwnChats
from core.training.preference.config import COMPARISONS
from core.training.stages import resolve
from core.tuning.comparisons import Pair, export_pairs
from core.tuning.messages import encode_question, mark_chat, write_jsonl
from tests.core.model.stock.folders import write

pytestmark = pytest.mark.slow
CHATS = [
    *((("user", f"Say {i}."), ("assistant", f"It's {i} – the ball.")) for i in range(8)),
    (("system", "Be so."), ("user", "Mia?"), ("assistant", "To Tom."), ("user", "It?"), ("assistant", "🙂 naïve")),
    (("user", "Mia?"), ("assistant", "the red ball")),
]
CHATML = (  # without marks of what the assistant writes
    "{% for m in messages %}{{ eos_token + m.role + '\n' + m.content + eos_token + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ eos_token + 'assistant\n' }}{% endif %}"
)
TEMPLATES = {"gpt2": None, "llama, 3 to 1": CHATML, "qwen3": CHATML, "llama3": None}


def folder_of(name: str, at: Path) -> Path:
    folder = write(at, name)
    if template := TEMPLATES[name]:
        (folder / "chat_template.jinja").write_text(template)
    return folder


def settings(parent: Path, out: Path, chats=CHATS, **changes: object) -> TrainConfig:
    out.mkdir(parents=True, exist_ok=True)
    (out / "chats.jsonl").write_text(write_jsonl(chats))
    return preset(
        "sft", out=str(out), parent={"checkpoint": str(parent)}, data={"kind": "messages", "path": "chats.jsonl"},
        steps=3, replay=0.0, documents_per_step=4, optimizer="adamw", adamw_lr=0.02, precision="float32", threads=1,
        eval_every=3, final_eval_documents=4, warmup_steps=1, tuning={"way": "lora", "rank": 2}, **changes,
    )  # fmt: skip


@pytest.mark.parametrize("name", TEMPLATES)
def test_chats_are_what_transformers_makes_of_them(name, tmp_path):
    """Ids, and where the template marks them the assistant's tokens, beside `apply_chat_template`."""
    opened = load_pretrained(folder_of(name, tmp_path / "opened"))
    given = adopt(opened, tmp_path / "adopted", chats=True)
    save_pretrained(given, tmp_path / "theirs")
    theirs = AutoTokenizer.from_pretrained(tmp_path / "theirs")
    marks = "endgeneration" in theirs.chat_template
    assert marks == (TEMPLATES[name] is None)
    for chat in CHATS:
        talk = [{"role": role, "content": said} for role, said in chat]
        made = theirs.apply_chat_template(talk, return_dict=True, return_assistant_tokens_mask=marks)
        ids, counts = mark_chat(opened.tokenizer, chat)
        assert ids == made["input_ids"] == mark_chat(given.tokenizer, chat).ids
        assert not marks or counts == [bool(one) for one in made["assistant_masks"]]
        asked = encode_question(opened.tokenizer, chat)
        assert asked == theirs.apply_chat_template(talk[:-1], add_generation_prompt=True, return_dict=False)
        said = opened.tokenizer.decode([id for id, own in zip(ids, counts, strict=True) if own])
        assert all(words in said for role, words in chat if role == "assistant")
        assert not any(words in said for role, words in chat if role != "assistant")
        assert ids[: len(asked)] == asked and all(counts[len(asked) :]) and not any(counts[: counts.index(True)])


@pytest.mark.parametrize("name", ["gpt2", "llama, 3 to 1", "qwen3"])
def test_a_model_made_elsewhere_is_taught_here_and_opens_elsewhere_again(name, tmp_path):
    opened = load_pretrained(folder_of(name, tmp_path / "opened"))
    config = settings(tmp_path / "opened", tmp_path / "run")
    rows = [progress.row for progress in train(config)]
    assert rows[-1]["status"] == "finished" and "baselines_per_token" not in rows[1]
    run = load_checkpoint(tmp_path / "run")
    before = load_checkpoint(tmp_path / "run", 0)
    assert (run.steps[0], run.step) == (0, 3) and [stage.name for stage in run.stages] == ["pretrain", "sft"]
    assert made_elsewhere(run.card) and run.card["stages"][1]["parent"]["checkpoint"] == str(tmp_path / "opened")
    was, now = (dict(one.model.named_parameters()) for one in (before, run))
    assert all(torch.equal(weight, was[key]) for key, weight in opened.model.named_parameters())
    moved = {key for key in was if not torch.equal(was[key], now[key])}
    assert moved == {key for key in was if key.endswith("weight") and (".attn.w" in key or ".mlp.w" in key)}
    text = "Mia gave 4172 – naïve <|endoftext|></s> 🙂"
    assert run.tokenizer.encode(text, special=True) == opened.tokenizer.encode(text, special=True)
    assert run.tokenizer.stops == opened.tokenizer.stops
    save_pretrained(run, tmp_path / "theirs")
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path / "theirs")
    ids = torch.randint(0, run.config.vocab_size, (2, 30), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert (theirs.eval()(ids).logits - run.model(ids)).abs().max() <= 1e-4
    spelled = AutoTokenizer.from_pretrained(tmp_path / "theirs")
    assert spelled(text, add_special_tokens=False)["input_ids"] == run.tokenizer.encode(text, special=True)
    assert spelled.chat_template == (TEMPLATES[name] or run.tokenizer.chat_template)


def test_what_was_taught_is_measured_beside_its_own_writing(tmp_path):
    folder_of("gpt2", tmp_path / "opened")
    list(train(settings(tmp_path / "opened", tmp_path / "run")))
    pair = [load_checkpoint(tmp_path / "run", step) for step in (0, None)]
    config = TrainConfig.load(tmp_path / "run" / "train.json")
    found = taught.measure(*pair, config, 4, 2)
    assert list(found.old) == [taught.OWN_WRITING] and list(found.skills) == [taught.TASK] and found.kl > 0
    (asked,) = taught.questions(pair[1], config, room=20)
    assert asked.words == "user: Mia?" and pair[1].tokenizer.decode(asked.ids[1:]) == "User: Mia?\n\nAssistant:"
    assert len(taught.answers(pair[1], [asked])) == 1


def test_tinyland_teaches_it_too_and_a_second_stage_goes_on(tmp_path):
    """Chats of Tinyland through its own template, then DPO on comparisons of the taught model."""
    folder_of("qwen3", tmp_path / "opened")
    chats = {"kind": "chats", "count": 6, "weights": {"chat_role": 1.0}}
    data = OwnChats(load_pretrained(tmp_path / "opened").tokenizer, settings(tmp_path, tmp_path / "own"), 60)
    assert all(sum(data.mask(ids)) > 0 for ids in data.train)
    with pytest.raises(ValueError, match="nothing here fits a context of 64"):
        list(train(TrainConfig.from_dict(settings(tmp_path / "opened", tmp_path / "x").to_dict() | {"data": chats})))
    list(train(settings(tmp_path / "opened", tmp_path / "run")))
    shaped = tmp_path / "shaped"
    shaped.mkdir()
    pairs = [Pair("Mia gave", f" the ball {i}", f" naïve {i}", "a") for i in range(6)]
    (shaped / COMPARISONS).write_text(export_pairs(pairs))
    config = preset(
        "dpo", out=str(shaped), parent={"checkpoint": str(tmp_path / "run")}, replay=0.0, steps=2, threads=1,
        data={"kind": "text", "path": str(tmp_path / "run" / "chats.jsonl")}, eval_every=2, final_eval_documents=4,
        preference={"method": "dpo", "reward": "model", "prompts": 2, "max_new_tokens": 8},
        tuning={"way": "lora", "rank": 2},
    )  # fmt: skip
    assert list(train(config))[-1].status == "finished"
    life = describe(shaped)
    assert [(s.name, s.first_step, s.last_step) for s in life.stages] == [
        ("pretrain", 0, 0), ("sft", 0, 3), ("preference", 3, 5)]  # fmt: skip
    assert [stage["data"]["kind"] for stage in life.card["stages"]] == ["elsewhere", "messages", "text"]
    again = TrainConfig.from_dict(config.to_dict() | {"parent": {"checkpoint": str(shaped), "step": 0}})
    assert [stage["name"] for stage in resolve(again).parent["stages"]] == ["pretrain"]


def test_one_that_does_not_fit_in_memory_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    folder_of("gpt2", tmp_path / "opened")
    monkeypatch.setattr(need.memory, "available", lambda: 100_000)
    with pytest.raises(CheckpointError, match="needs about 1 MB of memory, and 1 MB are free"):
        list(train(settings(tmp_path / "opened", tmp_path / "run")))
    assert not (tmp_path / "run" / "config.json").exists()


def test_it_is_held_in_fewer_bits_and_trained_on_its_own(tmp_path):
    folder = folder_of("gpt2", tmp_path / "opened")
    (folder / "glassbox.json").write_text(json.dumps({"precision": "int8"}))
    list(train(settings(folder, tmp_path / "run")))
    exact, kept = load_pretrained(folder, "float32"), load_checkpoint(tmp_path / "run", 0)
    assert all(map(torch.equal, exact.model.parameters(), kept.model.parameters()))
