"""One token through the whole model as one compiled function: what `fast` calls. Compiled by Numba at its first call.

A single token needs every weight once and does little with it, so the time goes into reading weights and into calls;
one function without calls in between leaves the reading alone. Numba turns the plain loops into vector instructions.
Shapes as in core.model.transformer; everything float32 and C-contiguous. Arrays of length 0 stand for absent parts.
What was compiled is kept on disk, beside this file or in the user's cache folder; where neither can be written, every
process compiles anew.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ParamSpec, TypeVar

import numpy as np
from llvmlite.ir import IntType, IRBuilder, Value
from numba import njit, types
from numba.core.base import BaseContext
from numba.extending import intrinsic
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from core.model.activations import ActivationName

Singles = NDArray[np.float32]
P = ParamSpec("P")
R = TypeVar("R")

GELU, GELU_TANH, SWIGLU, RELU2 = 0, 1, 2, 3
KINDS: dict[ActivationName, int] = {"gelu": GELU, "gelu_tanh": GELU_TANH, "swiglu": SWIGLU, "relu2": RELU2}
FLOAT32, BFLOAT16, INT8 = 0, 1, 2  # how the matrices are held (see core.model.packed)
ZERO = np.float32(0)
# Where a team's board (int64) has what: chunks not begun, chunks made, whether to go home; and the product being made.
OPEN, MADE, HOME, WEIGHT, SCALE, HELD, INPUTS, OUTPUTS, ROWS, COLUMNS, BOARD = range(11)
CHUNK = 1 << 16  # weights of a product, in whole rows, that one of a team multiplies at a time
# The weights of a layer, in the order in which `read_token` finds their addresses.
PARTS = ("ln1.weight", "ln1.bias", "attn.wq.weight", "attn.wq.bias", "attn.wk.weight", "attn.wk.bias",
         "attn.wv.weight", "attn.wv.bias", "attn.q_norm.weight", "attn.k_norm.weight", "attn.wo.weight", "attn.wo.bias",
         "ln2.weight", "ln2.bias", "mlp.w_in.weight", "mlp.w_in.bias", "mlp.w_gate.weight", "mlp.w_gate.bias",
         "mlp.w_out.weight", "mlp.w_out.bias")  # fmt: skip
# Those of int8 have a scale for each row, whose addresses it finds in this order.
SCALES = ("attn.wq.scale", "attn.wk.scale", "attn.wv.scale", "attn.wo.scale", "mlp.w_in.scale", "mlp.w_gate.scale",
          "mlp.w_out.scale")  # fmt: skip


def compile_kernel(function: Callable[P, R], fastmath: bool = False) -> Callable[P, R]:
    """The function in machine code, without the interpreter's lock while it runs."""
    try:
        fast: Callable[P, R] = njit(cache=True, nogil=True, fastmath=fastmath)(function)
    except RuntimeError:  # no folder for the cache can be written
        fast = njit(nogil=True, fastmath=fastmath)(function)
    return fast


def _memory_at(_: object, __: object) -> tuple[Any, Callable[..., Value]]:
    """The address (int64) as a pointer."""

    def generate(context: BaseContext, builder: IRBuilder, _: object, arguments: Sequence[Value]) -> Value:
        return builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))

    return types.voidptr(types.int64), generate


memory_at: Any = intrinsic(_memory_at)


def _atomic(operation: str) -> Any:  # noqa: ANN401 - as memory_at
    """What stood at the address (int64), which is changed in one step that all threads see in the same order."""

    def typed(_: object, __: object, ___: object) -> tuple[Any, Callable[..., Value]]:
        def generate(_: BaseContext, builder: IRBuilder, __: object, arguments: Sequence[Value]) -> Value:
            place = builder.inttoptr(arguments[0], IntType(64).as_pointer())
            return builder.atomic_rmw(operation, place, arguments[1], "seq_cst")

        return types.int64(types.int64, types.int64), generate

    return intrinsic(typed)


atomic_add, atomic_set = _atomic("add"), _atomic("xchg")


@compile_kernel
def vector(address: int, length: int) -> Singles:
    """The numbers (length,) in float32 that lie there; none where the address is 0."""
    return carray(memory_at(address), (length if address else 0,), np.float32)


# Only sums may be reordered, and these functions write nothing. In a loop that writes, the compiler would choose
# between two orders by where the arrays happen to lie, and the same text would not always get the same numbers.


@partial(compile_kernel, fastmath=True)
def dot(a: Singles, b: Singles) -> np.float32:
    total = ZERO
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@partial(compile_kernel, fastmath=True)
def dot_bfloat16(a: NDArray[np.uint16], b: Singles) -> np.float32:
    """A bfloat16 is the first half of a float32."""
    total = ZERO
    for i in range(len(a)):
        total += np.uint32(np.uint32(a[i]) << np.uint32(16)).view(np.float32) * b[i]
    return total


@partial(compile_kernel, fastmath=True)
def dot_int8(a: NDArray[np.int8], b: Singles) -> np.float32:
    total = ZERO
    for i in range(len(a)):
        total += np.float32(a[i]) * b[i]
    return total


@partial(compile_kernel, fastmath=True)
def mean(x: Singles) -> np.float32:
    total = ZERO
    for i in range(len(x)):
        total += x[i]
    return total / np.float32(len(x))


@partial(compile_kernel, fastmath=True)
def mean_square(x: Singles, centre: np.float32) -> np.float32:
    total = ZERO
    for i in range(len(x)):
        total += (x[i] - centre) * (x[i] - centre)
    return total / np.float32(len(x))


@compile_kernel
def matvec(weight: int, scale: int, held: int, x: Singles, bias: Singles, out: Singles) -> None:
    """out (N,) = weight (N, M) @ x (M,) + bias (N,), the weight and its scale (N,) at these addresses. Row by row, as
    the weights lie: read from memory in one stream they came at 26 GB/s, four rows at a time at 12, by torch's linear
    at 12."""
    shape = len(out), len(x)
    if held == BFLOAT16:
        halves = carray(memory_at(weight), shape, np.uint16)
        for i in range(len(out)):
            out[i] = dot_bfloat16(halves[i], x)
    elif held == INT8:
        bytes_, scales = carray(memory_at(weight), shape, np.int8), vector(scale, len(out))
        for i in range(len(out)):
            out[i] = dot_int8(bytes_[i], x) * scales[i]
    else:
        floats = carray(memory_at(weight), shape, np.float32)
        for i in range(len(out)):
            out[i] = dot(floats[i], x)
    for i in range(len(bias)):
        out[i] += bias[i]


@compile_kernel
def chunk_rows(columns: int) -> int:
    """How many rows of so many columns are a chunk."""
    return max(1, CHUNK // columns)


@compile_kernel
def make_chunks(board: NDArray[np.int64]) -> None:
    """Makes chunks of the product on the board until none is left to begin. Who has taken one may rely on the board:
    there is no other product before it is made."""
    place = board.ctypes.data
    while atomic_add(place + 8 * OPEN, 0) > 0:
        chunk = atomic_add(place + 8 * OPEN, -1) - 1
        if chunk < 0:
            return
        columns, held = board[COLUMNS], board[HELD]
        rows = chunk_rows(columns)
        first = chunk * rows
        weight = board[WEIGHT] + first * columns * (4 >> held)
        out = vector(board[OUTPUTS] + 4 * first, min(rows, board[ROWS] - first))
        matvec(weight, board[SCALE] + 4 * first, held, vector(board[INPUTS], columns), out[:0], out)
        atomic_add(place + 8 * MADE, 1)


@compile_kernel
def assist(board: NDArray[np.int64]) -> None:
    """Helps whoever puts products on the board, until sent home."""
    while atomic_add(board.ctypes.data + 8 * HOME, 0) == 0:
        make_chunks(board)


@compile_kernel
def product(
    board: NDArray[np.int64], weight: int, scale: int, held: int, x: Singles, bias: Singles, out: Singles
) -> None:
    """`matvec`, made together with who assists at the board; alone where the board has no room. The same numbers: each
    row is one thread's."""
    if len(board) == 0:
        matvec(weight, scale, held, x, bias, out)
        return
    rows = chunk_rows(len(x))
    chunks = (len(out) + rows - 1) // rows
    board[WEIGHT], board[SCALE], board[HELD] = weight, scale, held
    board[INPUTS], board[OUTPUTS], board[ROWS], board[COLUMNS] = x.ctypes.data, out.ctypes.data, len(out), len(x)
    place = board.ctypes.data
    atomic_set(place + 8 * MADE, 0)
    atomic_set(place + 8 * OPEN, chunks)
    make_chunks(board)
    while atomic_add(place + 8 * MADE, 0) < chunks:
        pass
    for i in range(len(bias)):
        out[i] += bias[i]


@compile_kernel
def row(weight: int, scale: int, held: int, place: int, out: Singles) -> None:
    """out (M,) = a row of the weight (N, M) in float32."""
    shape = place + 1, len(out)
    if held == BFLOAT16:
        halves = carray(memory_at(weight), shape, np.uint16)[place]
        for i in range(len(out)):
            out[i] = np.uint32(np.uint32(halves[i]) << np.uint32(16)).view(np.float32)
    elif held == INT8:
        bytes_, by = carray(memory_at(weight), shape, np.int8)[place], vector(scale, place + 1)[place]
        for i in range(len(out)):
            out[i] = np.float32(bytes_[i]) * by
    else:
        out[:] = carray(memory_at(weight), shape, np.float32)[place]


@compile_kernel
def normalise(x: Singles, gain: Singles, bias: Singles, eps: np.float32, centred: int, out: Singles) -> None:
    """LayerNorm when centred, else RMSNorm, of x (N,)."""
    centre = mean(x) if centred else ZERO
    scale = np.float32(1) / np.float32(math.sqrt(mean_square(x, centre) + eps))
    for i in range(len(x)):
        out[i] = (x[i] - centre) * scale * gain[i]
    for i in range(len(bias)):
        out[i] += bias[i]


@compile_kernel
def turn(head: Singles, cos: Singles, sin: Singles, rotated: Singles) -> None:
    """Rotary position: head (Dh,) in place, halves paired; cos and sin (Dh,)."""
    half = len(head) // 2
    for i in range(half):
        rotated[i], rotated[i + half] = -head[i + half], head[i]
    for i in range(len(head)):
        head[i] = head[i] * cos[i] + rotated[i] * sin[i]


@compile_kernel
def attend(q: Singles, keys: Singles, values: Singles, scores: Singles, z: Singles) -> None:
    """z (Dh,) = softmax(q kᵀ / √Dh) v over keys and values (S, Dh)."""
    scale = np.float32(1 / math.sqrt(len(q)))
    largest, total = np.float32(-np.inf), ZERO
    for t in range(len(keys)):
        scores[t] = dot(q, keys[t]) * scale
        largest = max(largest, scores[t])
    for t in range(len(keys)):
        scores[t] = np.float32(math.exp(scores[t] - largest))
        total += scores[t]
    for i in range(len(z)):
        z[i] = ZERO
    for t in range(len(keys)):
        part = scores[t] / total
        for i in range(len(z)):
            z[i] += part * values[t, i]


@compile_kernel
def activate(hidden: Singles, gate: Singles, kind: int) -> None:
    """hidden (M,) in place; gate (M,) for SwiGLU only."""
    for i in range(len(hidden)):
        h = hidden[i]
        if kind == RELU2:
            hidden[i] = h * h if h > 0 else ZERO
        elif kind == SWIGLU:
            hidden[i] = h * gate[i] / (np.float32(1) + np.float32(math.exp(-gate[i])))
        elif kind == GELU_TANH:
            u = 0.7978845608028654 * (h + 0.044715 * h * h * h)
            hidden[i] = h / np.float32(1 + math.exp(-2 * u))  # (1 + tanh u) / 2, in a third of the time
        else:
            hidden[i] = np.float32(0.5) * h * np.float32(1 + math.erf(h * 0.7071067811865476))


@compile_kernel
def read_token(
    board: NDArray[np.int64], token: int, position: int, shape: tuple[int, ...], eps: np.float32,
    outer: tuple[Singles, ...], embed: tuple[int, int], layers: tuple[NDArray[np.int64], ...],
    scales: tuple[NDArray[np.int64], ...], k_cache: Singles, v_cache: Singles, last: Singles,
) -> None:  # fmt: skip
    """Reads one token at one position: writes its keys and values into the caches (L, Hkv, S, Dh), and into last (D,)
    what is unembedded, the last stream after its norm.

    board: of a team that makes the products, or without room. shape: (H, Hkv, Dh, M, activation, LayerNorm?, QK-norm?,
    how matrices are held) as integers. outer: pos_embed, cos, sin, final gain and bias. embed: where it and its scales
    lie in memory. layers and scales: for each of PARTS and SCALES an array (L,) int64 of where each layer's lies, 0 for
    what a model lacks.
    """
    heads, kv_heads, width, inner, kind, centred, qk_norm, held = shape
    pos_embed, cos, sin, final_gain, final_bias = outer
    g1, b1, wq, bq, wk, bk, wv, bv, gq, gk, wo, bo, g2, b2, w_in, b_in, w_gate, b_gate, w_out, b_out = layers
    sq, sk, sv, so, s_in, s_gate, s_out = scales
    x = np.empty(len(final_gain), np.float32)  # (D,)
    row(embed[0], embed[1], held, token, x)
    if len(pos_embed):
        for i in range(len(x)):
            x[i] += pos_embed[position, i]
    size, queries, keyed = len(x), heads * width, kv_heads * width
    h, o = np.empty_like(x), np.empty_like(x)
    qkv = np.empty(queries + 2 * keyed, np.float32)
    q, k, v = qkv[:queries], qkv[queries : queries + keyed], qkv[queries + keyed :]
    z = np.empty(queries, np.float32)
    rotated, scores = np.empty(width, np.float32), np.empty(position + 1, np.float32)
    hidden, gate = np.empty(inner, np.float32), np.empty(inner, np.float32)
    for layer in range(len(k_cache)):
        normalise(x, vector(g1[layer], size), vector(b1[layer], size), eps, centred, h)
        product(board, wq[layer], sq[layer], held, h, vector(bq[layer], queries), q)
        product(board, wk[layer], sk[layer], held, h, vector(bk[layer], keyed), k)
        product(board, wv[layer], sv[layer], held, h, vector(bv[layer], keyed), v)
        for head in range(heads + kv_heads):  # queries, then keys
            part = qkv[head * width : (head + 1) * width]
            if qk_norm:
                normalise(part, vector(gq[layer] if head < heads else gk[layer], width), final_bias[:0], eps, 0, part)
            if len(cos):
                turn(part, cos[position], sin[position], rotated)
        for head in range(kv_heads):
            k_cache[layer, head, position] = k[head * width : (head + 1) * width]
            v_cache[layer, head, position] = v[head * width : (head + 1) * width]
        for head in range(heads):
            of = head * kv_heads // heads
            keys, values = k_cache[layer, of, : position + 1], v_cache[layer, of, : position + 1]
            attend(q[head * width : (head + 1) * width], keys, values, scores, z[head * width : (head + 1) * width])
        product(board, wo[layer], so[layer], held, z, vector(bo[layer], size), o)
        for i in range(size):
            x[i] += o[i]
        normalise(x, vector(g2[layer], size), vector(b2[layer], size), eps, centred, h)
        product(board, w_in[layer], s_in[layer], held, h, vector(b_in[layer], inner), hidden)
        if kind == SWIGLU:
            product(board, w_gate[layer], s_gate[layer], held, h, vector(b_gate[layer], inner), gate)
        activate(hidden, gate, kind)
        product(board, w_out[layer], s_out[layer], held, hidden, vector(b_out[layer], size), o)
        for i in range(size):
            x[i] += o[i]
    normalise(x, final_gain, final_bias, eps, centred, last)
