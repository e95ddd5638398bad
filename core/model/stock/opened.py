"""Models that visitors brought: each a folder of `opened_root()`, with a name of its own, for every page to offer.

    NAME/config.json  NAME/model.safetensors  NAME/tokenizer.json  NAME/glassbox.json

The files lie there (from a zip), or are links to where they lie (a folder of this machine, the hub's cache). A model is
read once as a whole before it gets its name, so that a wrong one leaves everything as it was.
"""

import contextlib
import json
import re
import shutil
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO
from uuid import uuid4

from core.memory import spoken
from core.model.description import CheckpointError, is_stock
from core.model.folders import NAME, checkpoint_folder, folder_roots, opened_root
from core.model.precision import Precision
from core.model.stock.describe import OPENED, describe_stock
from core.model.stock.load import load_stock
from core.model.stock.shards import PICKLED

MOST = 12  # that are kept at a time
ZIP_BYTES = 4_000_000_000  # that a zip may unpack to
ZIP_FILES = 200
SMALL = 100_000_000  # bytes that a file which is no weights may have
FILES = re.compile(
    r"(config|tokenizer|tokenizer_config|special_tokens_map|generation_config|model\.safetensors\.index)\.json"
    r"|chat_template\.jinja|[A-Za-z0-9][\w.-]*\.safetensors"
)


def open_folder(path: str | Path, precision: Precision = "float32", source: str = "") -> str:
    """Give a folder of this machine a name here; the name. What lies in it is linked, not copied. CheckpointError."""
    folder = Path(path).expanduser().resolve()
    if not folder.is_dir():
        raise CheckpointError(f"there is no folder {str(path)[:200]!r} on the server")
    with _new(_name(source or folder.name), precision, source or folder.name) as made:
        for file in folder.iterdir():
            if FILES.fullmatch(file.name) and file.is_file():
                (made / file.name).symlink_to(file.resolve())
        pickled = [file.name for file in folder.iterdir() if file.suffix in PICKLED]
        _check(made, pickled)
    return _final_name(made)


def open_allowed_folder(path: str, precision: Precision = "float32") -> str:
    """As `open_folder`, for a path that a visitor typed: only below `folder_roots`. CheckpointError."""
    folder, roots = Path(path).expanduser().resolve(), folder_roots()
    if not any(folder.is_relative_to(root) for root in roots):
        raise CheckpointError("this server opens only folders below those in its GLASSBOX_MODELS")
    return open_folder(folder, precision)


def open_zip(file: BinaryIO, name: str, precision: Precision = "float32") -> str:
    """Unpack a zip of a folder in Hugging Face's layout and give it a name; the name. CheckpointError: a damaged or
    hostile zip, or a model that cannot be read."""
    with _new(_name(PurePosixPath(name).stem), precision, name) as made:
        pickled = unpack(file, made)
        _check(made, pickled)
    return _final_name(made)


def unpack(file: BinaryIO, into: Path) -> list[str]:
    """Unpack the files of a model, which stand at the top of a zip or all in one folder; the names of pickles in it.

    Nothing is written before all names and sizes are known to be in order, and never more than a file said it has.
    """
    try:
        with zipfile.ZipFile(file) as packed:
            members = _members(packed)
            for target, member in members.items():
                with packed.open(member) as source, (into / target).open("wb") as written:
                    _copy(source, written, member.file_size)
            return [info.filename for info in packed.infolist() if info.filename.endswith(PICKLED)]
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise CheckpointError(f"the zip cannot be read: {str(error)[:200]}") from None
    except OSError as error:
        raise CheckpointError(f"the zip cannot be unpacked: {error.strerror or error}") from None


def _members(packed: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """What is to be unpacked, by its plain name."""
    infos = [info for info in packed.infolist() if not info.is_dir()]
    if len(infos) > ZIP_FILES:
        raise CheckpointError(f"the zip has {len(infos):,} files; a model has a few")
    found: dict[str, zipfile.ZipInfo] = {}
    folders = set()
    for info in infos:
        path = PurePosixPath(info.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in info.filename or ":" in path.parts[0]:
            raise CheckpointError(f"the zip has a file {info.filename[:100]!r}, which would leave its folder")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise CheckpointError(f"the zip has a link, {info.filename[:100]!r}; it must hold the files themselves")
        if info.flag_bits & 1:
            raise CheckpointError("the zip is locked by a password")
        if not FILES.fullmatch(path.name):
            continue
        if path.name in found:
            raise CheckpointError(f"the zip has {path.name} twice")
        if info.file_size > SMALL and path.suffix != ".safetensors":
            raise CheckpointError(f"{path.name} would have {spoken(info.file_size)}: no model's has")
        found[path.name] = info
        folders.add(path.parent)
    if "config.json" not in found:
        raise CheckpointError("the zip has no config.json: it must hold a folder in Hugging Face's layout")
    if len(folders) > 1:
        raise CheckpointError("the files of the model lie in several folders of the zip")
    size = sum(info.file_size for info in found.values())
    if size > ZIP_BYTES:
        raise CheckpointError(f"the zip would unpack to {spoken(size)}; {spoken(ZIP_BYTES)} are allowed")
    return found


def _copy(source: IO[bytes], written: BinaryIO, size: int) -> None:
    """At most `size` bytes: a member that holds more than it said is a bomb."""
    left = size
    while block := source.read(min(1 << 20, left + 1)):
        left -= len(block)
        if left < 0:
            raise CheckpointError("a file of the zip is larger than it says")
        written.write(block)


@contextlib.contextmanager
def _new(name: str, precision: Precision, source: str) -> Iterator[Path]:
    """A folder under a temporary name that gets its own when all went well, and is gone when not."""
    root = opened_root()
    root.mkdir(parents=True, exist_ok=True)
    if sum(NAME.fullmatch(path.name) is not None for path in root.iterdir()) >= MOST:
        raise CheckpointError(f"{MOST} models are open here, the most that this server keeps")
    made = root / f".{name}.{uuid4().hex}"
    made.mkdir()
    try:
        (made / OPENED).write_text(json.dumps({"precision": precision, "source": source[:200]}))
        yield made
        made.rename(root / _final_name(made))
    except CheckpointError as error:  # the temporary name means nothing to anybody
        raise CheckpointError(str(error).replace(made.name, name)) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _final_name(made: Path) -> str:
    return made.name[1:-33]


def _check(made: Path, pickled: list[str]) -> None:
    if not (made / "config.json").is_file() or not is_stock(made):
        raise CheckpointError("there is no config.json with a model_type: it is not in Hugging Face's layout")
    for name in pickled[:1]:  # so that the reason is told, where there is nothing else
        (made / PurePosixPath(name).name).touch()
    load_stock(describe_stock(made))
    for name in pickled[:1]:
        (made / PurePosixPath(name).name).unlink()


def _name(wanted: str) -> str:
    """A free name like the wanted one, that a link may carry."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", wanted).strip("-._")[:60] or "model"
    for number in range(1, 1000):
        name = plain if number == 1 else f"{plain}-{number}"
        try:
            checkpoint_folder(name)
        except CheckpointError:
            return name
    raise CheckpointError(f"there are too many models called {plain}")


def close(name: str) -> None:
    """Take an opened model away again. The files that it linked to stay. CheckpointError: none such."""
    folder = opened_root() / name
    if not NAME.fullmatch(name) or not folder.is_dir():
        raise CheckpointError(f"no model called {name[:100]!r} was opened here")
    shutil.rmtree(folder)
