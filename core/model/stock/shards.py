"""The safetensors files of a folder in Hugging Face's layout: which tensor is in which, checked before any is read.

    model.safetensors                                          or
    model.safetensors.index.json  model-00001-of-00002.safetensors …

A file's numbers are mapped into memory, not copied: they take room when they are first read, and two servers that open
one file share it.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from core.model.description import CheckpointError, read_json

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.safetensors")  # no separator: it stays in the folder
DTYPES = {
    "F64": 8,
    "F32": 4,
    "F16": 2,
    "BF16": 2,
}  # bytes of a number; of 1 byte want scales, which none has here
PICKLED = (".bin", ".pt", ".pth", ".ckpt")


@dataclass(frozen=True)
class Stored:
    """A tensor in a file, by its header."""

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: str

    def read(self) -> Tensor:
        """The tensor itself, mapped from the file. CheckpointError where it is damaged."""
        try:
            with safe_open(self.path, framework="pt") as file:
                found: Tensor = file.get_tensor(self.name)
                return found
        except (SafetensorError, OSError, RuntimeError) as error:
            raise damaged(self.path, error) from None


def weight_paths(folder: Path) -> list[Path]:
    """The files of weights. CheckpointError: none, one that is missing, or only such as could run code."""
    if (folder / SINGLE).is_file():
        return [folder / SINGLE]
    if (folder / INDEX).is_file():
        listed = read_json(folder / INDEX).get("weight_map")
        if not isinstance(listed, dict) or not listed:
            raise CheckpointError(f"{INDEX} has no weight_map")
        names = sorted({str(name) for name in listed.values()})
        for name in names:
            if not FILE_NAME.fullmatch(name):
                raise CheckpointError(f"{INDEX} names {name[:100]!r}, which is no file of this folder")
            if not (folder / name).is_file():
                raise CheckpointError(f"{INDEX} names {name}, and it is missing")
        return [folder / name for name in names]
    pickled = sorted(path.name for path in folder.iterdir() if path.suffix in PICKLED)
    if pickled:
        raise CheckpointError(
            f"the weights are in {pickled[0]}, a pickle: reading one can run any program that was hidden in it, so "
            "Glassbox reads only .safetensors (save_pretrained of transformers writes them)"
        )
    raise CheckpointError(f"{folder.name} has no weights: neither {SINGLE} nor {INDEX} is there")


def stored_tensors(folder: Path) -> dict[str, Stored]:
    """Every tensor of the folder by name, from the headers alone. CheckpointError: damage, or one name in two files."""
    found: dict[str, Stored] = {}
    for path in weight_paths(folder):
        try:
            with safe_open(path, framework="pt") as file:
                for name in file.keys():  # noqa: SIM118 (it is no dict)
                    if name in found:
                        raise CheckpointError(f"{path.name} holds {name}, which {found[name].path.name} holds too")
                    part = file.get_slice(name)
                    found[name] = Stored(path, name, tuple(part.get_shape()), part.get_dtype())
        except (SafetensorError, OSError, RuntimeError) as error:
            raise damaged(path, error) from None
    return found


def damaged(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(f"{path.name} is damaged ({str(error)[:200]}): get the file again")
