"""The model: its shape, its forward pass, its insides, its files.

    from core.model import load_checkpoint, run_trace
    checkpoint = load_checkpoint("tinyland")
    trace = run_trace(checkpoint.model, checkpoint.tokenizer.encode("Mara gave the ball to Tom."))
    trace.pattern.shape      # (layers, heads, tokens, tokens)

Names that need torch are imported on first use, so that listing models or reading a config does not load it.
"""

from typing import TYPE_CHECKING

from core.first_use import on_first_use
from core.model.config import ModelConfig
from core.model.description import CheckpointError, Description, Stage
from core.model.folders import (
    checkpoint_folder,
    describe,
    list_checkpoints,
    opened_root,
    runs_root,
    save_description,
    update_card,
)

if TYPE_CHECKING:
    from core.model.cache import Cache
    from core.model.checkpoint import Checkpoint, save_checkpoint, save_snapshot
    from core.model.gguf import save_gguf
    from core.model.loading import load_checkpoint
    from core.model.pretrained import save_pretrained
    from core.model.stock.load import load_pretrained
    from core.model.tap import LAYER_SITES, SITES, Site, Tap, compose
    from core.model.trace import Trace, run_trace
    from core.model.transformer import Transformer

_NEED_TORCH = {
    "LAYER_SITES": "tap",
    "SITES": "tap",
    "Cache": "cache",
    "Checkpoint": "checkpoint",
    "Site": "tap",
    "Tap": "tap",
    "Trace": "trace",
    "Transformer": "transformer",
    "compose": "tap",
    "load_checkpoint": "loading",
    "load_pretrained": "stock.load",
    "run_trace": "trace",
    "save_checkpoint": "checkpoint",
    "save_gguf": "gguf",
    "save_pretrained": "pretrained",
    "save_snapshot": "checkpoint",
}

__all__ = [
    "LAYER_SITES",
    "SITES",
    "Cache",
    "Checkpoint",
    "CheckpointError",
    "Description",
    "ModelConfig",
    "Site",
    "Stage",
    "Tap",
    "Trace",
    "Transformer",
    "checkpoint_folder",
    "compose",
    "describe",
    "list_checkpoints",
    "load_checkpoint",
    "load_pretrained",
    "opened_root",
    "run_trace",
    "runs_root",
    "save_checkpoint",
    "save_description",
    "save_gguf",
    "save_pretrained",
    "save_snapshot",
    "update_card",
]


__getattr__ = on_first_use(__name__, _NEED_TORCH)
