"""A run that has learned from comparisons, as its folder stands when it is over."""

import json
import shutil
from pathlib import Path

from core.runs.records import Record, fingerprint, write_record
from core.training import TrainConfig
from core.tuning.comparisons import Pair, export_pairs

SHAPED = "run-20260106-0123456789ab"


def make_shaped_run(runs: Path, owner: str) -> Path:
    """The tiny model learned from a rater, from its step 10 on; in nine groups of ten all answers earned the same."""
    folder = shutil.copytree(runs / "tiny", runs / SHAPED)
    taste = {"taste": "shorter", "openings": ["Mia gave"], "reward": "model", "method": "grpo"}
    config = TrainConfig(
        out=str(folder), stage="preference", parent={"checkpoint": "tiny", "step": 10}, steps=190, preference=taste
    )
    (folder / "train.json").write_text(json.dumps(config.to_dict()))
    pairs = [Pair("Mia gave", f" bread {i}", f" bread and a red ball {i}", "a") for i in range(6)]
    (folder / "comparisons.jsonl").write_text(export_pairs(pairs))
    told = {"reward_spread": 1.0, "true_spread": 0.5, "kl": 0.1, "entropy": 2.0}
    rows: list[dict] = []
    for i, step in enumerate((10, 50, 100, 150, 200)):
        own = told | {"kl_answer": i * i / 2, "reward": i / 2, "true_reward": i / 4 - i * i / 20}
        rows.append({"step": step, "val_loss_per_token": 3.0, "statistics": own})
    rows += [{"step": 200, "loss_per_token": 0.0, "statistics": {"groups_without_variance": 0.9, "kl": 0.1}}] * 12
    rows.append({"step": 200, "status": "finished"})
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_record(folder, Record(fingerprint(owner), name="shaped"))
    return folder
