"""What runs differ in: their settings, and what is new in one of them."""

from collections.abc import Sequence
from typing import Any

from core import jobs
from core.model import ModelConfig
from core.training import TrainConfig
from core.training.folder import RunError
from pages.ui.training import setup
from pages.ui.training.stage import title

PLAIN = {"out", "threads"}  # settings that say nothing about what was trained
FOLLOWS = {"vocab_size", *setup.OWN}  # fields of a model that follow from others where they are not given


def settings(run: str) -> dict[str, Any]:
    """Every setting of a run by name, those of the model as model.NAME; empty when they cannot be read."""
    try:
        values = TrainConfig.load(jobs.existing_folder(run) / "train.json").to_dict()
        given = values.pop("model")
        shape = ModelConfig.from_dict(given | {"vocab_size": values["vocab_size"]}).to_dict()
    except (RunError, ValueError):
        return {}
    values["data"] = {name: value for name, value in values["data"].items() if value is not None}
    model = {f"model.{name}": value for name, value in shape.items() if name in given or name not in FOLLOWS}
    return {name: value for name, value in values.items() if name not in PLAIN} | model


def differences(runs: Sequence[str]) -> dict[str, list[Any]]:
    """The settings that are not the same in all of `runs`, each with its value in every one (None: not set)."""
    all_settings = [settings(run) for run in runs]
    names = dict.fromkeys(name for one in all_settings for name in one)
    table = {name: [one.get(name) for one in all_settings] for name in names}
    return {name: values for name, values in table.items() if any(value != values[0] for value in values)}


def changed(run: str, before: str | None) -> str:
    """What is new in a run: against the one it was forked from, or else the one started before it."""
    parent = jobs.record(run).parent
    if parent:
        words = ", ".join(f"{name} {value}" for name, value in parent.get("changes", {}).items()) or "nothing"
        return f"fork of {title(parent['run'])} at step {parent['step']:,}: {words}"
    if before is None:
        return ""
    return ", ".join(f"{name} {short(values[1])}" for name, values in differences([before, run]).items()) or "the same"


def short(value: object) -> str:
    """A setting's value in a few characters."""
    text = str(value.get("kind")) if isinstance(value, dict) else str(value)
    return text.rsplit("/", 1)[-1] if len(text) > 24 else text
