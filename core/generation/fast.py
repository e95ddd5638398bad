"""Reading one text token by token: with the model's own forward pass, or as fast as one core can, compiled.

`reader` chooses, by the model and the tap alone: the same arguments always give the same numbers. Of the compiled way:
the weights are read where they lie: nothing is copied, nothing is kept between two texts, and a model that goes on
learning is read as it is at that moment.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock

import numpy as np
import torch
from torch import Tensor

from core.model import Cache, ModelConfig, Tap, Transformer, passes
from core.model.ids import checked_count, checked_ids

# Several tokens at once are read by torch if one by one they would touch more weights than this: 20 tokens of a model
# of 2 million weights took 3 ms either way, 256 took 39 and 19 ms, and a larger model gains more.
ONE_BY_ONE = 40e6
# Two threads share the products of a model of more weights than this, which no cache of a processor holds: one alone
# reads them at half of what memory gives.
SHARED = 8e6
HELPER, HELPER_FREE = ThreadPoolExecutor(1, "products"), Lock()
GOING = 0.001  # seconds that the helper may take to go after it has been sent
NOTHING, ALONE = np.zeros(0, np.float32), np.zeros(0, np.int64)


class Reader:
    """Any model, with or without a tap, that reads one text of at most `length` tokens. What it has read is in `cache`,
    which may be truncated. With a tap: it sees the tokens of one call of `logits` together.
    ValueError: length below 1."""

    def __init__(self, model: Transformer, length: int, tap: Tap | None = None) -> None:
        self.model, self.tap = model, tap
        length = min(checked_count("length", length, 1), model.config.context_length)
        self.cache = Cache(model.config, 1, length, model.dtype, model.device)

    def logits(self, ids: Sequence[int], count: int = 1) -> np.ndarray:
        """The logits (count, V) after each of the last `count` of ids, which follow what was read before.

        ValueError, and nothing is read: ids empty, outside the vocabulary, or more than there is room for; `count` not
        from 1 to the number of ids.
        """
        checked = checked_ids(ids, self.model.config, self.cache.max_length - self.cache.length)
        if checked_count("count", count, 1) > len(checked):
            raise ValueError(f"{len(checked)} ids have no logits after each of the last {count}")
        return self._read(checked, count)

    @torch.inference_mode()
    def _read(self, ids: list[int], count: int) -> np.ndarray:
        batch = torch.tensor([ids], device=self.model.device)  # (1, T)
        logits: Tensor = self.model(batch, tap=self.tap, cache=self.cache)  # (1, T, V)
        return logits[0, -count:].double().cpu().numpy()


def reader(model: Transformer, length: int, tap: Tap | None = None) -> Reader:
    """The fastest Reader for this model and tap."""
    return Decoder(model, length) if tap is None and readable(model) else Reader(model, length, tap)


def readable(model: Transformer) -> bool:
    """Whether a Decoder can stand in for this model: its own forward pass, computed in float32, in the memory of the
    processor."""
    plain = type(model) is Transformer and model.device.type == "cpu"
    return plain and all(weight.dtype == torch.float32 for weight in model.parameters())


def warm_up() -> None:
    """Has the compiled part ready before somebody waits for it: 7 s of work on a machine that sees it for the first
    time, 0.6 s where it lies on disk (import of Numba included)."""
    from core.generation import kernels

    Decoder(Transformer(ModelConfig(vocab_size=2, context_length=1, n_layers=1, n_heads=1, d_model=2)), 1).logits([0])
    board = np.zeros(kernels.BOARD, np.int64)
    board[kernels.HOME] = 1
    kernels.assist(board)


class Decoder(Reader):
    """A `readable` model, read by compiled code.

    Other threads may read other texts meanwhile: the compiled part runs without the interpreter's lock.
    """

    def __init__(self, model: Transformer, length: int) -> None:
        from core.generation import kernels  # Numba takes a second to import

        super().__init__(model, length)
        config = model.config
        self._run, self._product = kernels.read_token, kernels.product
        weights = {
            name.replace(".packed", ".weight"): tensor.detach().contiguous()
            for name, tensor in model.state_dict(keep_vars=True).items()
        }
        self._size = sum(weight.numel() for weight in weights.values())
        self._held = weights  # what the addresses point to must live as long as they do
        layers, scales = (
            tuple(
                np.array([_address(weights.get(f"blocks.{i}.{part}")) for i in range(config.n_layers)], np.int64)
                for part in parts
            )
            for parts in (kernels.PARTS, kernels.SCALES)
        )
        rotary = (model.cos, model.sin) if config.position == "rotary" else (None, None)
        outer = (
            _array(weights.get("pos_embed.weight"), 2), *(_array(table, 2) for table in rotary),
            _array(weights["ln_final.weight"]), _array(weights.get("ln_final.bias")),
        )  # fmt: skip
        matrix = weights["unembed.weight"]  # (V, D)
        held = {torch.float32: kernels.FLOAT32, torch.bfloat16: kernels.BFLOAT16, torch.int8: kernels.INT8}[
            matrix.dtype
        ]
        shape = (config.n_heads, config.n_kv_heads, config.d_head, config.d_mlp, kernels.KINDS[config.activation],
                 int(config.norm == "layernorm"), int(config.qk_norm), held)  # fmt: skip
        embed, unembed = ((_address(weights[f"{name}.weight"]), _address(weights.get(f"{name}.scale")))
                          for name in ("embed", "unembed"))  # fmt: skip
        caches = self.cache.k[:, 0].numpy(), self.cache.v[:, 0].numpy()
        self._fixed = (shape, np.float32(config.norm_eps), outer, embed, layers, scales, *caches)
        self._unembedding = (*unembed, held)
        self._last = np.empty(config.d_model, np.float32)

    def _read(self, ids: list[int], count: int) -> np.ndarray:
        """In float32. The compiled part trusts what it is given: `logits` has checked it."""
        if len(ids) > 1 and len(ids) * self._size > ONE_BY_ONE:
            with torch.inference_mode():
                return self.model.last_logits(torch.tensor([ids]), count, cache=self.cache)[0].numpy()
        passes.count(self.model.config, len(ids))
        rows = np.empty((count, self.model.config.vocab_size), np.float32)
        with team(self._size) as board:
            for place, id in enumerate(ids, count - len(ids)):
                self._run(board, id, self.cache.length, *self._fixed, self._last)
                self.cache.advance(1)
                if place >= 0:
                    self._product(board, *self._unembedding, self._last, NOTHING, rows[place])
        return rows


@contextmanager
def team(size: int) -> Iterator[np.ndarray]:
    """A board at which another thread assists, if it is free and the weights, `size` of them, are worth it. It goes
    home by itself: waiting for it took 0.3 ms of a token."""
    if size <= SHARED or torch.get_num_threads() == 1 or not HELPER_FREE.acquire(timeout=GOING):
        yield ALONE
        return
    from core.generation import kernels

    board = np.zeros(kernels.BOARD, np.int64)
    HELPER.submit(_assist, board)
    try:
        yield board
    finally:
        board[kernels.HOME] = 1


def _assist(board: np.ndarray) -> None:
    """What the other thread does until it is sent home."""
    from core.generation import kernels

    try:
        kernels.assist(board)
    finally:
        HELPER_FREE.release()


def _array(tensor: Tensor | None, dims: int = 1) -> np.ndarray:
    """The same memory as an array; what a model lacks is an array of length 0."""
    return np.zeros((0,) * dims, np.float32) if tensor is None else tensor.numpy()


def _address(tensor: Tensor | None) -> int:
    return 0 if tensor is None else tensor.data_ptr()
