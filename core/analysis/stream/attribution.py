"""Direct logit attribution (Elhage et al. 2021): how much each part of the model added to one token's logit, exactly.

The last stream is a sum: embedding + every head + every MLP. The logit of a token is linear in it once the scale of the
final norm is held at its true value, so it is the sum of what each part adds. Contributions through later parts are not
followed: a head that only helped another head gets nothing here.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.analysis.stream.weights import layer_weights, weight
from core.arrays import Floats
from core.brief import Brief
from core.model import Trace, Transformer
from core.model.ids import checked_place


@dataclass(frozen=True, eq=False, repr=False)
class Attribution(Brief):
    """What each part adds to a logit (or to the difference of two), in logits.

    heads (L, H), mlps (L,) with their biases; attention_bias (L,), the bias of the output projections, which belongs to
    no single head (0 without biases); pos_embed is 0 without learned positions, norm_bias (the final LayerNorm's bias,
    read by the unembedding) without one. `logit` is what the model computed.
    """

    embed: float
    pos_embed: float
    heads: Floats
    attention_bias: Floats
    mlps: Floats
    norm_bias: float
    logit: float

    @property
    def total(self) -> float:
        """The sum of all parts: equal to `logit` but for rounding."""
        parts = self.heads.sum() + self.attention_bias.sum() + self.mlps.sum()
        return float(self.embed + self.pos_embed + parts + self.norm_bias)


@torch.inference_mode()
def attribute(model: Transformer, trace: Trace, position: int, token: int, against: int | None = None) -> Attribution:
    """The parts of the logit of `token` after `position`; with `against`, of logit[token] − logit[against].

    Reads the trace, which must be of this model (with whatever taps it was made). ValueError: a position or token that
    does not exist.
    """
    read = readout(model, trace, position, token, against)  # (D,)
    biases, norm_bias = np.zeros(model.config.n_layers), 0.0
    if model.config.bias:
        biases = np.array([float(bias @ read) for bias in layer_weights(model, "attn.wo.bias")])
    if model.config.bias and model.config.norm == "layernorm":
        norm_bias = float(unembedding(model, token, against) @ weight(model, "ln_final.bias"))
    logits = trace.logits[position].double()
    return Attribution(
        embed=float(trace.embed[position].double() @ read),
        pos_embed=0.0 if trace.pos_embed is None else float(trace.pos_embed[position].double() @ read),
        heads=torch.einsum("lhd,lhd->lh", trace.z[:, :, position].double(), _head_readings(model, read)).numpy(),
        attention_bias=biases,
        mlps=(trace.mlp_out[:, position].double() @ read).numpy(),
        norm_bias=norm_bias,
        logit=float(logits[token] - (0 if against is None else logits[against])),
    )


@torch.inference_mode()
def sources(
    model: Transformer, trace: Trace, position: int, layer: int, head: int, token: int, against: int | None = None
) -> Floats:
    """From which tokens a head took what it added: (position + 1,), pattern × (value read as the logit).

    The sum is `attribute(…).heads[layer, head]`. ValueError: as there, and for a head that does not exist.
    """
    layers, heads = trace.pattern.shape[:2]
    if not (0 <= layer < layers and 0 <= head < heads):
        raise ValueError(f"there is no head {head} in layer {layer}: {layers} layers of {heads} heads")
    read = _head_readings(model, readout(model, trace, position, token, against))[layer, head]  # (Dh,)
    weights = trace.pattern[layer, head, position, : position + 1].double()
    return (weights * (trace.v[layer, head, : position + 1].double() @ read)).numpy()


@torch.inference_mode()
def neuron_effects(model: Transformer, trace: Trace, position: int, token: int, against: int | None = None) -> Floats:
    """What each neuron of each MLP adds to the logit: (L, M), activation × (its output weights read as the logit).

    A layer's sum, with the bias of its output projection, is `attribute(…).mlps[layer]`. ValueError: as there.
    """
    read = readout(model, trace, position, token, against)
    weights = torch.stack([read @ out for out in layer_weights(model, "mlp.w_out.weight")])  # (L, M)
    return (trace.mlp_post[:, position].double() * weights).numpy()


def unembedding(model: Transformer, token: int, against: int | None = None) -> Tensor:
    """The row of the unembedding for `token`, less that for `against`: (D,) float64. ValueError: no such token."""
    rows = model.get_parameter("unembed.weight").detach()
    for id in (token, *(() if against is None else (against,))):
        checked_place("token", id, len(rows))
    row = rows[token].double().cpu()
    return row if against is None else row - rows[against].double().cpu()


def readout(model: Transformer, trace: Trace, position: int, token: int, against: int | None = None) -> Tensor:
    """The vector r (D,) float64 with: what a part c of the last stream adds to the logit is c · r.

    RMSNorm: r = w ⊙ gain / σ, σ the root of the mean square (+ ε) of the whole stream at this position. LayerNorm
    first takes the mean off every part, which is the same as taking it off r; σ is then the standard deviation.
    """
    checked_place("position", position, len(trace.ids))
    centred = model.config.norm == "layernorm"
    x = trace.resid_post[-1, position].double()
    x = x - x.mean() if centred else x
    sigma = (x.square().mean() + model.config.norm_eps).sqrt()
    read = unembedding(model, token, against) * weight(model, "ln_final.weight") / sigma
    return read - read.mean() if centred else read


def _head_readings(model: Transformer, read: Tensor) -> Tensor:
    """`read` seen through each head's output weights: (L, H, Dh)."""
    c = model.config
    return torch.stack([(read @ out).view(c.n_heads, c.d_head) for out in layer_weights(model, "attn.wo.weight")])
