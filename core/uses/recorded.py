"""The uses as they were measured, kept beside the model in uses/step_….json: `python -m core.uses tinyland --write`.

A record is of certain weights: it is used only as long as these are the same.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from core.analysis.skills.cases import Share
from core.files import write_atomically
from core.model import Checkpoint, Description, load_checkpoint
from core.model.folders import weights_digest
from core.uses.skills import SEED, Answer, Found, Report, measure


def path_of(description: Description) -> Path:
    return description.folder / "uses" / f"step_{description.step:08d}.json"


def write(checkpoint: Checkpoint, found: Sequence[Found]) -> None:
    """Keep what was found beside the model."""
    about = {"sha256": weights_digest(checkpoint.folder, checkpoint.step), "seed": SEED}
    skills = [
        {"use": one.use, "name": one.name, "share": one.share.to_dict(), "failures": [asdict(f) for f in one.failures]}
        for one in found
    ]
    path = path_of(checkpoint)
    path.parent.mkdir(exist_ok=True)
    text = json.dumps(about | {"skills": skills}, ensure_ascii=False, indent=1)
    write_atomically(path, text.encode())


def recorded(description: Description) -> list[Found] | None:
    """What was found; None where there is no record, or one of other weights, or one that can't be read."""
    try:
        kept = json.loads(path_of(description).read_text("utf-8"))
        if kept["sha256"] != weights_digest(description.folder, description.step):
            return None
        return [
            Found(str(one["use"]), str(one["name"]), Share(int(one["share"]["right"]), int(one["share"]["n"])),
                  tuple(Answer(str(f["prompt"]), str(f["expected"]), str(f["said"]), False) for f in one["failures"]))
            for one in kept["skills"]
        ]  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return None


def found_of(name_or_folder: str | Path, step: int | None, report: Report = lambda *_: None) -> list[Found]:
    """The uses of a model: as they are recorded, else measured now."""
    checkpoint = load_checkpoint(name_or_folder, step)
    kept = recorded(checkpoint)
    return measure(checkpoint, report) if kept is None else kept
