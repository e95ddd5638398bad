"""Training: `train(config)` in this process, `python -m core.training` in another, `jobs` for a server."""

from importlib import import_module
from typing import TYPE_CHECKING

from core.training.config import PRESETS, TrainConfig, preset

if TYPE_CHECKING:
    from core.training.rows import Progress
    from core.training.trainer import train

__all__ = ["PRESETS", "Progress", "TrainConfig", "preset", "train"]


def __getattr__(name: str) -> object:
    if name not in ("Progress", "train"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("core.training.trainer"), name)  # this one needs torch
