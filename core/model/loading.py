"""`load_checkpoint`: a model by name or from a folder, in our own layout or in Hugging Face's."""

from pathlib import Path

from core.model import folders
from core.model.checkpoint import Checkpoint, load_own
from core.model.description import is_stock
from core.model.stock.load import load_stock


def load_checkpoint(name_or_folder: str | Path, step: int | None = None) -> Checkpoint:
    """Load a model by name (a shipped model, a run, one that was opened here) or from a folder, at a step; None means
    the last.

    A Path, or a str with a slash in it, is a folder ("./mine" for one here); any other str is a name. Where the name
    comes from a link, take it through `checkpoint_folder` first: it knows no paths. A run that has not finished loads
    from its latest snapshot. Raises CheckpointError for anything missing, damaged or unfitting.
    """
    found = folders.describe(name_or_folder, step)
    return load_stock(found) if is_stock(found.folder) else load_own(found)
