"""Results show themselves in one short line that says what is in them."""

import ast
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from core.analysis.stream.lens import logit_lens
from core.brief import SHORT, Brief, told
from core.generation import Sampler, generate
from core.model import run_trace
from tests.core.model.models import make, random_ids

ROOMS = ("analysis", "generation", "lab", "prompting")
ARRAYS = ("Floats", "NDArray", "ndarray", "Tensor")


def test_a_lens_says_its_fields_and_their_shapes():
    model = make("ours")
    shown = repr(logit_lens(model, run_trace(model, random_ids(7).tolist())))
    assert shown == (
        "Lens(top=int64 (3, 7), top_probability=float32 (3, 7), rank=int64 (3, 7), probability=float32 (3, 7), "
        "entropy=float32 (3, 7), kl=float32 (3, 7))"
    )
    step = next(generate(model, [1, 2], Sampler(), 1, 0))
    assert f"id={step.id}, " in repr(step) and "alternatives=tuple of 10" in repr(step) and len(repr(step)) < 300
    stage = Sampler().stages(np.zeros(50_000))[0]
    assert repr(stage) == "Stage(name='raw', value=None, logits=float64 (50000,), probs=float64 (50000,))"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (torch.zeros(2, 3, dtype=torch.bfloat16), "bfloat16 (2, 3)"),
        (np.zeros((4, 0), bool), "bool (4, 0)"),
        (np.float64(0.123456), "0.1235"),
        ("a" * 99, repr("a" * 39 + "…")),
        ((1, 2, 3), "(1, 2, 3)"),
        (list(range(99)), "list of 99"),
        ({"a": np.zeros(1000)}, "dict of 1"),
        (Sampler(top_k=3), "Sampler(top_k=3)"),
        (None, "None"),
    ],
)
def test_values_are_short(value, shown):
    assert told(value) == shown and len(shown) <= SHORT + 2


def test_one_that_holds_another_stays_one_line():
    @dataclass(frozen=True, repr=False)
    class Outer(Brief):
        inner: object

    assert repr(Outer(Outer(3))).endswith("Outer(inner=Outer(inner=3))")
    assert repr(Outer({"many": Outer("x" * 500)})).endswith("Outer(inner=dict of 1)")


@pytest.mark.slow
def test_every_result_that_holds_arrays_is_brief():
    forgotten = []
    for path in (path for room in ROOMS for path in Path("core", room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and any("dataclass" in ast.unparse(d) for d in node.decorator_list):
                types = " ".join(ast.unparse(part.annotation) for part in node.body if isinstance(part, ast.AnnAssign))
                own = any(isinstance(part, ast.FunctionDef) and part.name == "__repr__" for part in node.body)
                brief = "Brief" in [ast.unparse(base) for base in node.bases]
                if any(name in types for name in ARRAYS) and not own and not brief:
                    forgotten.append(f"{path}: {node.name}")
    assert not forgotten
