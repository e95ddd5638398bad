"""The sampler against Hugging Face's logits processors, closed forms, and the edges where the two may differ."""

import math
from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import LogitsProcessorList
from transformers.generation import logits_process as hf

from core.generation.sampler import BOUNDS, MIN_TEMPERATURE, ORDER, Sampler, draw
from core.generation.stages import STAGES, likeliest_first, softmax


class Penalties(hf.LogitsProcessor):
    """The two penalties that transformers lacks, token by token as OpenAI's documentation of its API writes them."""

    def __init__(self, presence: float, frequency: float) -> None:
        self.presence, self.frequency = presence, frequency

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        ids, changed = input_ids[0].tolist(), scores.clone()
        for id in set(ids):
            changed[0, id] -= ids.count(id) * self.frequency + float(ids.count(id) > 0) * self.presence
        return changed


def processor(name: str, value: float) -> hf.LogitsProcessor:
    return {
        "repetition_penalty": lambda: hf.RepetitionPenaltyLogitsProcessor(float(value)),
        "presence_penalty": lambda: Penalties(value, 0),
        "frequency_penalty": lambda: Penalties(0, value),
        "temperature": lambda: hf.TemperatureLogitsWarper(float(value)),
        "top_k": lambda: hf.TopKLogitsWarper(value),
        "top_p": lambda: hf.TopPLogitsWarper(value),
        "min_p": lambda: hf.MinPLogitsWarper(value),
        "typical_p": lambda: hf.TypicalLogitsWarper(value),
    }[name]()


def hugging_face(sampler: Sampler, logits: np.ndarray, context: list[int]) -> np.ndarray:
    """What transformers' own processors make of the logits (float64), one after another in the sampler's order."""
    chain = LogitsProcessorList()
    for name in sampler.order:
        if getattr(sampler, name) != getattr(Sampler(), name):
            chain.append(processor(name, getattr(sampler, name)))
    ids = torch.tensor([context], dtype=torch.int64)
    return chain(ids, torch.tensor(logits, dtype=torch.float64)[None]).numpy()[0]


def share(low: float) -> st.SearchStrategy[float]:
    """Shares with six decimals: a border that lies within the rounding of a sum has no one answer, NumPy and torch add
    in different orders."""
    return st.floats(low, 1).map(lambda value: round(value, 6))


SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0.05, 5),
        "top_k": st.integers(0, 300),
        "top_p": share(0),
        "min_p": share(0),
        "typical_p": share(0.01),
        "repetition_penalty": st.floats(0.1, 10),
        "presence_penalty": st.floats(-3, 3),
        "frequency_penalty": st.floats(-3, 3),
        "order": st.permutations(ORDER).map(tuple),
    },
)


def random_case(seed: int, size: int, spread: float) -> tuple[np.ndarray, list[int]]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=size) * spread, rng.integers(0, size, 12).tolist()


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(SETTINGS, st.integers(0, 10**6), st.integers(1, 400), st.sampled_from([0.1, 1.0, 4.0, 20.0]))
def test_any_settings_equal_hugging_face(chosen, seed, size, spread):
    logits, context = random_case(seed, size, spread)
    last = Sampler(**chosen).stages(logits, context)[-1]
    expected = hugging_face(Sampler(**chosen), logits, context)
    np.testing.assert_array_equal(last.kept, expected > -np.inf)
    np.testing.assert_allclose(last.logits, expected, rtol=1e-12)
    np.testing.assert_allclose(last.probs, torch.softmax(torch.tensor(expected), -1).numpy(), atol=1e-12)


@pytest.mark.parametrize(
    "chosen",
    [
        {"repetition_penalty": 1.3}, {"repetition_penalty": 0.6}, {"temperature": 0.3}, {"temperature": 2.5},
        {"top_k": 1}, {"top_k": 7}, {"top_k": 999}, {"top_p": 0.0}, {"top_p": 0.5}, {"top_p": 0.97},
        {"min_p": 0.05}, {"min_p": 1.0}, {"typical_p": 0.2}, {"typical_p": 0.95},
        {"presence_penalty": 1.5}, {"presence_penalty": -2.0}, {"frequency_penalty": 0.4}, {"frequency_penalty": -0.4},
        {"top_p": 0.8, "temperature": 3.0, "order": (*ORDER[4:], *ORDER[:4])},
        {"repetition_penalty": 1.2, "temperature": 0.8, "top_k": 40, "top_p": 0.9, "min_p": 0.02, "typical_p": 0.9},
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 2, 50, 1000])
def test_each_stage_equals_hugging_face(chosen, size):
    for seed in range(5):
        logits, context = random_case(seed, size, 3.0)
        np.testing.assert_allclose(
            Sampler(**chosen).stages(logits, context)[-1].logits,
            hugging_face(Sampler(**chosen), logits, context),
            1e-12,
        )


@pytest.mark.slow
@settings(deadline=None, max_examples=80)
@given(SETTINGS, st.lists(st.integers(-3, 3), min_size=1, max_size=60), st.integers(0, 10**6))
def test_ties_keep_as_much_as_hugging_face(chosen, levels, seed):
    """Equal logits everywhere: the same number of tokens of each logit stays; which of them torch leaves open."""
    context = np.random.default_rng(seed).integers(0, len(levels), 5).tolist()
    # Powers of two keep every quotient exact, so that ties stay ties on both sides.
    # In the usual order only: a penalty after a cut would tell apart which of the equals torch happened to keep.
    exact = chosen | {"temperature": 0.5, "repetition_penalty": 2.0, "order": ORDER}
    exact |= {
        name: round(exact[name] * 8) / 8 for name in ("min_p", "presence_penalty", "frequency_penalty") if name in exact
    }
    ours = Sampler(**exact).stages(levels, context)[-1].logits
    theirs = hugging_face(Sampler(**exact), np.array(levels, dtype=float), context)
    np.testing.assert_allclose(np.sort(ours), np.sort(theirs), rtol=1e-12)


@pytest.mark.parametrize("masked", [0, 3])
def test_logits_that_are_already_cut_stay_cut(masked):
    logits, context = random_case(0, 30, 2.0)
    logits[masked] = -np.inf
    for chosen in ({"top_k": 30}, {"top_p": 0.9}, {"min_p": 0.01}, {"typical_p": 0.9}, {"repetition_penalty": 2.0}):
        stage = Sampler(**chosen).stages(logits, [masked, *context])[-1]
        np.testing.assert_allclose(stage.logits, hugging_face(Sampler(**chosen), logits, [masked, *context]), 1e-12)
        assert not stage.kept[masked] and stage.probs[masked] == 0


def test_only_the_stages_that_are_on_are_listed_in_order():
    logits, context = random_case(1, 20, 1.0)
    assert [stage.name for stage in Sampler().stages(logits)] == ["raw"]
    everything = Sampler(0.7, 10, 0.9, 0.01, 0.95, 1.1, 0.5, 0.2)
    stages = everything.stages(logits, context)
    assert [stage.name for stage in stages] == ["raw", *ORDER]
    assert {row.name for row in STAGES} == set(BOUNDS) == set(ORDER)
    defaults = {field.name: field.default for field in fields(Sampler) if field.name in BOUNDS}
    assert defaults == {row.name: row.off for row in STAGES}  # each at its default is off
    assert ORDER[0] == "repetition_penalty" and ORDER[3:] == ("temperature", "top_k", "top_p", "min_p", "typical_p")
    assert [stage.value for stage in stages[1:]] == [getattr(everything, name) for name in ORDER]
    for before, after in pairwise(stages):
        assert not (after.kept & ~before.kept).any()  # nothing that was cut comes back
        assert after.kept.any() and math.isclose(after.probs.sum(), 1)
        np.testing.assert_array_equal(after.probs > 0, after.kept)
    np.testing.assert_array_equal(everything.probs(logits, context), stages[-1].probs)


def test_the_order_is_followed_and_matters():
    logits, hot = np.log([0.5, 0.3, 0.1, 0.1]), {"temperature": 5.0, "top_p": 0.75}
    cut_last = Sampler(**hot).stages(logits)[-1]
    cut_first = Sampler(**hot, order=("top_p", *(name for name in ORDER if name != "top_p"))).stages(logits)
    assert [stage.name for stage in cut_first] == ["raw", "top_p", "temperature"]
    assert cut_last.kept.sum() == 3 and cut_first[-1].kept.sum() == 2


@pytest.mark.parametrize("order", [ORDER[1:], (*ORDER, "top_k"), list(ORDER), ("raw", *ORDER[1:]), "top_k"])
def test_an_order_is_a_permutation_of_the_stages(order):
    with pytest.raises(ValueError, match="order must be"):
        Sampler(order=order)


@settings(deadline=None, max_examples=50)
@given(SETTINGS)
def test_a_sampler_is_written_as_python_would_make_it(chosen):
    assert eval(repr(Sampler(**chosen)), {"Sampler": Sampler}) == Sampler(**chosen)
    assert repr(Sampler(top_k=3)) == "Sampler(top_k=3)"


def test_temperature_zero_is_greedy_and_takes_the_lowest_of_equals():
    np.testing.assert_array_equal(Sampler(temperature=0).probs([1.0, 3.0, 2.0, 3.0]), [0, 1, 0, 0])
    rest = Sampler(temperature=0, top_k=3, top_p=0.5, min_p=0.5, typical_p=0.5).probs([1.0, 3.0, 2.0, 3.0])
    np.testing.assert_array_equal(rest, [0, 1, 0, 0])


def test_the_edges():
    tied = [2.0, 2.0, 2.0, 1.0]
    np.testing.assert_array_equal(Sampler(top_k=2).stages(tied)[-1].kept, [True, True, True, False])  # k-th value tied
    np.testing.assert_array_equal(Sampler(top_p=0.0).stages(tied)[-1].kept, [True, False, False, False])
    np.testing.assert_array_equal(Sampler(top_p=0.5).stages([0.0] * 4)[-1].kept, [True, True, False, False])
    np.testing.assert_array_equal(Sampler(min_p=1.0).stages(tied)[-1].kept, [True, True, True, False])
    typical = Sampler(typical_p=0.0).stages([5.0, 0.0, -1.0])[-1]
    assert typical.kept.sum() == 1
    eighths = np.log([0.5, 0.25, 0.125, 0.125])  # entropy 1.75 bits: the second token is nearest, then the first
    for mass, kept in ((0.25, [0, 1, 0, 0]), (0.26, [1, 1, 0, 0]), (0.75, [1, 1, 0, 0]), (0.76, [1, 1, 1, 1])):
        np.testing.assert_array_equal(Sampler(typical_p=mass).stages(eighths)[-1].kept, kept)
        np.testing.assert_array_equal(hugging_face(Sampler(typical_p=mass), eighths, [0]) > -np.inf, kept)
    np.testing.assert_allclose(Sampler(top_k=50).probs([0.0, math.log(3)]), [0.25, 0.75])  # k > V
    coldest = Sampler(temperature=MIN_TEMPERATURE).probs([3.4e38, 1.0])
    np.testing.assert_array_equal(coldest, [1, 0])


@pytest.mark.parametrize(
    "logits", [[], [[1.0, 2.0]], 3.0, [math.nan, 1.0], [math.inf, 1.0], [-math.inf] * 3, [1e300, 0.0]]
)
def test_logits_that_are_not_a_distribution_are_refused(logits):
    with pytest.raises(ValueError, match="logit"):
        Sampler().stages(logits)


@pytest.mark.parametrize("name", BOUNDS)
def test_settings_out_of_bounds_are_refused_and_the_bounds_named(name):
    low, high, default = BOUNDS[name]
    assert Sampler(**{name: low}) and Sampler(**{name: high}) and getattr(Sampler(), name) == default
    for wrong in (low - 1, high + 1, math.nan, math.inf, "1", None, True):
        with pytest.raises(ValueError, match=f"{name} must be .* from {low} to {high:,}"):
            Sampler(**{name: wrong})


def test_settings_that_no_arithmetic_can_follow_are_refused():
    with pytest.raises(ValueError, match="whole number"):
        Sampler(top_k=2.5)
    with pytest.raises(ValueError, match="greedy"):
        Sampler(temperature=1e-9)


def test_context_outside_the_vocabulary_is_ignored():
    logits = [1.0, -1.0, 2.0]
    np.testing.assert_array_equal(Sampler(repetition_penalty=2.0).stages(logits, [1, 1, 7, -1])[-1].logits, [1, -2, 2])


@pytest.mark.parametrize("equals", [1, 3, 40, 1000])
def test_the_likeliest_first_and_the_lower_id_among_equals(equals):
    row = np.random.default_rng(equals).normal(size=1000)[
        np.random.default_rng(0).integers(0, 1 + 1000 // equals, 1000)
    ]
    row[::7] = -np.inf if equals > 1 else row[::7]
    assert likeliest_first(row).tolist() == sorted(range(1000), key=lambda id: (-row[id], id))


def test_draw_lays_the_likeliest_first():
    probs = [0.125, 0.5, 0.125, 0.25, 0.0]
    assert [draw(probs, u) for u in (0, 0.49, 0.5, 0.74, 0.75, 0.874, 0.875, 0.999)] == [1, 1, 3, 3, 0, 0, 2, 2]


@pytest.mark.slow
@settings(deadline=None, max_examples=200)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=50), st.floats(0, 1, exclude_max=True))
def test_draw_never_gives_the_impossible_and_can_be_replayed(weights, u):
    if sum(weights) == 0:
        weights[0] = 1.0
    drawn = draw(weights, u)
    assert weights[drawn] > 0 and drawn == draw(weights, u)
    assert weights[draw(weights, np.nextafter(1, 0))] > 0


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.5, 2.0])
def test_draws_follow_the_distribution(spread):
    """Chi-square of 20,000 draws; the critical value is that of p = 0.001 by Wilson and Hilferty's approximation."""
    probs = softmax(np.random.default_rng(5).normal(size=12) * spread)
    numbers = np.random.default_rng(6).random(20_000)
    counts = np.bincount([draw(probs, u) for u in numbers], minlength=12)
    chi_square = ((counts - 20_000 * probs) ** 2 / (20_000 * probs)).sum()
    freedom = 11
    critical = freedom * (1 - 2 / (9 * freedom) + 3.09 * math.sqrt(2 / (9 * freedom))) ** 3
    assert chi_square < critical
    assert ((counts - 20_000 / 12) ** 2 / (20_000 / 12)).sum() > critical  # the same test can fail


@pytest.mark.parametrize("probs", [[], [[1.0]], [0.0, 0.0], [math.nan, 1.0], [-0.5, 1.5], [math.inf, 1.0]])
def test_draw_refuses_what_is_no_distribution(probs):
    with pytest.raises(ValueError, match="probs"):
        draw(probs, 0.5)


@pytest.mark.parametrize("u", [-0.1, 1.0, math.nan])
def test_draw_refuses_a_number_outside_the_unit_interval(u):
    with pytest.raises(ValueError, match="u must be"):
        draw([0.5, 0.5], u)


@settings(max_examples=80)
@given(
    st.lists(st.integers(0, 11), max_size=20), st.integers(0, 25), st.floats(-2, 2), st.floats(-2, 2), st.integers(0, 9)
)
def test_the_scope_says_what_the_two_penalties_count(context, prompt, presence, frequency, seed):
    """OpenAI: μ[j] − c[j] · frequency − (c[j] > 0) · presence, c[j]: how often j was sampled."""
    logits = np.random.default_rng(seed).normal(size=12)
    for scope, counted in (("text", context), ("sampled", context[prompt:])):
        sampler = Sampler(presence_penalty=presence, frequency_penalty=frequency, repetition_penalty=1.3,
                          penalty_scope=scope)  # fmt: skip
        repeated = np.where(logits > 0, logits / 1.3, logits * 1.3)  # this penalty counts the whole text in both
        wanted = [
            (repeated[j] if j in context else logits[j]) - counted.count(j) * frequency - (j in counted) * presence
            for j in range(12)
        ]
        np.testing.assert_allclose(sampler.stages(logits, context, prompt)[-1].logits, wanted, atol=1e-9)
    assert eval(repr(sampler), {"Sampler": Sampler}) == sampler


def test_a_scope_is_one_of_two_and_a_prompt_is_a_number():
    with pytest.raises(ValueError, match="penalty_scope must be one of"):
        Sampler(penalty_scope="words")
    with pytest.raises(ValueError, match="negative"):
        Sampler().probs([0.0, 1.0], [1], -1)
