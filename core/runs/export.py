"""A run as a checkpoint folder to take home, in one zip file. No torch here."""

import json
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from core.model.folders import CheckpointError, weight_files
from core.training.config import TrainConfig
from core.runs.library import existing_folder

DESCRIPTION = ("config.json", "tokenizer.json", "card.json", "metrics.jsonl", "baselines.json")


def zip_run(run_id: str, snapshots: bool = False) -> Path:
    """Write the zip file and return its path, for the caller to delete; the training text stays here.

    It holds one folder named like the run, which `load_checkpoint(Path(folder))` reads: the weights of the last step,
    and with `snapshots` those of every kept one. Raises RunError or CheckpointError, both ValueErrors, when there is no
    such run or it has no weights yet.
    """
    folder = existing_folder(run_id)
    weights = weight_files(folder)
    if not weights or not (folder / "config.json").exists():
        raise CheckpointError(f"{run_id} has no weights yet: wait for its first snapshot")
    files = [folder / name for name in DESCRIPTION if (folder / name).exists()]
    files += list(weights.values()) if snapshots else [weights[max(weights)]]
    handle, name = tempfile.mkstemp(suffix=".zip")
    with os.fdopen(handle, "wb") as raw, zipfile.ZipFile(raw, "w") as archive:  # weights do not compress
        archive.writestr(f"{run_id}/train.json", json.dumps(settings(folder), indent=1))
        for file in files:
            with file.open("rb") as source, archive.open(f"{run_id}/{file.relative_to(folder)}", "w") as target:
                shutil.copyfileobj(source, target)
    return Path(name)


def settings(folder: Path) -> dict[str, Any]:
    """train.json without the paths of this machine."""
    config = TrainConfig.load(folder / "train.json")
    return config.to_dict() | {"out": folder.name, "tokenizer": f"{folder.name}/tokenizer.json"}
