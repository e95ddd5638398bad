"""The corpora of this server: folders beside those of the runs, each named by what was done to make it."""

import re
import shutil
import time
from pathlib import Path

from core.model import runs_root
from core.runs.records import read_record
from core.training.folder import RunError

CORPUS_ID = re.compile(r"corpus-[0-9a-f]{16}")
PLAN, STATUS = "plan.json", "status.json"
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
    """Corpora without a name that nobody has looked at for a day: they can be made again."""
    for folder in list_corpora():
        unused = time.time() - folder.stat().st_mtime > KEPT_FOR
        if unused and folder not in busy and not read_record(folder).name:
            shutil.rmtree(folder, ignore_errors=True)
