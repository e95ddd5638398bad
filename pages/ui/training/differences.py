"""What runs differ in: their settings, and what is new in one of them."""

from collections.abc import Sequence
from typing import Any

from core import jobs
from core.model import ModelConfig
from core.training import TrainConfig
from core.training.disk.folder import RunError
from pages.ui.names import title
from pages.ui.training.curves import metrics
from pages.ui.training.settings import OWN

PLAIN = {"out", "threads"}  # settings that say nothing about what was trained
FOLLOWS = {"vocab_size", *OWN}  # fields of a model that follow from others where they are not given


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
    hands = {"steered": words} if (words := settings_changed_by_hand(run)) else {}
    return {name: value for name, value in values.items() if name not in PLAIN} | model | hands


def settings_changed_by_hand(run: str, since: int = -1) -> str:
    """What was set by hand while the run went on, after the step `since`: "lr 0.002 at step 120, …"; "" for nothing."""
    found = []
    for row in metrics(jobs.run_folder(run)):
        event, set_to = row.get("event"), row.get("lr", row.get("value", "none"))
        if event in ("lr", "target_loss", "patience") and row["step"] > since:
            found.append(f"{event} {set_to if isinstance(set_to, str) else f'{set_to:.3g}'} at step {row['step']:,}")
    return ", ".join(found)


def differences(runs: Sequence[str]) -> dict[str, list[Any]]:
    """The settings that are not the same in all of `runs`, each with its value in every one (None: not set)."""
    all_settings = [settings(run) for run in runs]
    names = dict.fromkeys(name for one in all_settings for name in one)
    table = {name: [one.get(name) for one in all_settings] for name in names}
    return {name: values for name, values in table.items() if any(value != values[0] for value in values)}


def what_is_new(run: str, before: str | None) -> str:
    """What is new in a run: against the one it was forked from, or else the one started before it."""
    parent = jobs.record(run).parent
    if parent:
        words = [f"{name} {value}" for name, value in parent.get("changes", {}).items()]
        words += [hands] if (hands := settings_changed_by_hand(run, since=parent["step"])) else []
        return f"fork of {title(parent['run'])} at step {parent['step']:,}: {', '.join(words) or 'nothing'}"
    if before is None:
        return ""
    return ", ".join(f"{name} {short(values[1])}" for name, values in differences([before, run]).items()) or "the same"


def short(value: object) -> str:
    """A setting's value in a few characters."""
    text = str(value.get("kind")) if isinstance(value, dict) else str(value)
    return text.rsplit("/", 1)[-1] if text.startswith("/") else text
