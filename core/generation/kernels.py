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
from llvmlite.ir import IRBuilder, Value
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
ZERO = np.float32(0)
# The weights of a layer, in the order in which `token_logits` finds their addresses.
PARTS = ("ln1.weight", "ln1.bias", "attn.wq.weight", "attn.wq.bias", "attn.wk.weight", "attn.wk.bias",
         "attn.wv.weight", "attn.wv.bias", "attn.q_norm.weight", "attn.k_norm.weight", "attn.wo.weight", "attn.wo.bias",
         "ln2.weight", "ln2.bias", "mlp.w_in.weight", "mlp.w_in.bias", "mlp.w_gate.weight", "mlp.w_gate.bias",
         "mlp.w_out.weight", "mlp.w_out.bias")  # fmt: skip


def compile_kernel(function: Callable[P, R], fastmath: bool = False) -> Callable[P, R]:
    """The function in machine code, without the interpreter's lock while it runs."""
    try:
        fast: Callable[P, R] = njit(cache=True, nogil=True, fastmath=fastmath)(function)
    except RuntimeError:  # no folder for the cache can be written
        fast = njit(nogil=True, fastmath=fastmath)(function)
    return fast


def _floats_at(_: object, __: object) -> tuple[Any, Callable[..., Value]]:
    """The address (int64) as a pointer to float32."""
    pointer = types.CPointer(types.float32)

    def generate(context: BaseContext, builder: IRBuilder, _: object, arguments: Sequence[Value]) -> Value:
        return builder.inttoptr(arguments[0], context.get_value_type(pointer))

    return pointer(types.int64), generate


floats_at: Any = intrinsic(_floats_at)


@compile_kernel
def vector(address: int, length: int) -> Singles:
    """The weights (length,) that lie there; none where the address is 0."""
    return carray(floats_at(address), (length if address else 0,))


@compile_kernel
def matrix(address: int, rows: int, columns: int) -> Singles:
    return carray(floats_at(address), (rows, columns))


# Only sums may be reordered, and these functions write nothing. In a loop that writes, the compiler would choose
# between two orders by where the arrays happen to lie, and the same text would not always get the same numbers.


@partial(compile_kernel, fastmath=True)
def dot(a: Singles, b: Singles) -> np.float32:
    total = ZERO
    for i in range(len(a)):
        total += a[i] * b[i]
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
def matvec(weight: Singles, x: Singles, bias: Singles, out: Singles) -> None:
    """out (N,) = weight (N, M) @ x (M,) + bias (N,). Row by row, as the weights lie: read from memory in one stream
    they came at 26 GB/s, four rows at a time at 12, by torch's linear at 12."""
    for i in range(len(weight)):
        out[i] = dot(weight[i], x)
    for i in range(len(bias)):
        out[i] += bias[i]


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
            hidden[i] = np.float32(0.5) * h * np.float32(1 + math.tanh(0.7978845608028654 * (h + 0.044715 * h * h * h)))
        else:
            hidden[i] = np.float32(0.5) * h * np.float32(1 + math.erf(h * 0.7071067811865476))


@compile_kernel
def token_logits(
    token: int, position: int, shape: tuple[int, ...], eps: np.float32, outer: tuple[Singles, ...],
    layers: tuple[NDArray[np.int64], ...], k_cache: Singles, v_cache: Singles, logits: Singles,
) -> None:  # fmt: skip
    """Reads one token at one position: writes its keys and values into the caches (L, Hkv, S, Dh) and logits (V,).

    shape: (H, Hkv, Dh, M, activation, LayerNorm?, QK-norm?) as integers. outer: embed, pos_embed, cos, sin, final gain
    and bias, unembed. layers: for each of PARTS an array (L,) int64 of where each layer's lies in memory, 0 for what a
    model lacks. logits of length 0: only the caches are of interest.
    """
    heads, kv_heads, width, inner, kind, centred, qk_norm = shape
    embed, pos_embed, cos, sin, final_gain, final_bias, unembed = outer
    g1, b1, wq, bq, wk, bk, wv, bv, gq, gk, wo, bo, g2, b2, w_in, b_in, w_gate, b_gate, w_out, b_out = layers
    x = embed[token].copy()  # (D,)
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
        matvec(matrix(wq[layer], queries, size), h, vector(bq[layer], queries), q)
        matvec(matrix(wk[layer], keyed, size), h, vector(bk[layer], keyed), k)
        matvec(matrix(wv[layer], keyed, size), h, vector(bv[layer], keyed), v)
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
        matvec(matrix(wo[layer], size, queries), z, vector(bo[layer], size), o)
        for i in range(size):
            x[i] += o[i]
        normalise(x, vector(g2[layer], size), vector(b2[layer], size), eps, centred, h)
        matvec(matrix(w_in[layer], inner, size), h, vector(b_in[layer], inner), hidden)
        if kind == SWIGLU:
            matvec(matrix(w_gate[layer], inner, size), h, vector(b_gate[layer], inner), gate)
        activate(hidden, gate, kind)
        matvec(matrix(w_out[layer], size, inner), hidden, vector(b_out[layer], size), o)
        for i in range(size):
            x[i] += o[i]
    if len(logits):
        normalise(x, final_gain, final_bias, eps, centred, h)
        matvec(unembed, h, final_bias[:0], logits)
