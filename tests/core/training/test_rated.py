"""Training on comparisons: with a rater, on a person's own pairs, stopped and gone on with, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.model import load_checkpoint
from core.training import TrainConfig, train
from core.training.disk.folder import RunError
from core.training.preference.rated import read_comparisons
from core.tuning.comparisons import Pair, as_answer, export_pairs, opening
from core.tuning.reward_model import means_of, states_of
from tests.tiny import make_checkpoint

pytestmark = pytest.mark.slow

PROMPT = "Mia gave the red ball"


@pytest.fixture(scope="module")
def parent(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("parents") / "tiny"
    make_checkpoint(folder)
    (folder.parent / "corpus.txt").write_text("Mia gave the red ball to Tom because she was tired. " * 40)
    return folder


@pytest.fixture
def shaped(parent, tmp_path) -> TrainConfig:
    return TrainConfig(
        out=str(tmp_path / "run"), stage="preference", parent={"checkpoint": str(parent)}, steps=6, eval_every=6,
        data={"kind": "text", "path": str(parent.parent / "corpus.txt")}, optimizer="adamw", adamw_lr=0.04,
        eval_documents=4, final_eval_documents=4, schedule="constant", warmup_steps=1, snapshots=2, threads=1,
        log_every=1, precision="float32",
        preference={"taste": "shorter", "noise": 0.1, "comparisons": 24, "openings": [PROMPT], "reward": "rater",
                    "prompts": 4, "samples": 8, "max_new_tokens": 12, "beta": 0.0},
    )  # fmt: skip


def told(config: TrainConfig) -> list[dict[str, float]]:
    lines = (Path(config.out) / "metrics.jsonl").read_text().splitlines()
    return [row["statistics"] for row in map(json.loads, lines) if "statistics" in row]


@pytest.mark.parametrize("method", ["grpo", "reinforce"])
def test_what_the_rater_likes_is_written_more_often_and_the_distance_is_measured(shaped, method):
    config = replace(shaped, preference=shaped.preference | {"method": method})
    assert list(train(config))[-1].status == "finished"
    first, *updates, last = told(config)
    assert last["true_reward"] > first["true_reward"] + first["true_spread"] / 4
    assert first["kl"] == pytest.approx(0, abs=1e-6) and last["kl"] > 0.01
    assert last["kl_answer"] == pytest.approx(last["kl"] * last["length"], rel=1e-4)
    drawn = [one for one in updates if "groups_without_variance" in one]
    assert len(drawn) == 6 and all(one.keys() >= {"reward", "k1", "k2", "k3", "entropy", "length"} for one in drawn)
    assert len(read_comparisons(Path(config.out))) > 12


def test_dpo_on_a_persons_pairs_prefers_them_and_ends_the_same_when_it_was_interrupted(shaped):
    pairs = [Pair(PROMPT, f" to {name}.", f" was tired and {name}", "ab"[i % 2]) for i, name in enumerate("MTSRLKPN")]
    settings = {"method": "dpo", "reward": "model", "prompts": 4, "max_new_tokens": 12}
    ends = []
    for name, steps_at_first in (("whole", 99), ("part", 2)):
        config = replace(shaped, out=f"{shaped.out}-{name}", preference=settings)
        Path(config.out).mkdir()
        (Path(config.out) / "comparisons.jsonl").write_text(export_pairs(pairs))
        calls = iter(range(1000))
        list(train(config, stop=lambda calls=calls, n=steps_at_first: next(calls) > n))
        if name == "part":
            list(train(TrainConfig.load(Path(config.out) / "train.json"), resume=True))
        ends.append([p.detach() for p in load_checkpoint(Path(config.out)).model.parameters()])
    assert all(map(torch.equal, *ends))
    found = told(config)
    updates = [one for one in found if "pairs" in one]
    assert updates[0]["accuracy"] == 0 and updates[-1]["rewards_margin"] > updates[0]["rewards_margin"]
    assert "true_reward" not in found[0] and found[0]["held_accuracy"] == 0.5


def test_what_cannot_be_learned_from_is_refused_before_there_is_a_run(shaped):
    Path(shaped.out).mkdir()
    own = replace(shaped, preference={"reward": "model"})
    for written, message in ((None, "needs them in its folder"), ([Pair(PROMPT, "x", "y", "a")] * 3, "too few")):
        if written:
            (Path(shaped.out) / "comparisons.jsonl").write_text(export_pairs(written))
        with pytest.raises(RunError, match=message):
            list(train(own))
    ties = replace(shaped, preference=shaped.preference | {"taste": "more animals"})
    with pytest.raises(ValueError, match="differ in what “more animals” looks at"):
        list(train(ties))
    assert not (Path(shaped.out) / "train.json").exists()
    with pytest.raises(ValueError, match="openings"):
        replace(shaped, preference={"taste": "shorter", "reward": "rater"})


def test_states_read_together_are_those_read_alone_and_a_brief_answer_holds_its_end(parent):
    checkpoint = load_checkpoint(parent)
    tokenizer, length = checkpoint.tokenizer, checkpoint.config.context_length
    answers = [as_answer(tokenizer, PROMPT, text, length) for text in (" to Tom.", "", " because she was tired" * 9)]
    assert [answer.ids[-1] == tokenizer.eot for answer in answers] == [True, True, False]
    assert all(list(answer.ids[: answer.begins]) == opening(tokenizer, PROMPT, length) for answer in answers)
    together, means = states_of(checkpoint.model, answers), means_of(checkpoint.model, answers)
    for i, answer in enumerate(answers):
        (alone,) = states_of(checkpoint.model, [answer])
        assert alone.shape[0] == len(answer.ids) - answer.begins
        torch.testing.assert_close(together[i], alone, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(means[i], alone.mean(0), atol=1e-4, rtol=1e-4)
