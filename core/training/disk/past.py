"""The past of a run, taken over by another: its forks, and the stages that follow it. No torch here."""

import contextlib
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from core.files import finite_json, write_atomically
from core.model import byte_planes
from core.model.description import CARDS, write_json
from core.model.folders import read_card, snapshot_path, weight_files
from core.training.config import OWN_SAMPLES
from core.training.disk.folder import RunError
from core.training.disk.rows import Row, read_rows
from core.training.disk.state import STATE, Position, kept_state, position_after
from core.training.preference.config import COMPARISONS

PAST = ("config.json", "tokenizer.json", "baselines.json", *CARDS)
TEXTS = ("corpus.txt", "chats.jsonl", OWN_SAMPLES, COMPARISONS)  # what a run reads


def copy_past(source: Path, target: Path, step: int, *marks: Row) -> None:
    """Make `target` a run that has just done update `step` of `source`, ready to resume. Raises RunError when `source`
    has no snapshot of that step. Snapshots are linked, not copied: they never change. marks: rows that follow those of
    the past."""
    weights = weight_files(source)
    if step not in weights:
        raise RunError(f"{source.name} has no snapshot of step {step}; it has those of {', '.join(map(str, weights))}")
    for name in PAST:
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)
    copy_texts(source, target)
    card = {name: value for name, value in read_card(source).items() if name != "sha256"}  # it will have other weights
    write_json(target / "card.json", card)
    (target / "snapshots").mkdir(exist_ok=True)
    (target / "state").mkdir(exist_ok=True)
    for number, path in weights.items():
        if number <= step:
            link(path, snapshot_path(target, number))
        if number <= step and kept_state(source, number).exists():
            link(kept_state(source, number), kept_state(target, number))
    rows = [row for row in read_rows(source / "metrics.jsonl") if row["step"] <= step and "status" not in row]
    write_atomically(target / "metrics.jsonl", "".join(finite_json(row) + "\n" for row in (*rows, *marks)).encode())
    if kept_state(source, step).exists():
        shutil.copyfile(kept_state(source, step), target / STATE)
    else:
        write_atomically(target / STATE, state_from(weights[step], position_after(source, step)))


def copy_texts(source: Path, target: Path) -> None:
    """Have what `source` reads in the folder of another run too; what that has of its own stays."""
    for name in TEXTS:
        if (source / name).exists() and not (target / name).exists():
            shutil.copyfile(source / name, target / name)


def state_from(weights: Path, position: Position) -> bytes:
    """A saved state with these weights and no moments."""
    with safe_open(weights, framework="np") as file:
        tensors = {f"model.{name}": x.astype(np.float32) for name, x in byte_planes.tensors(file).items()}
    return save(tensors, {"position": json.dumps(asdict(position))})


def link(source: Path, target: Path) -> None:
    """The same file under another name, or a copy where the file system has no links. One that is there stays."""
    if target.exists():
        return
    with contextlib.suppress(OSError):
        os.link(source, target)
        return
    shutil.copyfile(source, target)
