"""A run as a checkpoint folder to take home, in one zip file that is made as it is read: nothing is kept. No torch."""

import contextlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from core.files import finite_json
from core.model.description import CARDS, CheckpointError
from core.model.folders import read_card, weight_files
from core.runs.library import existing_folder
from core.training.config import TrainConfig
from core.training.disk.rows import FILE, read_rows

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PLAIN = ("config.json", "tokenizer.json", "baselines.json", *CARDS)
PIECE = 1 << 20  # bytes of a file that are in memory at once


class _Outbox(io.RawIOBase):
    """What was written and not taken yet. It cannot seek, so a zip file in it is written from beginning to end."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: "ReadableBuffer") -> int:
        self._pieces.append(bytes(data))
        return len(self._pieces[-1])

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def zip_run(run_id: str, snapshots: bool = False) -> Iterator[bytes]:
    """The pieces of the zip file, made as they are asked for; the training text stays here.

    It holds one folder named like the run, which `load_checkpoint(Path(folder))` reads: the weights of the last step,
    and with `snapshots` those of every kept one. Raises RunError or CheckpointError, both ValueErrors, when there is no
    such run or it has no weights yet: at once, before the first piece.
    """
    folder = existing_folder(run_id)
    weights = weight_files(folder)
    if not weights or not (folder / "config.json").exists():
        raise CheckpointError(f"{run_id} has no weights yet: wait for its first snapshot")
    files = [folder / name for name in PLAIN if (folder / name).exists()]
    files += list(weights.values()) if snapshots else [weights[max(weights)]]
    return _pieces(folder, without_traces(folder), files)


def _pieces(folder: Path, texts: dict[str, str], files: list[Path]) -> Iterator[bytes]:
    outbox = _Outbox()
    with zipfile.ZipFile(outbox, "w") as archive:  # weights do not compress
        for name, text in texts.items():
            archive.writestr(f"{folder.name}/{name}", text)
        for file in files:
            entry = zipfile.ZipInfo.from_file(
                file, f"{folder.name}/{file.relative_to(folder)}", strict_timestamps=False
            )
            with file.open("rb") as source, archive.open(entry, "w") as target:
                while piece := source.read(PIECE):
                    target.write(piece)
                    yield outbox.take()
    yield outbox.take()


def without_traces(folder: Path) -> dict[str, str]:
    """The files of the run that would tell where on this machine it lies, as they may leave it."""
    found = {FILE: "".join(finite_json(row) + "\n" for row in read_rows(folder / FILE))}
    with contextlib.suppress(ValueError):  # what cannot be read stays here
        settings = TrainConfig.load(folder / "train.json").to_dict()
        cleaned = {name: nameless(value) for name, value in settings.items()}
        cleaned |= {"out": folder.name, "tokenizer": f"{folder.name}/tokenizer.json"}
        found["train.json"] = json.dumps(cleaned, indent=1)
    with contextlib.suppress(ValueError):
        found["card.json"] = json.dumps(nameless(read_card(folder)), indent=2)
    return found


def nameless(value: object) -> object:
    """`value` without the folders of the paths in it: only the names of files stay."""
    if isinstance(value, dict):
        return {name: nameless(one) for name, one in value.items()}
    if isinstance(value, list):
        return [nameless(one) for one in value]
    return Path(value).name if isinstance(value, str) and value.startswith("/") else value
