"""A finished run as a model to ship: `python -m core.runs.ship runs/life/3-preference assets/models/tinyland`.

What a model needs and tells of its life, without the state to go on from; the last weights in 16 bits, as every step of
its past, which are packed. What is measured of the model afterwards holds for exactly these weights.
"""

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open

from core.files import finite_json
from core.model import byte_planes
from core.model.checkpoint import write_weights
from core.model.description import read_json, write_json
from core.model.folders import digests, snapshot_files, update_card
from core.model.loading import load_checkpoint

KEPT = ("config.json", "tokenizer.json", "baselines.json")
DIGITS = 6  # of the numbers of metrics.jsonl, which a page draws
TOLD = ("card.json", "train.json")  # these say where on the machine the stages before stood
PLACES = ("checkpoint", "out")


def ship(run: Path, target: Path) -> None:
    """Write the model of a run into `target`, an empty or new folder. Raises CheckpointError for what is no run, and
    FileExistsError where something else is in the way."""
    trained = load_checkpoint(run)
    if target.exists() and any(target.iterdir()):
        raise FileExistsError(f"{target} is not empty: remove what is in it first")
    (target / "snapshots").mkdir(parents=True, exist_ok=True)
    for name in KEPT:
        shutil.copyfile(run / name, target / name)
    rows = (json.loads(line, parse_float=shortened) for line in (run / "metrics.jsonl").read_text().splitlines())
    (target / "metrics.jsonl").write_text("".join(finite_json(row) + "\n" for row in rows))
    for name in TOLD:
        write_json(target / name, without_places(read_json(run / name)))
    for step, path in snapshot_files(run).items():
        if step != trained.step:
            pack_snapshot(path, target / "snapshots" / path.name)
    write_weights(target / "model.safetensors", trained.step, trained.model, torch.float16)
    update_card(target, sha256=digests(target))


def pack_snapshot(source: Path, target: Path) -> None:
    """The same weights in fewer bytes, where they are of 16 bits."""
    with safe_open(source, framework="np") as file:
        tensors = byte_planes.tensors(file)
        metadata = file.metadata() or {}
    if all(tensor.dtype == np.float16 for tensor in tensors.values()):
        target.write_bytes(byte_planes.pack(tensors, metadata))
    else:
        shutil.copyfile(source, target)


def shortened(number: str) -> float:
    """A number with the digits that are kept."""
    return float(f"{float(number):.{DIGITS}g}")


def without_places(values: dict[str, Any]) -> dict[str, Any]:
    """The same with the last part of every path, which is a name, alone."""

    def told(name: str, value: object) -> object:
        if isinstance(value, dict):
            return without_places(value)
        if isinstance(value, list):
            return [told(name, one) for one in value]
        return Path(value).name if name in PLACES and isinstance(value, str) else value

    return {name: told(name, value) for name, value in values.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="the folder of a run that has finished")
    parser.add_argument("target", type=Path, help="where the model is to stand")
    options = parser.parse_args()
    ship(options.run, options.target)


if __name__ == "__main__":
    main()
