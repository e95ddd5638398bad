"""Tokenizers that visitors trained and kept: one file each, `runs/tokenizers/NAME.json`, for every page to offer.

    saved_tokenizers() -> list[str]                names, the newest first
    load_saved(name: str) -> Tokenizer             TokenizerError when there is none, or its file is damaged
    saved_path(name: str) -> Path                  for `TrainConfig(tokenizer=str(saved_path(name)))`
    keep_tokenizer(tokenizer, name: str, owner) -> str    the name it is kept under; TokenizerError says why it was not
    remove_tokenizer(name: str, owner)             takes it away again, for whoever kept it

A name has 1 to 40 letters, digits, dots, hyphens and underscores, and begins with a letter or a digit: it cannot leave
the folder. At most `MAX_SAVED` are kept, `MAX_OF_ONE` of them of one owner (whatever text says who that is, the
fingerprint of a browser's key for one; None: code on this machine, which is not limited), and none is overwritten.
"""

import contextlib
import fcntl
import json
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import regex

from core.files import write_atomically
from core.text.errors import TokenizerError
from core.text.tokenizer import Tokenizer

MAX_SAVED, MAX_OF_ONE = 100, 8
NAME = regex.compile(r"[^\W_][\w.-]{0,39}")


def saved_folder() -> Path:
    """Where they are kept: `tokenizers` in $GLASSBOX_RUNS, or in `runs` beside `core`."""
    return Path(os.environ.get("GLASSBOX_RUNS") or Path(__file__).parents[2] / "runs") / "tokenizers"


def saved_tokenizers() -> list[str]:
    """The names of the tokenizers kept here, the newest first."""
    folder = saved_folder()
    files = [path for path in folder.glob("*.json") if NAME.fullmatch(path.stem)] if folder.is_dir() else []
    return [path.stem for path in sorted(files, key=lambda path: path.stat().st_mtime_ns, reverse=True)]


def saved_path(name: str) -> Path:
    """The file of a name, which may not exist yet. TokenizerError for what is not a name."""
    name = unicodedata.normalize("NFC", name.strip())
    if not NAME.fullmatch(name):
        raise TokenizerError(
            "a name has 1 to 40 letters, digits, dots, hyphens and underscores, and begins with a letter or a digit"
        )
    return saved_folder() / f"{name}.json"


def load_saved(name: str) -> Tokenizer:
    """A tokenizer that was kept. TokenizerError when there is none of this name, or when its file is damaged."""
    path = saved_path(name)
    if not path.is_file():
        raise TokenizerError(f"no tokenizer called {path.stem} is kept here")
    return Tokenizer.load(path)


def tokenizers_of(owner: str) -> list[str]:
    """The names of those that `owner` has kept, the newest first."""
    return [name for name in saved_tokenizers() if _owner(saved_path(name)) == owner]


def _owner(path: Path) -> str | None:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return str(found["owner"]) if isinstance(found, dict) and "owner" in found else None


def remove_tokenizer(name: str, owner: str) -> None:
    """Take a tokenizer away. TokenizerError when there is none such, or when somebody else has kept it."""
    path = saved_path(name)
    with _alone():
        if name not in tokenizers_of(owner):
            raise TokenizerError(f"no tokenizer called {path.stem} is yours")
        path.unlink()


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """No thread, and no other server, changes the folder meanwhile."""
    root = saved_folder().parent
    root.mkdir(parents=True, exist_ok=True)
    with open(root / ".tokenizers.lock", "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def keep_tokenizer(tokenizer: Tokenizer, name: str, owner: str | None = None) -> str:
    """Write a trained tokenizer under a name and return that name; the file appears whole or not at all.

    TokenizerError when the name is not one or is taken, when the folder is full, when the owner has as many as one may
    have, or when nothing was trained (a public encoding). OSError when the folder cannot be written.
    """
    path = saved_path(name)
    if tokenizer.bpe is None:
        raise TokenizerError("only a tokenizer that was trained here can be kept")
    with _alone():
        if path.exists():
            raise TokenizerError(f"there is a tokenizer called {path.stem} already: choose another name")
        if len(saved_tokenizers()) >= MAX_SAVED:
            raise TokenizerError(
                f"{MAX_SAVED} tokenizers are kept here, the most that this server keeps: remove one of yours"
            )
        if owner is not None and len(tokenizers_of(owner)) >= MAX_OF_ONE:
            raise TokenizerError(
                f"{MAX_OF_ONE} of yours are kept here, the most that one visitor may keep: remove one first"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        whose = {} if owner is None else {"owner": owner}
        write_atomically(path, json.dumps(tokenizer.to_json() | {"name": path.stem} | whose).encode("utf-8"))
    return path.stem
