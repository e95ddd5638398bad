"""Training: `train(config)` in this process, `python -m core.training` in another, `jobs` for a server."""

from typing import TYPE_CHECKING

from core.first_use import on_first_use
from core.training.config import PRESETS, TrainConfig, preset

if TYPE_CHECKING:
    from core.training.disk.rows import Progress
    from core.training.trainer import train

__all__ = ["PRESETS", "Progress", "TrainConfig", "preset", "train"]


__getattr__ = on_first_use(__name__, {"Progress": "disk.rows", "train": "trainer"})
