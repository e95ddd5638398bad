"""A model that was made elsewhere as the first step of a life here: its folder is written in our own form, and its own
stays as it is.

The weights are read as they lie in its files, in float32, however the pages hold them.
"""

from dataclasses import replace
from pathlib import Path

import torch

from core.model import Checkpoint, Description, save_description, save_snapshot
from core.model.stock.load import load_pretrained
from core.text.stock import StockTokenizer


def read_parent(parent: Description) -> Checkpoint:
    """The parent, whole. CheckpointError where it does not fit."""
    return load_pretrained(parent.folder, "float32")


def adopt(parent: Checkpoint, folder: Path, *, chats: bool) -> Checkpoint:
    """Make `folder` a run that has done nothing yet but to begin as `parent`. `chats`: it is to be taught some, and
    needs a template for them, its own or a plain one."""
    tokenizer = parent.tokenizer
    if chats and isinstance(tokenizer, StockTokenizer):
        tokenizer = tokenizer.taught()
    save_description(folder, parent.config, tokenizer, {})
    save_snapshot(folder, parent.step, parent.model, torch.float32)
    return replace(parent, tokenizer=tokenizer)
