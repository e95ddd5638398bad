"""`run_trace` beside a plain forward pass and TransformerLens's `run_with_cache`: python -m tests.bench.bench_trace

The same weights (the shipped model, or the one named), the same ids, interleaved runs, medians in milliseconds, on one
thread and on all cores. "all sites" reads every tensor of the trace afterwards; "lens" is `run_with_cache` as it comes,
"no grad" the same under `torch.inference_mode()`. TransformerLens is compared when it
is installed (pip install -r tests/bench/requirements.txt); its logits are checked against ours first.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable

import torch

from core.model import SITES, ModelConfig, Transformer, load_checkpoint, run_trace

LENGTHS = {64: 200, 256: 60}  # tokens -> rounds


def lens_twin(model: Transformer):
    """A HookedTransformer with the weights of `model` (RMSNorm, rotary, QK-norm, ReLU²: our own family)."""
    from transformer_lens import HookedTransformer, HookedTransformerConfig

    c: ModelConfig = model.config
    shape = dict(n_layers=c.n_layers, d_model=c.d_model, n_ctx=c.context_length, d_head=c.d_head, n_heads=c.n_heads)
    twin = HookedTransformer(
        HookedTransformerConfig(
            **shape, d_mlp=c.d_mlp, d_vocab=c.vocab_size, act_fn=c.activation, normalization_type="RMS", eps=c.norm_eps,
            positional_embedding_type="rotary", rotary_dim=c.d_head, rotary_base=c.rope_theta, use_qk_norm=c.qk_norm,
        )
    )  # fmt: skip
    weights = dict(model.named_parameters())
    heads = (c.n_heads, c.d_head, c.d_model)
    made = {
        "embed.W_E": weights["embed.weight"],
        "unembed.W_U": model.unembed.weight.T,
        "ln_final.w": weights["ln_final.weight"],
    }
    for i in range(c.n_layers):
        ours, theirs = f"blocks.{i}.", f"blocks.{i}."
        for name in "qkv":
            made[f"{theirs}attn.W_{name.upper()}"] = weights[f"{ours}attn.w{name}.weight"].view(heads).transpose(1, 2)
        made[f"{theirs}attn.W_O"] = weights[f"{ours}attn.wo.weight"].T.reshape(heads)
        made |= {f"{theirs}attn.{n}.w": weights[f"{ours}attn.{n}.weight"] for n in ("q_norm", "k_norm")}
        made |= {f"{theirs}{n}.w": weights[f"{ours}{n}.weight"] for n in ("ln1", "ln2")}
        made |= {f"{theirs}mlp.W_{n}": weights[f"{ours}mlp.w_{n}.weight"].T for n in ("in", "out")}
    state = twin.state_dict()
    with torch.no_grad():
        for name, weight in made.items():
            state[name].copy_(weight)
        for name in state.keys() - made.keys():
            if name.rpartition(".")[2].startswith("b_"):
                state[name].zero_()
    return twin.eval()


def milliseconds(rounds: int, works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The median time of each work; one run of each in turn, so that a noisy moment hits all."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            begun = time.perf_counter()
            work()
            times[name].append(1000 * (time.perf_counter() - begun))
    return {name: statistics.median(values) for name, values in times.items()}


@torch.inference_mode()
def plain(model: Transformer, ids: torch.Tensor) -> torch.Tensor:
    return model(ids[None])


def every_site(model: Transformer, ids: torch.Tensor) -> list:
    trace = run_trace(model, ids)
    return [getattr(trace, site) for site in SITES]


def main() -> None:
    model = load_checkpoint(sys.argv[1] if len(sys.argv) > 1 else "tinyland").model
    try:
        twin = lens_twin(model)
    except ImportError:
        twin = None
        print("TransformerLens is not installed: pip install -r tests/bench/requirements.txt")
    print(
        f"{'threads':>7} {'tokens':>6} {'plain':>8} {'trace':>8} {'all sites':>9} {'lens':>8}   trace/plain  lens/trace"
    )
    for threads in sorted({1, os.cpu_count() or 1}):
        torch.set_num_threads(threads)
        for length, rounds in LENGTHS.items():
            compare(model, twin, threads, length, rounds)


def compare(model: Transformer, twin, threads: int, length: int, rounds: int) -> None:
    """Prints one line."""
    ids = torch.randint(model.config.vocab_size, (length,), generator=torch.Generator().manual_seed(0))
    works: dict[str, Callable[[], object]] = {
        "plain": lambda: plain(model, ids),
        "trace": lambda: run_trace(model, ids),
        "all": lambda: every_site(model, ids),
    }
    if twin is not None:
        torch.testing.assert_close(run_lens(twin, ids)[0][0], plain(model, ids)[0], atol=2e-3, rtol=1e-3)
        works |= {"lens": lambda: twin.run_with_cache(ids[None]), "no grad": lambda: run_lens(twin, ids)}
    milliseconds(5, works)  # warm
    found = milliseconds(rounds, works)
    lens, no_grad = found.get("lens", float("nan")), found.get("no grad", float("nan"))
    print(
        f"{threads:7} {length:6} {found['plain']:8.2f} {found['trace']:8.2f} {found['all']:9.2f} {lens:8.2f} "
        f"{no_grad:8.2f}   {found['trace'] / found['plain']:11.2f}  {lens / found['trace']:10.2f}  "
        f"{no_grad / found['trace']:13.2f}",
        flush=True,
    )


@torch.inference_mode()
def run_lens(twin, ids: torch.Tensor) -> tuple:
    return twin.run_with_cache(ids[None])


if __name__ == "__main__":
    main()
