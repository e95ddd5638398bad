"""What the JavaScript of assets/components must compute, as Python computes it: `python -m tests.components.fixtures`.

It writes fixtures.json, which the tests beside this file read under node; test_fixtures.py says when it is out of date.
"""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import gammaincc

from core.figures.labels import percent
from core.generation.sampler import ORDER, Sampler, draw
from core.model import ModelConfig, Transformer, run_trace
from pages.ui.components import pack
from pages.ui.text import visible

FILE = Path(__file__).with_name("fixtures.json")
US = [0.0, 0.1234, 0.5, 0.77, 0.999]
SETTINGS: list[dict[str, Any]] = [
    {},
    {"temperature": 0.0},
    {"temperature": 0.7, "top_k": 5},
    {"top_k": 3},
    {"top_p": 0.6, "min_p": 0.02},
    {"top_p": 0.0},
    {"min_p": 0.2, "temperature": 1.5},
    {"typical_p": 0.4},
    {"typical_p": 0.0},
    {"repetition_penalty": 1.4, "presence_penalty": 0.5, "frequency_penalty": -0.3},
    {"temperature": 1.3, "top_k": 12, "top_p": 0.9, "min_p": 0.01, "typical_p": 0.95, "repetition_penalty": 1.1},
    {"temperature": 2.0, "top_p": 0.8, "order": (*ORDER[4:], *ORDER[:4])},
]


def _sampler() -> list[dict[str, Any]]:
    rng = np.random.default_rng(7)
    made = []
    for i, settings in enumerate(SETTINGS):
        logits = (rng.normal(size=24) * 2).astype(np.float32).astype(np.float64)
        logits[1:4] = logits[0]  # equal ones
        if i % 3 == 0:
            logits[-2:] = -np.inf
        context = rng.integers(0, 24, 10).tolist()
        stages = Sampler(**settings).stages(logits, context)
        on = {stage.name: stage.value for stage in stages[1:]}
        made.append({
            "logits": [None if x == -np.inf else x for x in logits.tolist()],
            "context": context,
            "settings": on,
            "probs": [stage.probs.tolist() for stage in stages],
            "us": US,
            "draws": [[draw(stage.probs, u) for u in US] for stage in stages],
        })  # fmt: skip
    return made


def _attention() -> dict[str, Any]:
    config = ModelConfig(vocab_size=11, context_length=8, n_layers=2, n_heads=2, d_model=8, d_mlp=16)
    trace = run_trace(Transformer(config, seed=3), [1, 5, 2, 9, 5])
    rows, columns = np.tril_indices(5)
    return {
        "header": {"layers": 2, "heads": 2, "length": 5, "reading": 7},
        "numbers": trace.pattern.numpy()[:, :, rows, columns].ravel().tolist(),
        "made": {"reading": 7, "size": config.d_head},
        "qkvz": np.concatenate([getattr(trace, name).numpy().ravel() for name in "qkvz"]).tolist(),
        "pattern": trace.pattern.tolist(),
        "z": trace.z.tolist(),
        "mean": trace.pattern.mean(dim=(0, 1)).tolist(),
    }


def fixtures() -> dict[str, Any]:
    shares = [0, 1e-9, 0.000123, 0.00999, 0.0432, 0.0994, 0.0996, 0.4321, 0.994, 0.996, 0.99999, 1]
    texts = ["a b\n\tc", "naïve — 北京", "\x00\x1b[0m\x7f", "zero\u200bwidth \u202eright", "👩\u200d💻", "\ue000\u0378"]
    gammas = [(0.5, 0.1), (0.5, 9.0), (1.0, 2.0), (7.5, 3.0), (7.5, 20.0), (100.0, 90.0), (100.0, 130.0)]
    header: dict[str, Any] = {"title": "é · 北", "list": [1, None, 2.5]}
    packed = base64.b64encode(pack(header, b"\x01\x02\xff")).decode()
    return {
        "percent": [[share, percent(share)] for share in shares],
        "visible": [[text, visible(text)] for text in texts],
        "gamma": [[a, x, float(gammaincc(a, x))] for a, x in gammas],
        "packed": {"data": packed, "header": header, "payload": [1, 2, 255]},
        "sampler": _sampler(),
        "attention": _attention(),
    }  # fmt: skip


if __name__ == "__main__":
    FILE.write_text(json.dumps(fixtures(), ensure_ascii=False, indent=None, separators=(",", ":")) + "\n")
