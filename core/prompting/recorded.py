"""What takes long to measure is measured once and kept beside the model, in prompting/step_….json.

    python -m core.prompting tinyland --write

A record is of certain weights: it is used only as long as these are the same.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.analysis.skills.games import FAMILIES
from core.files import finite_json, write_atomically
from core.model import Checkpoint, Description, describe, load_checkpoint
from core.model.folders import weights_digest
from core.prompting import examples, heads, injection, laboratory, life, window, words
from core.prompting.examples import FewShot, Report
from core.prompting.plain import from_plain
from core.prompting.tasks import TASKS

FAMILY = "lists"  # the rules of which examples alone tell everything


@dataclass(frozen=True)
class Part:
    """`kind`: what it is; `measure` gives it of a checkpoint. `always`: at the end of each stage of a life, not only of
    the last one."""

    kind: Any
    measure: Callable[[Checkpoint, Report], Any]
    always: bool = True


def _examples(family: str) -> Callable[[Checkpoint, Report], FewShot]:
    return lambda c, report: examples.few_shot(c.model, c.tokenizer, FAMILIES[family], examples.GAMES, report)


def _bench(task: str) -> Callable[[Checkpoint, Report], laboratory.Bench]:
    return lambda c, report: laboratory.bench(c, task, laboratory.ready(c, task), report)


PARTS: dict[str, Part] = {
    **{f"examples {family}": Part(FewShot, _examples(family)) for family in FAMILIES},
    "heads": Part(
        heads.Without, lambda c, report: heads.without(c, FAMILIES[FAMILY], examples.GAMES, report), always=False
    ),
    "life": Part(life.Life, lambda c, report: life.life(c, FAMILIES[FAMILY], life.GAMES, report), always=False),
    **{f"laboratory {task}": Part(laboratory.Bench, _bench(task), always=False) for task in TASKS},
    "words": Part(words.Trust, lambda c, report: words.trust(c, words.LOOKUPS, report), always=False),
    "window": Part(window.Found, lambda c, report: window.find(c, window.COUNTS, window.STORIES, report), always=False),
    "injection": Part(injection.Injection, lambda c, report: injection.inject(c, injection.CASES, report)),
}


def measure(checkpoint: Checkpoint, part: str, report: Report = lambda *_: None) -> Any:  # noqa: ANN401 (of PARTS)
    """One of PARTS, measured now. ValueError where the model cannot be asked."""
    return PARTS[part].measure(checkpoint, report)


def part_of(name_or_folder: str | Path, step: int | None, part: str, report: Report = lambda *_: None) -> Any:  # noqa: ANN401
    """One of PARTS of a model: as it is recorded, else measured now."""
    found = recorded(describe(name_or_folder, step), part)
    return measure(load_checkpoint(name_or_folder, step), part, report) if found is None else found


# ---- as a file ----


def path_of(description: Description) -> Path:
    """Where the record of this step is kept."""
    return description.folder / "prompting" / f"step_{description.step:08d}.json"


def write(checkpoint: Checkpoint, parts: Mapping[str, Any]) -> None:
    """Keep the parts beside the model, and what is recorded of the same weights already."""
    parts = {name: part for name in PARTS if (part := parts.get(name) or recorded(checkpoint, name))}
    digested = weights_digest(checkpoint.folder, checkpoint.step)
    kept = {name: asdict(part) for name, part in parts.items()}
    about = {"model": checkpoint.name, "step": checkpoint.step, "sha256": digested, "parts": kept}
    path = path_of(checkpoint)
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, finite_json(about).encode())


def recorded(description: Description, part: str) -> Any:  # noqa: ANN401
    """A part as it was recorded; None where there is no record, or one of other weights, or one that can't be read."""
    try:
        about = json.loads(path_of(description).read_bytes())
        if about["sha256"] != weights_digest(description.folder, description.step):
            return None
        return from_plain(PARTS[part].kind, about["parts"][part])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
