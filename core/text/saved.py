"""Tokenizers that visitors trained and kept: one file each, `runs/tokenizers/NAME.json`, for every page to offer.

    saved_tokenizers() -> list[str]                names, the newest first
    load_saved(name: str) -> Tokenizer             TokenizerError when there is none, or its file is damaged
    saved_path(name: str) -> Path                  for `TrainConfig(tokenizer=str(saved_path(name)))`
    keep_tokenizer(tokenizer, name: str) -> str    the name it is kept under; TokenizerError says why it was not kept

A name has 1 to 40 letters, digits, dots, hyphens and underscores, and begins with a letter or a digit: it cannot leave
the folder. At most `MAX_SAVED` are kept, and none is ever overwritten.
"""

import json
import os
import threading
import unicodedata
from pathlib import Path

import regex

from core.files import write_atomically
from core.text.errors import TokenizerError
from core.text.tokenizer import Tokenizer

MAX_SAVED = 100
NAME = regex.compile(r"[^\W_][\w.-]{0,39}")
_lock = threading.Lock()


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


def keep_tokenizer(tokenizer: Tokenizer, name: str) -> str:
    """Write a trained tokenizer under a name and return that name; the file appears whole or not at all.

    TokenizerError when the name is not one or is taken, when the folder is full, or when nothing was trained (a public
    encoding). OSError when the folder cannot be written.
    """
    path = saved_path(name)
    if tokenizer.bpe is None:
        raise TokenizerError("only a tokenizer that was trained here can be kept")
    with _lock:
        if path.exists():
            raise TokenizerError(f"there is a tokenizer called {path.stem} already: choose another name")
        if len(saved_tokenizers()) >= MAX_SAVED:
            raise TokenizerError(f"{MAX_SAVED} tokenizers are kept here, as many as may: remove one of yours")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(tokenizer.to_json() | {"name": path.stem}).encode("utf-8"))
    return path.stem
