"""The corpora of this server: folders beside those of the runs, each named by what was done to make it."""

import contextlib
import json
import re
import shutil
import time
from pathlib import Path

from core.files import write_atomically
from core.model import runs_root
from core.model.description import CARDS
from core.runs.records import fingerprint
from core.training.disk.folder import RunError

CORPUS_ID = re.compile(r"corpus-[0-9a-f]{16}")
PLAN, STATUS = "plan.json", "status.json"
DOCUMENTS = "kept.jsonl"
NAMED, LONGEST_NAME = "named-*.json", 40
KEPT_FOR = 24 * 3600.0  # seconds since somebody last looked at a corpus that has no name


def is_corpus(folder: Path) -> bool:
    return bool(CORPUS_ID.fullmatch(folder.name))


def corpus_folder(corpus_id: str) -> Path:
    """The folder of a corpus, which may not exist yet. Raises RunError for anything that is not the id of one."""
    if not isinstance(corpus_id, str) or not CORPUS_ID.fullmatch(corpus_id):
        raise RunError(f"not the id of a corpus: {str(corpus_id)[:60]!r}")
    return runs_root() / corpus_id


def list_corpora() -> list[Path]:
    """The folders of all corpora."""
    root = runs_root()
    return sorted(folder for folder in root.iterdir() if is_corpus(folder)) if root.is_dir() else []


def clear_away(busy: list[Path]) -> None:
    """Corpora to which nobody has given a name, and that nobody has looked at for a day: they can be made again."""
    for folder in list_corpora():
        unused = time.time() - folder.stat().st_mtime > KEPT_FOR
        if unused and folder not in busy and not list(folder.glob(NAMED)):
            shutil.rmtree(folder, ignore_errors=True)


def keep_corpus(corpus_id: str, name: str, key: str | None) -> str:
    """Gives the corpus a name, which only the holder of the key knows; returns it. Raises RunError."""
    plain = "".join(c if c.isprintable() else " " for c in name).strip()[:LONGEST_NAME]
    if not plain:
        raise RunError("a corpus needs a name")
    if kept_corpora(key).get(plain, corpus_id) != corpus_id:
        raise RunError(f"you have kept another corpus under the name {plain}")
    folder = corpus_folder(corpus_id)
    if not (folder / DOCUMENTS).exists():
        raise RunError("this corpus is not there any more: run the pipeline again")
    write_atomically(_name_file(folder, key), json.dumps(plain).encode())
    return plain


def kept_corpora(key: str | None) -> dict[str, str]:
    """The corpora to which the holder of the key has given names: name -> id."""
    found = {}
    for folder in list_corpora():
        with contextlib.suppress(OSError, ValueError):
            found[str(json.loads(_name_file(folder, key).read_bytes()))] = folder.name
    return dict(sorted(found.items()))


def drop_corpus(corpus_id: str, key: str | None) -> None:
    """Takes the name away."""
    _name_file(corpus_folder(corpus_id), key).unlink(missing_ok=True)


def _name_file(folder: Path, key: str | None) -> Path:
    return folder / NAMED.replace("*", (fingerprint(key) or "nobody")[:16])


def text_of(corpus_id: str, longest: int) -> tuple[str, bool]:
    """The documents as one text, an empty line between two, cut after whole documents; and whether all are in it."""
    pieces: list[str] = []
    size = 0
    try:
        with open(corpus_folder(corpus_id) / DOCUMENTS, encoding="utf-8") as file:
            for line in file:
                text = json.loads(line)["text"]
                size += len(text) + 2
                if size > longest:
                    return "\n\n".join(pieces), False
                pieces.append(text)
    except (OSError, ValueError, KeyError):
        raise RunError("the documents of this corpus cannot be read: run the pipeline again") from None
    return "\n\n".join(pieces), True


def cards_of(corpus_id: str) -> dict[str, bytes]:
    """The data card, by file, which travels with what is trained on the corpus."""
    folder = corpus_folder(corpus_id)
    return {name: (folder / name).read_bytes() for name in CARDS if (folder / name).exists()}
