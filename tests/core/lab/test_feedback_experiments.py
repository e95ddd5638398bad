"""The recorded experiments on feedback: what is run, and what is told of it."""

import json

import numpy as np
import pytest
from scipy import stats

from core.files import finite_json
from core.lab.feedback_experiments import T_95, interval, of_run, plans, recorded, report
from core.training import TrainConfig


def test_every_run_has_a_folder_and_a_seed_of_its_own(tmp_path):
    found = plans("parent", 7, tmp_path, 3)
    configs = [config for those in found.values() for config in those]
    assert set(found) == {"shape dpo", "shape grpo", "shape reinforce", "over", "bluff 1/0/0", "bluff 1/0/-1"}
    assert len({config.out for config in configs}) == len(configs) == 18
    assert all({config.seed for config in those} == {0, 1, 2} for those in found.values())
    assert all(config.parent == {"checkpoint": "parent", "step": 7} for config in configs)


def test_intervals_are_those_of_student():
    values = [0.2, 0.5, 0.9]
    low, high = stats.t.interval(0.95, 2, loc=np.mean(values), scale=stats.sem(values))
    found = interval(values)
    assert (found["mean"] - found["half"], found["mean"] + found["half"]) == pytest.approx((low, high), rel=1e-3)
    assert pytest.approx({n: stats.t.ppf(0.975, n - 1) for n in T_95}, rel=1e-3) == T_95


def test_only_runs_that_have_finished_are_told_of(tmp_path):
    (configs,) = [those for name, those in plans("parent", 7, tmp_path, 2).items() if name == "shape dpo"]
    for config, gain, status in zip(configs, (1.0, 2.0), ("finished", "stopped"), strict=True):
        folder = tmp_path / config.out
        folder.mkdir()
        (folder / "train.json").write_text(json.dumps(config.to_dict()))
        told = {"true_spread": 0.5, "reward_spread": 1.0, "reward": 0.0, "kl_answer": 0.0}
        rows = [
            {"step": 7 + 10 * i, "val_loss_per_token": 1.0, "statistics": told | {"true_reward": i * gain}}
            for i in range(2)
        ]
        rows[-1]["status"] = status
        before = {"step": 7, "val_loss_per_token": 1.0, "statistics": {"known_right": 0.5}}  # the parent's, of its end
        past = {"step": 3, "val_loss_per_token": 1.0, "statistics": told | {"true_reward": -9.0}}
        (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [past, before, *rows]))
        assert TrainConfig.load(folder / "train.json").first_step == 7
    assert of_run(tmp_path / configs[0].out)["true_gain"] == 2.0 and of_run(tmp_path / configs[1].out) is None
    gained = report({"shape dpo": configs})["shape dpo"]["true_gain"]
    assert (gained["mean"], gained["seeds"]) == (2.0, 1)


def test_the_report_that_is_kept_is_read_and_a_broken_one_is_none(tmp_path):
    path = tmp_path / "feedback.json"
    assert recorded(path) == {}
    path.write_text(finite_json({"over": {"turnover_foretold": interval([2.5])}}))
    found = recorded(path)["over"]["turnover_foretold"]
    assert (found["mean"], found["seeds"]) == (2.5, 1) and np.isnan(found["half"])
    for broken in ("{", "[]", '{"over": {"kl": {"mean": 1}}}', '{"over": 3}'):
        path.write_text(broken)
        assert recorded(path) == {}
