"""What reads a text or looks into a trace: an answer, or a ValueError; never the numbers of another place."""

import numpy as np
import pytest
import torch

from core.analysis.embeddings import positions
from core.analysis.interventions.intervene import part_changes, part_effects
from core.analysis.interventions.patching import patch_everywhere
from core.analysis.interventions.values import Part
from core.analysis.skills.window import cache_cost, probabilities_by_window
from core.analysis.stream import attribution, neurons
from core.model import run_trace
from tests.core.model.models import SIZES, make

MODEL = make("ours")
TRACE = run_trace(MODEL, [1, 2, 3])
READERS = {
    "windowed": lambda ids: probabilities_by_window(MODEL, ids, [1]),
    "activations": lambda ids: neurons.activations(MODEL, ids, 0, 0),
    "scan": lambda ids: neurons.scan(MODEL, [ids], 2),
    "part_changes": lambda ids: part_changes(MODEL, ids, [Part("mlp", 0)], "zero", None),
    "part_effects": lambda ids: part_effects(MODEL, ids, [Part("mlp", 0)], "zero", None),
    "patch_everywhere": lambda ids: patch_everywhere(MODEL, ids, [5, *ids[1:]], 1, 2, "residual"),
}
PLACES = {  # (what takes a place, how many places there are)
    "token": (lambda at: attribution.attribute(MODEL, TRACE, 1, at), SIZES["vocab_size"]),
    "against": (lambda at: attribution.attribute(MODEL, TRACE, 1, 0 if at else 1, at), SIZES["vocab_size"]),
    "position": (lambda at: attribution.attribute(MODEL, TRACE, at, 1), 3),
    "position of neurons": (lambda at: neurons.writes(MODEL, TRACE, at), 3),
    "layer of neurons": (lambda at: neurons.activations(MODEL, [1, 2], at, 0), 2),
    "neuron": (lambda at: neurons.activations(MODEL, [1, 2], 0, at), 4 * SIZES["d_model"]),
    "layer": (lambda at: positions.preference(TRACE, MODEL.config, at, 0, 3), 2),
    "head": (lambda at: positions.energy(TRACE, MODEL.config, 0, at), 4),
    "answer": (
        lambda at: patch_everywhere(MODEL, [1, 2], [3, 2], at, 7 if at != 7 else 8, "residual"),
        SIZES["vocab_size"],
    ),
}


@pytest.mark.parametrize("name", READERS)
def test_what_reads_a_text_checks_it_first(name):
    for good in ([1, 2, 3], (4, 5), np.array([1, 2]), torch.tensor([3, 1])):
        READERS[name](good)
    for bad in ([], [-1, 1], [1, 37], [1, 99_999], [1.5, 2.0], ["a", "b"], [None, 1], [True, 1], [[1, 2]]):
        with pytest.raises(ValueError):
            READERS[name](bad)
    if name != "windowed":  # which reads the last of a text of any length
        with pytest.raises(ValueError, match="do not fit"):
            READERS[name]([1] * 25)


@pytest.mark.parametrize("name", PLACES)
def test_a_place_that_is_not_there_has_no_numbers(name):
    call, count = PLACES[name]
    call(0), call(count - 1), call(np.int64(1))
    for bad in (-1, count, 10**12, 1.5, "1", None, True):
        if not (name == "against" and bad is None):
            with pytest.raises(ValueError):
                call(bad)


def test_lengths_and_windows():
    for call in (
        lambda n: positions.similarity(MODEL, n),
        lambda n: positions.similarity(make("gpt2"), n),
        lambda n: cache_cost(MODEL, [n], 1),
        lambda n: cache_cost(MODEL, [2], 0 if n == 25 else n),
    ):
        for bad in (0, -1, 25, 1.5, None):
            with pytest.raises(ValueError):
                call(bad)
    for bad in (0, -1, 1.5, None, "1"):
        with pytest.raises(ValueError, match="at least one"):
            probabilities_by_window(MODEL, [1, 2], [bad])
    assert positions.similarity(MODEL, 24).shape == (24, 24)
    assert probabilities_by_window(MODEL, [1] * 60, [5, 23]).shape == (2, 37)
