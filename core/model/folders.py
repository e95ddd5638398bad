"""Where checkpoints live and what a checkpoint folder holds, apart from the weights themselves. No torch here.

    config.json  tokenizer.json  card.json  model.safetensors  snapshots/step_00000123.safetensors

Every file is written under a temporary name and then renamed, so that a reader of a live run never sees half a file.
"""

import hashlib
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from core.model.config import ModelConfig
from core.model.description import CheckpointError, Description, check_context, is_stock, read_json, write_json
from core.model.stock.describe import describe_stock
from core.text import Tokenizer
from core.text.errors import TokenizerError

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "assets" / "models"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")  # no separator and no leading dot: it stays inside its root
SNAPSHOT = re.compile(r"step_([0-9]{8,15})\.safetensors")


def runs_root() -> Path:
    """The folder of the training runs: $GLASSBOX_RUNS, or `runs` beside `core`."""
    return _roots(os.environ.get("GLASSBOX_RUNS", ""))[0]


def opened_root() -> Path:
    """The folder of the models that were made elsewhere and opened here: see core.model.stock.opened."""
    return _roots(os.environ.get("GLASSBOX_RUNS", ""))[1]


@lru_cache(maxsize=8)  # a page asks for them thirty times
def _roots(runs: str) -> tuple[Path, Path]:
    root = Path(runs or ROOT / "runs")
    return root, root / "opened"


def folder_roots() -> list[Path]:
    """The folders of this machine that models may be opened from: $GLASSBOX_MODELS, separated by colons."""
    return [Path(one).resolve() for one in os.environ.get("GLASSBOX_MODELS", "").split(os.pathsep) if one]


def describe(name_or_folder: str | Path, step: int | None = None) -> Description:
    """All that `load_checkpoint` gives but the model: the same names and steps, and the same CheckpointErrors."""
    named = isinstance(name_or_folder, str) and "/" not in name_or_folder.replace(os.sep, "/")
    folder = checkpoint_folder(str(name_or_folder)) if named else Path(name_or_folder)
    if not folder.is_dir():
        raise CheckpointError(f"there is no folder {folder.name}")
    if is_stock(folder):
        return describe_stock(folder, step)
    config = read_config(folder)
    steps = tuple(weight_files(folder))
    if not steps:
        raise CheckpointError(f"{folder.name} has no weights yet: wait for its first snapshot")
    step = steps[-1] if step is None else step
    if type(step) is not int or step not in steps:
        raise CheckpointError(f"{folder.name} has no step {step!r}; its steps are: {', '.join(map(str, steps))}")
    tokenizer, card = read_tokenizer(folder, config), read_card(folder)
    return Description(tokenizer, config, steps, step, card, folder, folder.resolve().name)


def list_checkpoints() -> list[str]:
    """Names that `load_checkpoint` takes: shipped models first, then those that were opened here and runs that have
    weights, the newest first."""
    shipped = sorted(folder.name for folder in _usable(SHIPPED))
    rest = [folder for root in (opened_root(), runs_root()) for folder in _usable(root)]
    rest.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
    return list(dict.fromkeys([*shipped, *(folder.name for folder in rest)]))


def checkpoint_folder(name: str) -> Path:
    """The folder of a shipped model or a run, which a name from a link cannot leave.

    Raises CheckpointError, with the known names, when there is none.
    """
    if NAME.fullmatch(name):
        for root in (SHIPPED, runs_root(), opened_root()):
            if (root / name).is_dir():
                return root / name
    known = ", ".join(list_checkpoints()[:20]) or "none yet"
    raise CheckpointError(f"there is no model called {name[:100]!r}; the models are: {known}")


def weight_files(folder: Path) -> dict[int, Path]:
    """The file that holds the weights of each step, in order. The final step is read from model.safetensors."""
    found = snapshot_files(folder)
    final = folder / "model.safetensors"
    if final.is_file():
        found[_step_of(final, otherwise=max(found, default=0))] = final
    return dict(sorted(found.items()))


def snapshot_files(folder: Path) -> dict[int, Path]:
    """The snapshots by step, in no order. Files with other names, such as those being written, are passed over."""
    paths = _entries(folder / "snapshots")
    return {int(match[1]): path for path in paths if (match := SNAPSHOT.fullmatch(path.name))}


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file of weights, by its path in the folder."""
    return {path.relative_to(folder).as_posix(): digest(path) for path in weight_files(folder).values()}


def check_digest(path: Path, found: Description) -> None:
    """Raise CheckpointError unless the file of weights is the one that the card was written for, if it was for any."""
    known = found.card.get("sha256")
    expected = known.get(path.relative_to(found.folder).as_posix()) if isinstance(known, dict) else None
    if expected and expected != digest(path):
        where = f"{path.parent.name}/{path.name}"
        raise CheckpointError(f"{where} is damaged (not the file that card.json describes): restore it or train again")


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_digest(folder: Path, step: int) -> str:
    """The SHA-256 of the tensors of a step: it tells whether what is recorded was measured of these weights, however
    the header of their file is written, whose entries stand in no fixed order. KeyError: there is no such step."""
    with weight_files(folder)[step].open("rb") as file:
        file.seek(8 + int.from_bytes(file.read(8), "little"))  # past the header, which begins with its own length
        return hashlib.file_digest(file, "sha256").hexdigest()


def snapshot_path(folder: Path, step: int) -> Path:
    """Where the snapshot of a step is kept. Raises CheckpointError for a step that is not a whole number ≥ 0."""
    if type(step) is not int or not 0 <= step < 10**15:
        raise CheckpointError(f"a step is a whole number from 0, not {step!r}")
    return folder / "snapshots" / f"step_{step:08d}.safetensors"


def read_config(folder: Path) -> ModelConfig:
    """config.json. Raises CheckpointError when it is missing, broken or impossible."""
    try:
        config = ModelConfig.from_dict(read_json(folder / "config.json"))
        check_context(config)
        return config
    except CheckpointError:
        raise
    except ValueError as error:
        raise CheckpointError(f"{folder.name}/config.json does not describe a model: {error}") from None


def read_tokenizer(folder: Path, config: ModelConfig) -> Tokenizer:
    """tokenizer.json. Raises CheckpointError when it is missing, broken or has ids that the model lacks."""
    try:
        tokenizer = Tokenizer.load(folder / "tokenizer.json")
    except TokenizerError as error:
        raise CheckpointError(f"the tokenizer of {folder.name} cannot be used: {error}") from None
    if tokenizer.vocab_size > config.vocab_size:
        raise CheckpointError(
            f"the tokenizer of {folder.name} has {tokenizer.vocab_size} ids, its model only {config.vocab_size}: "
            "they do not belong together"
        )
    return tokenizer


def read_card(folder: Path) -> dict[str, Any]:
    """card.json, or {} where there is none yet. Raises CheckpointError when it is broken."""
    return read_json(folder / "card.json") if (folder / "card.json").exists() else {}


def update_card(folder: Path, **fields: object) -> None:
    """Set fields of card.json and keep the others. One writer at a time: the run that owns the folder."""
    write_json(folder / "card.json", read_card(folder) | fields)


def save_description(folder: Path, config: ModelConfig, tokenizer: Tokenizer, card: dict[str, Any]) -> None:
    """Write all but the weights. A live run starts with this: its snapshots can then be loaded as they come."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config.to_dict())
    tokenizer.save(folder / "tokenizer.json")
    write_json(folder / "card.json", card)


def _usable(root: Path) -> list[Path]:
    """The folders of a root that hold a config and some weights."""
    named = [folder for folder in _entries(root) if NAME.fullmatch(folder.name) and (folder / "config.json").is_file()]
    whole = ("model.safetensors", "model.safetensors.index.json")
    return [folder for folder in named if any((folder / n).is_file() for n in whole) or snapshot_files(folder)]


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _step_of(path: Path, otherwise: int) -> int:
    """The step written in the header of a weights file; a file made elsewhere has none."""
    try:
        with safe_open(path, framework="np") as file:
            step = (file.metadata() or {}).get("step", "")
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path.parent.name}/{path.name} is damaged ({error}): restore the file") from None
    return int(step) if re.fullmatch("[0-9]{1,15}", step) else otherwise
