"""What takes minutes to measure is measured once and kept beside the model, in limits/step_….safetensors.

    python -m core.analysis.limits tinyland --write

A record is of certain weights: it is used only as long as these are the same.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from core.analysis.limits import bias, bias_inside, next_token, recall, rounding, untold
from core.analysis.limits.bias import Pronouns
from core.analysis.limits.bias_inside import Inside
from core.analysis.limits.next_token import Beside
from core.analysis.limits.recall import Recall
from core.analysis.limits.rounding import Rounding
from core.analysis.limits.untold import Untold
from core.files import write_atomically
from core.model import Checkpoint, Description, load_checkpoint
from core.model.folders import weights_digest
from core.text import tinyland

PARTS = ("recall", "untold", "truth", "rounding", "pronouns", "inside")
Report = Callable[[float, str], object]
Part = Recall | Untold | Beside | Rounding | Pronouns | Inside


def measure(checkpoint: Checkpoint, part: str, report: Report = lambda *_: None) -> Part:
    """One of PARTS, measured now. ValueError where the model has not read what is asked for."""
    if part == "recall":
        return recall.recall(checkpoint, report=report)
    if part == "untold":
        return untold.untold_facts(checkpoint, report)
    if part == "truth":
        texts = next_token.held_out_texts(checkpoint)
        known = next_token.truths(next_token.foresight(checkpoint), texts, report)
        return next_token.compare(checkpoint.model, checkpoint.tokenizer.eot, texts, known)
    if part == "pronouns":
        return bias.pronouns(checkpoint.model, checkpoint.tokenizer, report=lambda share: report(share, "occupations"))
    if part == "inside":
        return bias_inside.inside(checkpoint, *bias_inside.PAIR, report)
    return rounding.rounding(checkpoint, report)


def part_of(name_or_folder: str | Path, step: int | None, part: str, report: Report = lambda *_: None) -> Part:
    """One of PARTS of a model: as it is recorded, else measured now."""
    checkpoint = load_checkpoint(name_or_folder, step)
    found = recorded(checkpoint, part)
    return measure(checkpoint, part, report) if found is None else found


# ---- as a file ----


def path_of(description: Description) -> Path:
    return description.folder / "limits" / f"step_{description.step:08d}.safetensors"


def write(checkpoint: Checkpoint, parts: Mapping[str, Part]) -> None:
    """Keep the parts beside the model, with those that are recorded of these weights already."""
    parts = {name: part for name in PARTS if (part := parts.get(name) or recorded(checkpoint, name))}
    tensors: dict[str, np.ndarray] = {}
    for name, part in parts.items():
        for key, value in _columns(part).items():
            dtype = np.float16 if key == "log_probs" else np.float32  # 366 of each person are most of the record
            tensors[f"{name}.{key}"] = np.ascontiguousarray(value, dtype=dtype)
    about = {"sha256": weights_digest(checkpoint.folder, checkpoint.step), "parts": json.dumps(list(parts))}
    path = path_of(checkpoint)
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, save(tensors, about))


def recorded(description: Description, part: str) -> Part | None:
    """A part as it was recorded; None where there is no record, or one of other weights, or one that can't be read."""
    try:
        with safe_open(path_of(description), framework="np") as file:
            about = file.metadata()
            if about["sha256"] != weights_digest(description.folder, description.step):
                return None
            kept = {k.removeprefix(f"{part}."): file.get_tensor(k) for k in file.keys() if k.startswith(f"{part}.")}  # noqa: SIM118
        return _part(description, part, kept) if kept else None
    except (OSError, ValueError, KeyError, TypeError, SafetensorError):
        return None


def _columns(part: Part) -> dict[str, Any]:
    if isinstance(part, Recall):
        each = int((part.count == recall.STRANGER).sum())
        log_probs = np.maximum(part.log_probs, -1e4)
        return {"log_probs": log_probs, "chat": [part.chat], "strangers": [each]}
    if isinstance(part, Pronouns):
        return {"she": part.she}
    return {field.name: np.atleast_1d(getattr(part, field.name)) for field in fields(part)}


def _part(description: Description, name: str, kept: Mapping[str, np.ndarray]) -> Part:
    columns: dict[str, Any] = {key: value.astype(np.float64) for key, value in kept.items()}
    if name == "recall":
        each = int(np.ceil(columns["strangers"][0] / 2))
        people, count, ways, _, true = zip(*recall.people(each), strict=True)
        log_probs = columns["log_probs"]
        if len(log_probs) != len(people):
            raise ValueError("a record of other people")
        log_probs = np.where(log_probs <= -1e4, -np.inf, log_probs)
        counts = recall.told(description, np.array(count))
        return Recall(tuple(people), counts, np.array(ways), np.array(true), log_probs, bool(columns["chat"][0]))
    if name == "untold":
        found = Untold(**{key: value if key == "sure" else value.astype(np.int64) for key, value in columns.items()})
        if [(true, group) for _, _, true, group in untold.facts()] != list(zip(found.true, found.group, strict=True)):
            raise ValueError("a record of other people")
        return found
    if name == "truth":
        return Beside(**columns | {"right": columns["right"].astype(bool)})
    if name == "pronouns":
        rates = tinyland.WORLD.she_rate
        if len(columns["she"]) != len(rates):
            raise ValueError("a record of other occupations")
        return Pronouns(tuple(rates), np.array(list(rates.values())), columns["she"])
    columns |= {key: float(columns[key][0]) for key in ("embed", "total", "floor") if key in columns}
    if name == "inside":
        return Inside(**columns | {"sentences": int(columns["sentences"][0])})
    return Rounding(**columns)
