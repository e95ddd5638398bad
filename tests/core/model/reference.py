"""The transformer from its formulas in NumPy, float64, one head and one position at a time.

It shares no code with core.model: the same weights go in by name, and every site's array comes out.
"""

import math

import numpy as np


def layer_norm(x, gain, bias, eps):
    centred = x - x.mean(-1, keepdims=True)
    normed = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps)
    return normed * gain + (0 if bias is None else bias)


def rms_norm(x, gain, eps):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + eps) * gain


def rotate(x, theta):
    """x (T, Dh): the pair (x[p, i], x[p, i + Dh/2]) turns by p · θ^(-2i/Dh)."""
    out, half = np.empty_like(x), x.shape[1] // 2
    for p in range(x.shape[0]):
        for i in range(half):
            angle = p * theta ** (-2 * i / x.shape[1])
            a, b = x[p, i], x[p, i + half]
            out[p, i] = a * math.cos(angle) - b * math.sin(angle)
            out[p, i + half] = a * math.sin(angle) + b * math.cos(angle)
    return out


ACTIVATIONS = {
    "gelu": np.vectorize(lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2)))),
    "gelu_tanh": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "relu2": lambda x: np.where(x > 0, x, 0) ** 2,
    "swiglu": lambda x: x / (1 + np.exp(-x)),  # SiLU of the gate; the product follows
}


class Reference:
    def __init__(self, config, weights):
        """`config`: a dict of ModelConfig's fields; `weights`: name -> array, as `named_parameters` names them."""
        self.c, self.w = config, {name: np.asarray(array, dtype=np.float64) for name, array in weights.items()}

    def linear(self, x, name):
        y = x @ self.w[f"{name}.weight"].T
        return y + self.w[f"{name}.bias"] if f"{name}.bias" in self.w else y

    def norm(self, x, name):
        if self.c["norm"] == "rmsnorm":
            return rms_norm(x, self.w[f"{name}.weight"], self.c["norm_eps"])
        return layer_norm(x, self.w[f"{name}.weight"], self.w.get(f"{name}.bias"), self.c["norm_eps"])

    def attention(self, x, layer, sites):
        c, T, name = self.c, x.shape[0], f"blocks.{layer}.attn"
        heads, Dh = {"q": c["n_heads"], "k": c["n_kv_heads"], "v": c["n_kv_heads"]}, c["d_head"]
        split = {}
        for what in "qkv":
            flat = self.linear(x, f"{name}.w{what}")
            split[what] = [flat[:, h * Dh : (h + 1) * Dh] for h in range(heads[what])]
            if what != "v" and c["qk_norm"]:
                gain = self.w[f"{name}.{what}_norm.weight"]
                split[what] = [rms_norm(head, gain, c["norm_eps"]) for head in split[what]]
            if what != "v" and c["position"] == "rotary":
                split[what] = [rotate(head, c["rope_theta"]) for head in split[what]]
        per_kv = c["n_heads"] // c["n_kv_heads"]
        for h in range(c["n_heads"]):
            q, k, v = split["q"][h], split["k"][h // per_kv], split["v"][h // per_kv]
            scores, pattern = np.full((T, T), -np.inf), np.zeros((T, T))
            for i in range(T):
                scores[i, : i + 1] = [q[i] @ k[j] / math.sqrt(Dh) for j in range(i + 1)]
                weights = np.exp(scores[i, : i + 1] - scores[i, : i + 1].max())
                pattern[i, : i + 1] = weights / weights.sum()
            seen = {"q": q, "k": k, "v": v, "attn_scores": scores, "pattern": pattern, "z": pattern @ v}
            for site, array in seen.items():
                sites.setdefault(site, [[] for _ in range(c["n_layers"])])[layer].append(array)
        return self.linear(np.concatenate(sites["z"][layer], axis=1), f"{name}.wo")

    def mlp(self, x, layer, keep):
        name, activation = f"blocks.{layer}.mlp", ACTIVATIONS[self.c["activation"]]
        gated = self.c["activation"] == "swiglu"
        pre = keep("mlp_pre", self.linear(x, f"{name}.w_gate" if gated else f"{name}.w_in"))
        post = keep("mlp_post", activation(pre) * self.linear(x, f"{name}.w_in") if gated else activation(pre))
        return self.linear(post, f"{name}.w_out")

    def __call__(self, ids):
        """Every site as a float64 array, shaped as in a Trace; pos_embed is absent without learned positions."""
        sites = {}

        def keep(site, array):
            sites.setdefault(site, []).append(array)
            return array

        x = sites["embed"] = self.w["embed.weight"][ids]
        if self.c["position"] == "learned":
            sites["pos_embed"] = self.w["pos_embed.weight"][: len(ids)]
            x = x + sites["pos_embed"]
        for layer in range(self.c["n_layers"]):
            keep("resid_pre", x)
            x = x + keep("attn_out", self.attention(self.norm(x, f"blocks.{layer}.ln1"), layer, sites))
            keep("resid_mid", x)
            x = x + keep("mlp_out", self.mlp(self.norm(x, f"blocks.{layer}.ln2"), layer, keep))
            keep("resid_post", x)
        sites["ln_final"] = self.norm(x, "ln_final")
        unembed = self.w["embed.weight"] if self.c["tie_embeddings"] else self.w["unembed.weight"]
        sites["logits"] = sites["ln_final"] @ unembed.T
        return {site: np.array(array) for site, array in sites.items()}
