"""The transformer: a decoder-only language model of any size, plain enough to read in one sitting.

Shapes: B batch, T tokens of this call, S tokens seen (T plus those in the cache), D width, H query heads, Hkv key/value
heads, Dh width of a head, M width of the MLP, V vocabulary, L layers.

Sources: GPT-2 (Radford et al. 2019) for the pre-norm block; RMSNorm, Zhang & Sennrich 2019 (arXiv:1910.07467); rotary
positions, Su et al. 2021 (arXiv:2104.09864), halves paired as in Llama; grouped-query heads, Ainslie et al. 2023
(arXiv:2305.13245); SwiGLU, Shazeer 2020 (arXiv:2002.05202); ReLU², So et al. 2021 (arXiv:2109.08668); QK-norm, Henry et
al. 2020 (arXiv:2010.04245), here an RMSNorm of each head's q and k before the rotation, as in Qwen3.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.model.activations import ActivationName
from core.model.cache import Cache
from core.model.config import ModelConfig
from core.model.passes import count
from core.model.past import Past
from core.model.products import many, pays
from core.model.rope import rotary_tables
from core.model.tap import Site, Tap, apply

EMBED_STD = 0.02  # tied embeddings also make the logits: at this scale the untrained model is near uniform


class Linear(nn.Linear):
    def reset_parameters(self) -> None:
        """Nothing: `Transformer.init_weights` draws every weight, from its own generator."""

    def forward(self, x: Tensor) -> Tensor:
        return many(x, self.weight, self.bias) if pays(x) else F.linear(x, self.weight, self.bias)


class Embedding(nn.Embedding):
    def reset_parameters(self) -> None:
        """Nothing, as in Linear."""


def make_norm(config: ModelConfig) -> nn.RMSNorm | nn.LayerNorm:
    if config.norm == "rmsnorm":
        return nn.RMSNorm(config.d_model, eps=config.norm_eps)
    return nn.LayerNorm(config.d_model, eps=config.norm_eps, bias=config.bias)


@dataclass(frozen=True)
class Pass:
    """What one forward pass carries through the blocks. It lives as long as the call; the model keeps nothing."""

    tap: Tap | None
    cache: Cache | Past | None
    mask: Tensor | None  # (T, S), 0 where a token may look, else -inf; None where fused attention needs none
    cos: Tensor | None  # (T, Dh) for rotary positions
    sin: Tensor | None

    def show(self, name: str, layer: int | None, x: Tensor) -> Tensor:
        """What the tap, if there is one, makes of x."""
        return x if self.tap is None else apply(self.tap, Site(name, layer), x)

    def rotate(self, x: Tensor) -> Tensor:
        """Turn each pair (x[i], x[i + Dh/2]) by an angle that grows with the position. (B, *, T, Dh), same out."""
        if self.cos is None or self.sin is None:
            return x
        first, second = x.chunk(2, dim=-1)
        return x * self.cos + torch.cat((-second, first), dim=-1) * self.sin


class Attention(nn.Module):
    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.layer, self.d_head, self.group = layer, config.d_head, config.n_heads // config.n_kv_heads
        width, kv_width = config.n_heads * config.d_head, config.n_kv_heads * config.d_head
        self.wq = Linear(config.d_model, width, bias=config.qkv_bias)
        self.wk = Linear(config.d_model, kv_width, bias=config.qkv_bias)
        self.wv = Linear(config.d_model, kv_width, bias=config.qkv_bias)
        self.wo = Linear(width, config.d_model, bias=config.bias)
        self.q_norm = nn.RMSNorm(config.d_head, eps=config.norm_eps) if config.qk_norm else nn.Identity()
        self.k_norm = nn.RMSNorm(config.d_head, eps=config.norm_eps) if config.qk_norm else nn.Identity()

    def forward(self, x: Tensor, run: Pass) -> Tensor:
        B, T, _ = x.shape
        q = self.wq(x).view(B, T, -1, self.d_head).transpose(1, 2)  # (B, H, T, Dh)
        k = self.wk(x).view(B, T, -1, self.d_head).transpose(1, 2)  # (B, Hkv, T, Dh)
        v = self.wv(x).view(B, T, -1, self.d_head).transpose(1, 2)  # (B, Hkv, T, Dh)
        q = run.show("q", self.layer, run.rotate(self.q_norm(q)))
        k = run.show("k", self.layer, run.rotate(self.k_norm(k)))
        v = run.show("v", self.layer, v)
        if run.cache is not None:
            k, v = run.cache.append(self.layer, k, v)  # (B, Hkv, S, Dh)
        if self.group > 1:
            k, v = k.repeat_interleave(self.group, dim=1), v.repeat_interleave(self.group, dim=1)  # (B, H, S, Dh)
        z = self.mix(q, k, v, run)
        return self.put_together(run.show("z", self.layer, z))

    def put_together(self, z: Tensor) -> Tensor:
        """What the heads' outputs z (B, H, T, Dh) add to the stream: (B, T, D)."""
        out: Tensor = self.wo(z.transpose(1, 2).flatten(2))  # heads side by side: (B, T, H * Dh)
        return out

    def mix(self, q: Tensor, k: Tensor, v: Tensor, run: Pass) -> Tensor:
        """softmax(q kᵀ / √Dh + mask) v: (B, H, T, Dh)."""
        if (
            uses_fused_kernel(run.tap) and q.shape[2] == 1 and q.shape[0] > 1
        ):  # many texts, a token each: see `uses_fused_kernel`
            return ((q / math.sqrt(q.shape[-1])) @ k.transpose(2, 3)).softmax(dim=-1) @ v
        if uses_fused_kernel(run.tap):
            causal = run.mask is None and q.shape[2] > 1
            return F.scaled_dot_product_attention(q, k, v, attn_mask=run.mask, is_causal=causal)
        B, H, T, Dh = q.shape
        S = k.shape[2]
        assert run.mask is not None
        scores = torch.baddbmm(
            run.mask, q.reshape(B * H, T, Dh), k.reshape(B * H, S, Dh).transpose(1, 2), alpha=1 / math.sqrt(Dh)
        ).view(B, H, T, S)
        scores = run.show("attn_scores", self.layer, scores)
        pattern = run.show("pattern", self.layer, scores.softmax(dim=-1))
        return torch.matmul(pattern, v)


def uses_fused_kernel(tap: Tap | None) -> bool:
    """Whether attention runs as one kernel: when nobody looks inside and no gradient is kept.

    Measured in fp32 at H=5, Dh=32, T=64 (ms, fused against explicit). One sequence without gradients: 0.057 and 0.056
    on one thread. 64 sequences, forward and backward: 18.1 and 20.9 on one thread, 15.9 and 12.3 on two, as we train.
    The next token of 64 sequences after 40 and 80 others, where there is nothing to mask: 0.39 and 0.49 by the kernel,
    0.28 and 0.30 by two products, which is what `mix` does then.
    """
    return tap is None and not torch.is_grad_enabled()


def gelu_tanh(x: Tensor) -> Tensor:
    return F.gelu(x, approximate="tanh")


def relu2(x: Tensor) -> Tensor:
    return F.relu(x).square()


ACTIVATE: dict[ActivationName, Callable[[Tensor], Tensor]] = {
    "gelu": F.gelu, "gelu_tanh": gelu_tanh, "swiglu": F.silu, "relu2": relu2
}  # fmt: skip


class MLP(nn.Module):
    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.layer, self.gated, self.activate = layer, config.gated, ACTIVATE[config.activation]
        self.w_in = Linear(config.d_model, config.d_mlp, bias=config.bias)
        if config.gated:
            self.w_gate = Linear(config.d_model, config.d_mlp, bias=config.bias)
        self.w_out = Linear(config.d_mlp, config.d_model, bias=config.bias)

    def forward(self, x: Tensor, run: Pass) -> Tensor:
        if self.gated:
            hidden = self.activate(run.show("mlp_pre", self.layer, self.w_gate(x))) * self.w_in(x)
        else:
            hidden = self.activate(run.show("mlp_pre", self.layer, self.w_in(x)))
        out: Tensor = self.w_out(run.show("mlp_post", self.layer, hidden))  # (B, T, M) -> (B, T, D)
        return out


class Block(nn.Module):
    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.ln1, self.attn = make_norm(config), Attention(config, layer)
        self.ln2, self.mlp = make_norm(config), MLP(config, layer)

    def forward(self, x: Tensor, run: Pass) -> Tensor:
        x = run.show("resid_pre", self.layer, x)
        return self.after_attention(x, self.attn(self.ln1(x), run), run)

    def after_attention(self, x: Tensor, attn_out: Tensor, run: Pass) -> Tensor:
        x = x + run.show("attn_out", self.layer, attn_out)
        x = run.show("resid_mid", self.layer, x)
        x = x + run.show("mlp_out", self.layer, self.mlp(self.ln2(x), run))
        return run.show("resid_post", self.layer, x)


class Transformer(nn.Module):
    """A decoder-only transformer.

    `seed` draws the first weights (see `init_weights`); None leaves them unset, for whoever loads them next. The parts
    that analysis needs: `embed.weight` and `unembed.weight` (V, D; the same tensor when tied), `pos_embed.weight`
    (context, D; learned positions only), `blocks[i].ln1`, `.attn.wq/.wk/.wv/.wo`, `.ln2`, `.mlp.w_in/.w_out`
    (and `.w_gate` for SwiGLU), `ln_final`.
    """

    cos: Tensor  # rotary tables, both (context, Dh); computed, so in no checkpoint
    sin: Tensor

    def __init__(self, config: ModelConfig, seed: int | None = 0) -> None:
        super().__init__()
        self.config = config
        self.embed = Embedding(config.vocab_size, config.d_model)
        if config.position == "learned":
            self.pos_embed = Embedding(config.context_length, config.d_model)
        elif config.position == "rotary":
            cos, sin = rotary_tables(config)
            self.register_buffer("cos", cos, persistent=False)
            self.register_buffer("sin", sin, persistent=False)
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.n_layers))
        self.ln_final = make_norm(config)
        self.unembed = Linear(config.d_model, config.vocab_size, bias=False)
        if config.tie_embeddings:
            self.unembed.weight = self.embed.weight
        if seed is not None:
            self.init_weights(seed)

    @property
    def device(self) -> torch.device:
        """Where it computes. Not asked of a matrix: one that is packed (core.model.packed) would be widened for it."""
        return self.ln_final.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """What it computes in."""
        return self.ln_final.weight.dtype

    @torch.no_grad()
    def init_weights(self, seed: int) -> None:
        """Draw every weight from a generator of its own: the same seed, the same model; the global RNG is untouched.

        Embeddings: normal, σ = 0.02. Matrices that read the residual stream: normal, σ = 1/√inputs, which keeps the
        variance. Matrices that write to it (wo, w_out) and an untied unembedding: zero, so that the untrained model is
        the identity plus nothing. Biases 0, norm gains 1.
        """
        generator = torch.Generator(device=self.embed.weight.device).manual_seed(seed)
        for name, parameter in self.named_parameters():
            if name.endswith("embed.weight") and name != "unembed.weight":
                parameter.normal_(0, EMBED_STD, generator=generator)
            elif name.endswith((".wo.weight", ".w_out.weight", "unembed.weight", ".bias")):
                parameter.zero_()
            elif parameter.dim() == 2:
                parameter.normal_(0, parameter.shape[1] ** -0.5, generator=generator)
            else:
                parameter.fill_(1)

    def forward(self, ids: Tensor, *, tap: Tap | None = None, cache: Cache | None = None) -> Tensor:
        """The logits after every token: ids (B, T) int64 -> (B, T, V), always.

        With a `tap`, these sites fire in this order, each with the tensor of that name (see `core.model.tap`):
        embed (B, T, D); pos_embed (B, T, D), the vectors added, for learned positions only; then in each block
        resid_pre (B, T, D); q (B, H, T, Dh), k and v (B, Hkv, T, Dh), q and k after QK-norm and rotation, k and v
        before they are repeated to the query heads, all three without what the cache holds; attn_scores (B, H, T, S),
        scaled and masked with -inf; pattern (B, H, T, S); z (B, H, T, Dh); attn_out (B, T, D); resid_mid (B, T, D);
        mlp_pre (B, T, M), for SwiGLU the gate before SiLU; mlp_post (B, T, M), what the output projection reads;
        mlp_out (B, T, D); resid_post (B, T, D); at last ln_final (B, T, D) and logits (B, T, V).

        With a `cache`, `ids` continue what it holds, and their keys and values (as the tap left them) are appended.

        Raises ValueError when ids are not (B, T) of whole numbers with T ≥ 1, do not fit the context or the cache, lie
        outside the vocabulary, when the cache is another model's, or when a tap returns another shape.
        """
        x, run = self._through_blocks(ids, tap, cache)
        logits = self._unembed(x, run)
        if cache is not None:
            cache.advance(ids.shape[1])
        return logits

    def last_logits(self, ids: Tensor, last: int = 1, *, tap: Tap | None = None, cache: Cache | None = None) -> Tensor:
        """The logits (B, last, V) after the last tokens alone. Of a prompt no others are asked for, and with many
        tokens in the vocabulary they are a third of the work, and most of the memory. Sites fire as in `forward`, but
        for ln_final and logits, which are of those tokens. Errors as for `forward`."""
        x, run = self._through_blocks(ids, tap, cache)
        logits = self._unembed(x[:, -last:], run)
        if cache is not None:
            cache.advance(ids.shape[1])
        return logits

    def forward_from(
        self, streams: Mapping[int, Tensor], *, tap: Tap | None = None, past: Past | None = None
    ) -> Tensor:
        """The logits (B, T, V) of passes that have come each to its block: `streams` has the stream (B', T, D) that
        comes to a block, by its layer, or that leaves the last (L). They are one batch, in the order of the layers: at
        each block the rows that begin there join, last, those that came from below. They begin at position 0, or
        behind a `past` in which as many rows came to each block.

        Sites fire as in `forward`, beginning with `resid_pre` of the first block. ValueError: none, no such block, no
        such stream or no such past.
        """
        if not streams or not streams.keys() <= set(range(self.config.n_layers + 1)):
            raise ValueError(f"layers must be some of 0 to {self.config.n_layers}, not {sorted(streams)}")
        shapes = [tuple(x.shape) for x in streams.values()]
        T = shapes[0][1] if len(shapes[0]) == 3 else 0
        before = 0 if past is None else past.length
        room = self.config.context_length - before
        if not 1 <= T <= room or any(shape[1:] != (T, self.config.d_model) for shape in shapes):
            raise ValueError(
                f"streams must be (batch, tokens, {self.config.d_model}) with equally many tokens, at most "
                f"{room}, not {shapes}"
            )
        L = self.config.n_layers
        count(self.config, sum(x.shape[0] * T * (L - layer) / L for layer, x in streams.items()))
        run = self._start(T, before, tap, past)
        return self._unembed(self._climb(streams, run), run)

    def finish_block(
        self, layer: int, x: Tensor, z: Tensor, *, tap: Tap | None = None, past: Past | None = None
    ) -> Tensor:
        """The stream (B, T, D) that leaves block `layer` in passes that came there, behind a `past`, with the stream x
        (B, T, D) and whose heads have put out z (B, H, T, Dh). Sites fire as in `forward`, from `attn_out` on."""
        block = self.blocks[layer]
        assert isinstance(block, Block)
        return block.after_attention(x, block.attn.put_together(z), Pass(tap, past, None, None, None))

    def _through_blocks(self, ids: Tensor, tap: Tap | None, cache: Cache | None) -> tuple[Tensor, Pass]:
        """The stream (B, T, D) that leaves the last block, and its pass."""
        past = self._check(ids, cache)
        T = ids.shape[1]
        if not torch.compiler.is_compiling():
            count(self.config, ids.numel())
        run = self._start(T, past, tap, cache)
        try:
            x = run.show("embed", None, self.embed(ids))
        except IndexError:
            raise ValueError(f"token ids must lie from 0 to {self.config.vocab_size - 1}") from None
        if self.config.position == "learned":
            positions = torch.arange(past, past + T, device=ids.device)
            x = x + run.show("pos_embed", None, self.pos_embed(positions).expand_as(x))
        return self._climb({0: x}, run), run

    def _climb(self, streams: Mapping[int, Tensor], run: Pass) -> Tensor:
        first = min(streams)
        x = streams[first]
        for i, block in enumerate(self.blocks):
            if i >= first:
                x = block(x, run)
                x = torch.cat((x, streams[i + 1])) if i + 1 in streams else x
        return x

    def _unembed(self, x: Tensor, run: Pass) -> Tensor:
        x = run.show("ln_final", None, self.ln_final(x))
        return run.show("logits", None, self.unembed(x))

    def _check(self, ids: Tensor, cache: Cache | None) -> int:
        """How many tokens came before these, once it is clear that these fit."""
        if ids.dim() != 2 or ids.shape[1] == 0:
            raise ValueError(f"ids must be (batch, tokens) with at least one token, not {tuple(ids.shape)}")
        if ids.dtype not in (torch.int64, torch.int32):
            raise ValueError(f"token ids must be whole numbers (torch.int64), not {ids.dtype}")
        if cache is None:
            past, most = 0, self.config.context_length
        else:
            past, most = cache.length, cache.max_length
            if not cache.fits(self.config):
                raise ValueError("the cache was made for a model of another shape")
            if cache.batch_size != ids.shape[0]:
                raise ValueError(f"the cache was made for a batch of {cache.batch_size}, not {ids.shape[0]}")
        if past + ids.shape[1] > most:
            where = "context" if cache is None else "cache"
            raise ValueError(f"{past + ids.shape[1]} tokens do not fit the {where} of {most}")
        return past

    def _start(self, T: int, past: int, tap: Tap | None, cache: Cache | Past | None) -> Pass:
        mask = cos = sin = None
        if not uses_fused_kernel(tap) or (past and T > 1):
            mask = torch.full((T, past + T), -math.inf, dtype=self.dtype, device=self.device).triu(past + 1)
        if self.config.position == "rotary":
            cos, sin = self.cos[past : past + T], self.sin[past : past + T]
        return Pass(tap, cache, mask, cos, sin)
