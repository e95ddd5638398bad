"""What a fine-tuning taught and what was forgotten, on a model that was taught for a few steps."""

import dataclasses
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.analysis.skills.cases import Case, continuations, is_right
from core.generation import greedy_batch
from core.lab import taught
from core.model import Checkpoint, load_checkpoint
from core.text import Tokenizer, tinyland, train_bpe
from core.training import TrainConfig, train
from core.tuning.messages import write_jsonl
from tests.core.conftest import TINY

pytestmark = pytest.mark.slow
CHATS = [(("user", f"Say {i}."), ("assistant", "Yes.")) for i in range(30)]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> TrainConfig:
    """A few steps on Tinyland, then on chats that are always answered with Yes."""
    folder = tmp_path_factory.mktemp("taught")
    texts = [d.text for d in tinyland.documents(0, 0, 80)]
    Tokenizer.from_bpe(train_bpe(texts, 600), "tiny").save(folder / "tokenizer.json")
    base = TrainConfig(
        out=str(folder / "base"), model=TINY | {"context_length": 120}, tokenizer=str(folder / "tokenizer.json"),
        steps=6, documents_per_step=8, eval_documents=8, final_eval_documents=8, snapshots=2, threads=1,
        precision="float32", warmup_steps=1,
    )  # fmt: skip
    list(train(base))
    (folder / "run").mkdir()
    (folder / "run" / "chats.jsonl").write_text(write_jsonl(CHATS))
    stage = replace(
        base, out=str(folder / "run"), stage="sft", parent={"checkpoint": base.out}, model={}, tokenizer=None,
        data={"kind": "messages", "path": "chats.jsonl"}, steps=40, optimizer="adamw", adamw_lr=0.02,
    )  # fmt: skip
    assert list(train(stage))[-1].status == "finished"
    return TrainConfig.load(folder / "run" / "train.json")


@pytest.fixture(scope="module")
def pair(run) -> tuple[Checkpoint, Checkpoint]:
    folder = Path(run.out)
    return load_checkpoint(folder, run.first_step), load_checkpoint(folder)


def test_it_learned_to_say_yes_and_that_is_what_is_measured(run, pair):
    found = taught.measure(*pair, run, 20, 4)
    before, after = found.skills[taught.TASK]
    assert before[0] == 0.0 and after[0] == 1.0
    assert found.kl > 0.5 and found.step == run.last_step
    assert found.forgotten[0] > 0 and found.forgotten[1] < found.forgotten[0] < found.forgotten[2]
    assert {"arithmetic"} <= found.skills.keys() and set(found.old) <= set(tinyland.KINDS)


def test_a_model_beside_itself_has_learned_and_forgotten_nothing(run, pair):
    found = taught.measure(pair[1], pair[1], run, 10, 2)
    assert found.kl == pytest.approx(0, abs=1e-6) and found.forgotten == (0.0, 0.0, 0.0)
    assert all(was == now for was, now in found.skills.values())


def test_an_answer_that_would_be_written_is_the_one_that_greedy_decoding_writes(run, pair):
    """Chats of Tinyland, through whole forward passes, beside decoding token by token."""
    tokenizer, model = pair[1].tokenizer, pair[1].model
    chats = replace(run, data={"kind": "chats", "weights": {"chat": 1.0}})
    asked = taught.task_of(tokenizer, chats, 120, 12)
    right = total = 0
    for one in asked:
        for passage in one.passages:
            prompt, wanted = list(one.ids[: passage.first]), list(one.ids[passage.first : passage.last + 1])
            (ids,) = greedy_batch(model, [prompt], len(wanted) + 4, set())
            after = tokenizer.token_bytes(ids[len(wanted)]) if len(ids) > len(wanted) else b""
            right += ids[: len(wanted)] == wanted and after.startswith(passage.ends)
            total += 1
    share = taught.share_of(model, tokenizer, asked)
    assert (share.right, share.n) == (right, total) and total > 0


def test_the_divergence_is_the_mean_of_its_definition(run, pair):
    asked = taught.task_of(pair[0].tokenizer, run, 120, 3)
    values = []
    with torch.no_grad():
        for one in asked:
            ids = torch.tensor([one.ids])
            p, q = (checkpoint.model(ids)[0].double().softmax(-1) for checkpoint in (pair[1], pair[0]))
            for passage in one.passages:
                for t in range(passage.first, passage.last + 1):
                    values.append(float((p[t - 1] * (p[t - 1].log() - q[t - 1].log())).sum()))
    assert taught.divergence(pair[1].model, pair[0].model, asked) == pytest.approx(np.mean(values), rel=1e-3)


def test_the_rise_is_that_of_the_sums_and_its_interval_covers():
    generator = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        before = generator.normal(50, 5, 80)
        after = before + generator.normal(2, 3, 80)
        value, low, high = taught.rise(before, after, 800)
        assert value == pytest.approx((after.sum() - before.sum()) / 800)
        covered += low <= 0.2 <= high
    assert 0.91 < covered / 400 < 0.98


def test_questions_end_where_the_assistant_speaks_and_are_answered(run, pair):
    asked = taught.questions(pair[1], run, 3, room=20)
    assert [one.words for one in asked] == ["user: Say 27.", "user: Say 28.", "user: Say 29."]
    assert all(one.ids[-1] == pair[1].tokenizer.special_tokens["<|assistant|>"] for one in asked)
    assert taught.answers(pair[1], asked) == ["Yes."] * 3
    cases = [Case(list(one.ids), "Yes.") for one in asked]
    assert all(map(is_right, cases, continuations(pair[1].model, pair[1].tokenizer, cases)))


def test_what_was_measured_is_kept_with_the_run_until_its_weights_change(run, pair):
    folder = Path(run.out)
    assert taught.read_kept(folder) is None
    found = taught.measure(*pair, run, 4, 2)
    taught.save(folder, found)
    again = taught.read_kept(folder)
    assert again is not None and again.kl == found.kl and [*again.forgotten] == [*found.forgotten]
    taught.save(folder, dataclasses.replace(found, step=1))
    assert taught.read_kept(folder) is None
    (folder / taught.FILE).write_text("[")
    assert taught.read_kept(folder) is None


def test_a_parent_of_which_nothing_is_known_is_refused(run, pair):
    with pytest.raises(ValueError, match="nothing is known"):
        taught.measure(*pair, replace(run, parent={"checkpoint": "x"}), 2, 2)
