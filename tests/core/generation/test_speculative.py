"""Speculative decoding: the tokens of greedy decoding, and the distribution of the model, not of the draft."""

import math
from collections import Counter

import numpy as np
import pytest
import torch

from core.generation import Sampler, generate
from core.generation.speculative import speculate
from core.model import ModelConfig, Transformer

V = 5
PROMPT = [0, 3]


def small(seed: int, layers: int) -> Transformer:
    model = Transformer(ModelConfig(vocab_size=V, context_length=16, n_layers=layers, n_heads=2, d_model=8))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(0, 0.7, generator=generator)
    return model.eval()


MODEL, DRAFT = small(1, 2), small(2, 1)


def tokens(rounds) -> list[int]:
    return [id for made in rounds for id in made.ids]


@pytest.mark.parametrize("ahead", [1, 3, 8])
@pytest.mark.parametrize("stop", [(), (4,)])
def test_greedy_gives_the_tokens_of_the_model_whatever_the_draft(ahead, stop):
    for prompt in ([0], PROMPT, [1, 2, 3, 4]):
        expected = [step.id for step in generate(MODEL, prompt, Sampler(temperature=0), 20, 0, stop=stop)]
        for draft in (DRAFT, MODEL):
            rounds = list(speculate(MODEL, draft, prompt, Sampler(temperature=0), 20, 0, ahead=ahead, stop=stop))
            assert tokens(rounds) == expected
    assert all(made.accepted == len(made.drafted) for made in rounds)  # the model as its own draft is never refused


def texts(model, sampler, length) -> dict[tuple[int, ...], float]:
    """The exact probability of every continuation of the prompt, by the chain rule, without a cache."""
    known = {(): 1.0}
    for _ in range(length):
        longer = {}
        for ids, p in known.items():
            with torch.no_grad():
                logits = model(torch.tensor([[*PROMPT, *ids]]))[0, -1].double().numpy()
            for id, q in enumerate(sampler.probs(logits, [*PROMPT, *ids])):
                if q > 0:
                    longer[(*ids, id)] = p * q
        known = longer
    return known


def critical(freedom: int) -> float:
    """The chi-square that is passed with p = 0.001 (Wilson and Hilferty's approximation)."""
    return freedom * (1 - 2 / (9 * freedom) + 3.09 * math.sqrt(2 / (9 * freedom))) ** 3


def chi_square(counts: Counter, exact: dict[tuple[int, ...], float], n: int) -> tuple[float, int]:
    """Texts expected fewer than 5 times count as one."""
    cells = [(n * p, counts[ids]) for ids, p in exact.items() if n * p >= 5]
    rest = (n - sum(e for e, _ in cells), n - sum(c for _, c in cells))
    cells += [rest] if rest[0] >= 5 else []
    return sum((seen - e) ** 2 / e for e, seen in cells), len(cells) - 1


@pytest.mark.slow
@pytest.mark.parametrize("sampler", [Sampler(), Sampler(temperature=0.8, top_k=3, repetition_penalty=1.3)])
def test_the_distribution_is_the_models(sampler):
    n, length = 1500, 3
    counts: Counter = Counter()
    accepted = drafted = 0
    for seed in range(n):
        rounds = list(speculate(MODEL, DRAFT, PROMPT, sampler, length, seed, ahead=2))
        counts[tuple(tokens(rounds))] += 1
        accepted, drafted = accepted + sum(r.accepted for r in rounds), drafted + sum(len(r.drafted) for r in rounds)
    exact = texts(MODEL, sampler, length)
    assert set(counts) <= set(exact)  # nothing that the sampler forbids
    statistic, freedom = chi_square(counts, exact, n)
    assert freedom > 8 and statistic < critical(freedom)
    wrong = texts(DRAFT, sampler, length)
    assert chi_square(counts, {ids: wrong.get(ids, 1e-9) for ids in exact}, n)[0] > critical(freedom)  # it can fail
    assert 0.1 < accepted / drafted < 0.95


def test_a_round_tells_what_both_models_said():
    for made in speculate(MODEL, DRAFT, PROMPT, Sampler(), 12, 5, ahead=3):
        assert len(made.draft_probs) == len(made.model_probs) == len(made.drafted) <= 3
        assert made.ids[: made.accepted] == made.drafted[: made.accepted] and len(made.ids) >= 1
        surely = [p >= q for p, q in zip(made.model_probs, made.draft_probs, strict=True)]
        assert made.accepted == len(made.drafted) or not surely[made.accepted]  # p ≥ q is never refused


def test_it_ends_where_it_must():
    assert len(tokens(speculate(MODEL, DRAFT, PROMPT, Sampler(), 7, 0))) == 7
    full = [step.id for step in generate(MODEL, PROMPT, Sampler(temperature=0), 99, 0)]
    assert tokens(speculate(MODEL, DRAFT, PROMPT, Sampler(temperature=0), 99, 0)) == full and len(full) == 15
    other = Transformer(ModelConfig(vocab_size=6, context_length=16, n_layers=1, n_heads=1, d_model=8))
    for wrong in ({"draft": other}, {"ids": []}, {"ids": [0] * 17}, {"ahead": 0}):
        arguments = {"draft": DRAFT, "ids": PROMPT, "ahead": 2} | wrong
        with pytest.raises(ValueError):
            speculate(MODEL, arguments["draft"], arguments["ids"], Sampler(), 5, 0, ahead=arguments["ahead"])


def test_the_same_seed_gives_the_same_rounds():
    first, again = (list(speculate(MODEL, DRAFT, PROMPT, Sampler(), 10, 3)) for _ in range(2))
    assert first == again != list(speculate(MODEL, DRAFT, PROMPT, Sampler(), 10, 4))
    assert np.isfinite([p for made in first for p in made.model_probs]).all()
