"""One token through the whole model as one compiled function: what `fast` calls. Compiled by Numba at its first call.

A single token needs every weight once and does little with it, so the time goes into reading weights and into calls;
one function without calls in between leaves the reading alone. Numba turns the plain loops into vector instructions.
Shapes as in core.model.transformer; everything float32 and C-contiguous. Arrays of length 0 stand for absent parts.
"""

import math
from typing import Any

import numpy as np
from numba import njit

GELU, GELU_TANH, SWIGLU, RELU2 = 0, 1, 2, 3
FAST: dict[str, Any] = {"fastmath": True, "cache": True, "nogil": True}
ZERO = np.float32(0)


@njit(**FAST)
def matvec(weight, x, bias, out):
    """out (N,) = weight (N, M) @ x (M,) + bias (N,). Four rows at a time share what they read of x."""
    rows, columns = weight.shape
    for i in range(0, rows - 3, 4):
        a, b, c, d = ZERO, ZERO, ZERO, ZERO
        for j in range(columns):
            a += weight[i, j] * x[j]
            b += weight[i + 1, j] * x[j]
            c += weight[i + 2, j] * x[j]
            d += weight[i + 3, j] * x[j]
        out[i], out[i + 1], out[i + 2], out[i + 3] = a, b, c, d
    for i in range(rows - rows % 4, rows):
        a = ZERO
        for j in range(columns):
            a += weight[i, j] * x[j]
        out[i] = a
    for i in range(len(bias)):
        out[i] += bias[i]


@njit(**FAST)
def normalise(x, gain, bias, eps, centred, out):
    """LayerNorm when centred, else RMSNorm, of x (N,)."""
    mean, square = ZERO, ZERO
    if centred:
        for i in range(len(x)):
            mean += x[i]
        mean /= np.float32(len(x))
    for i in range(len(x)):
        square += (x[i] - mean) * (x[i] - mean)
    scale = np.float32(1) / np.float32(math.sqrt(square / np.float32(len(x)) + eps))
    for i in range(len(x)):
        out[i] = (x[i] - mean) * scale * gain[i]
    for i in range(len(bias)):
        out[i] += bias[i]


@njit(**FAST)
def turn(head, cos, sin, rotated):
    """Rotary position: head (Dh,) in place, halves paired; cos and sin (Dh,)."""
    half = len(head) // 2
    for i in range(half):
        rotated[i], rotated[i + half] = -head[i + half], head[i]
    for i in range(len(head)):
        head[i] = head[i] * cos[i] + rotated[i] * sin[i]


@njit(**FAST)
def attend(q, keys, values, scores, z):
    """z (Dh,) = softmax(q kᵀ / √Dh) v over keys and values (S, Dh)."""
    scale = np.float32(1 / math.sqrt(len(q)))
    largest, total = np.float32(-np.inf), ZERO
    for t in range(len(keys)):
        dot = ZERO
        for i in range(len(q)):
            dot += q[i] * keys[t, i]
        scores[t] = dot * scale
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


@njit(**FAST)
def activate(hidden, gate, kind):
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


@njit(**FAST)
def token_logits(token, position, shape, eps, outer, layers, cos, sin, k_cache, v_cache, logits):
    """Reads one token at one position: writes its keys and values into the caches (L, Hkv, S, Dh) and logits (V,).

    shape: (H, Hkv, Dh, activation, LayerNorm?, QK-norm?) as integers. outer: embed, pos_embed, final gain and bias,
    unembed. layers: gain1, bias1, qkv, qkv bias, q gain, k gain, wo, wo bias, gain2, bias2, w_in, its bias, w_gate, its
    bias, w_out, its bias, each with a first axis of L.
    """
    heads, kv_heads, width, kind, centred, qk_norm = shape
    embed, pos_embed, final_gain, final_bias, unembed = outer
    g1, b1, wqkv, bqkv, gq, gk, wo, bo, g2, b2, w_in, b_in, w_gate, b_gate, w_out, b_out = layers
    x = embed[token].copy()  # (D,)
    if len(pos_embed):
        for i in range(len(x)):
            x[i] += pos_embed[position, i]
    h, o = np.empty_like(x), np.empty_like(x)
    qkv = np.empty(wqkv.shape[1], np.float32)
    z = np.empty(heads * width, np.float32)
    rotated, scores = np.empty(width, np.float32), np.empty(position + 1, np.float32)
    hidden, gate = np.empty(w_in.shape[1], np.float32), np.empty(w_in.shape[1], np.float32)
    for layer in range(len(wo)):
        normalise(x, g1[layer], b1[layer], eps, centred, h)
        matvec(wqkv[layer], h, bqkv[layer], qkv)
        for head in range(heads + kv_heads):  # queries, then keys
            part = qkv[head * width : (head + 1) * width]
            if qk_norm:
                normalise(part, gq[layer] if head < heads else gk[layer], b1[layer, :0], eps, 0, part)
            if len(cos):
                turn(part, cos[position], sin[position], rotated)
        for head in range(kv_heads):
            start = (heads + head) * width
            k_cache[layer, head, position] = qkv[start : start + width]
            start += kv_heads * width
            v_cache[layer, head, position] = qkv[start : start + width]
        for head in range(heads):
            of = head * kv_heads // heads
            keys, values = k_cache[layer, of, : position + 1], v_cache[layer, of, : position + 1]
            attend(qkv[head * width : (head + 1) * width], keys, values, scores, z[head * width : (head + 1) * width])
        matvec(wo[layer], z, bo[layer], o)
        for i in range(len(x)):
            x[i] += o[i]
        normalise(x, g2[layer], b2[layer], eps, centred, h)
        matvec(w_in[layer], h, b_in[layer], hidden)
        if kind == SWIGLU:
            matvec(w_gate[layer], h, b_gate[layer], gate)
        activate(hidden, gate, kind)
        matvec(w_out[layer], hidden, b_out[layer], o)
        for i in range(len(x)):
            x[i] += o[i]
    normalise(x, final_gain, final_bias, eps, centred, h)
    matvec(unembed, h, final_bias[:0], logits)
