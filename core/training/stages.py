"""The stages of one life: pre-training, then supervised fine-tuning (SFT), then preference tuning. No torch here.

A stage is a run with a parent: it takes over the parent's model, tokenizer, snapshots, curve and costs, and counts its
steps on, so that its folder holds the whole life. `resolved` writes what it needs of its parent into its settings.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from core.model import Description, describe
from core.training.config import DATA_FIELDS, TrainConfig
from core.training.disk.report import LOSS_ON
from core.training.disk.state import position_after

ENDED = ("tokens", "seconds", "flops", "watt_hours", "evaluation")  # what a card tells of a stage when it has ended


def parse_parent(text: str) -> dict[str, Any]:
    """{"checkpoint", "step"} from "NAME" or "NAME@STEP". Raises ValueError."""
    name, at, step = text.rpartition("@")
    if not at:
        return {"checkpoint": text, "step": None}
    if not step.isdecimal():
        raise ValueError(f"the step of the parent must be a whole number, as in {name}@1000, not {step!r}")
    return {"checkpoint": name, "step": int(step)}


def source_of(config: TrainConfig) -> str | Path:
    """The parent as `load_checkpoint` takes it: the name of a model, or a folder."""
    name = str((config.parent or {})["checkpoint"])
    return Path(name) if "/" in name or Path(name, "config.json").is_file() else name


def resolve(config: TrainConfig) -> TrainConfig:
    """The settings of a stage with its parent looked up: the step, what the life has cost so far, and its stages, the
    first of which says what a replay reads; the shape of the model is the parent's. CheckpointError: no such parent."""
    parent = describe(source_of(config), (config.parent or {}).get("step"))
    stages, position = history(parent), position_after(parent.folder, parent.step)
    costs: dict[str, Any] = {"tokens": position.tokens, "seconds": position.seconds, "flops": position.flops}
    if not position.tokens:  # a model without its curve
        costs = {name: sum(stage.get(name, 0) for stage in stages) for name in costs}
    found = {"checkpoint": (config.parent or {})["checkpoint"], "step": parent.step, "stages": stages}
    data = parent.read
    if data.get("kind") in DATA_FIELDS:
        found["data"] = {name: value for name, value in data.items() if name in DATA_FIELDS[data["kind"]]}
    shape = {name: value for name, value in parent.config.to_dict().items() if name != "vocab_size"}
    return replace(config, parent=found | costs, model=shape)


def settings_at(folder: Path, step: int) -> TrainConfig | None:
    """The settings of the stage that goes on from this step of the life in `folder`; None where they were not kept.
    ValueError: the run has no readable settings."""
    config = TrainConfig.load(folder / "train.json")
    if step >= config.first_step:
        return config
    for stage in (config.parent or {}).get("stages", []):
        if stage["first_step"] <= step < stage["last_step"] and "settings" in stage:
            return TrainConfig.from_dict(stage["settings"])
    return None


def history(parent: Description) -> list[dict[str, Any]]:
    """What a parent's card tells of the stages that led to its step; of a card without stages, what can be told."""
    given = parent.card.get("stages")
    told = given if isinstance(given, list) and all(isinstance(one, dict) for one in given) else []
    records = told if len(told) == len(parent.stages) else [only_stage(parent)]
    found: list[dict[str, Any]] = []
    for stage, record in zip(parent.stages, records, strict=False):
        if not found or stage.first_step < parent.step:
            own = {"name": stage.name, "first_step": stage.first_step, "last_step": min(stage.last_step, parent.step)}
            whole = stage.last_step <= parent.step
            found.append({k: v for k, v in record.items() if whole or k not in ENDED} | own)
    return found


def only_stage(parent: Description) -> dict[str, Any]:
    """The only stage of a card that tells of none."""
    known = {name: parent.card[name] for name in ("data", *ENDED) if name in parent.card}
    return known | {"loss_on": LOSS_ON["pretrain"]}
