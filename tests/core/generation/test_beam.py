"""Beam search against every continuation there is, and best-of-n against its own draws."""

import itertools

import numpy as np
import pytest
import torch

from core.generation import Sampler, generate
from core.generation.beam import beam_search, best_of
from core.model import ModelConfig, Transformer

V, LENGTH = 6, 4


@pytest.fixture(scope="module")
def model() -> Transformer:
    config = ModelConfig(vocab_size=V, context_length=9, n_layers=2, n_heads=2, d_model=16)
    made = Transformer(config).requires_grad_(False).eval()
    generator = torch.Generator().manual_seed(3)
    for weight in made.parameters():
        weight.normal_(0, 0.3, generator=generator)
    return made


def all_texts(model, prompt, length, stop=()):
    """(log-probability, ids) of every continuation, scored without a cache; the likeliest first."""
    texts = set()
    for ids in itertools.product(range(V), repeat=length):
        ends = [place for place, id in enumerate(ids) if id in stop]
        texts.add(ids[: ends[0] + 1] if ends else ids)
    scored = []
    for count in {len(ids) for ids in texts}:
        group = [ids for ids in texts if len(ids) == count]
        logits = model(torch.tensor([[*prompt, *ids] for ids in group]))[:, len(prompt) - 1 :]
        rows = torch.log_softmax(logits.double(), -1)
        each = torch.gather(rows[:, :count], 2, torch.tensor(group)[..., None])  # (texts, count, 1)
        scored += zip(each.sum((1, 2)).tolist(), group, strict=True)
    return sorted(scored, key=lambda pair: -pair[0])


@pytest.mark.parametrize("prompt", [(0,), (3, 1, 4)])
@pytest.mark.parametrize("stop", [(), (2,)])
def test_a_wide_beam_is_a_brute_force(model, prompt, stop):
    wide = V ** (LENGTH - 1)
    found = beam_search(model, prompt, wide, LENGTH, stop=stop).beams
    expected = all_texts(model, prompt, LENGTH, stop)[:wide]
    np.testing.assert_allclose([beam.log_prob for beam in found], [score for score, _ in expected], atol=1e-5)
    assert [beam.ids for beam in found[:20]] == [ids for _, ids in expected[:20]]
    assert all(beam.ended == (beam.ids[-1] in stop) for beam in found)


def test_every_width_reports_true_probabilities_and_width_one_is_greedy(model):
    gains = []
    for prompt in ((0,), (5,), (3, 1)):
        truth = {ids: score for score, ids in all_texts(model, prompt, LENGTH)}
        best = []
        for width in (1, 2, 10):
            search = beam_search(model, prompt, width, LENGTH)
            for beam in search.beams:
                assert beam.log_prob == pytest.approx(truth[beam.ids], abs=1e-5)
            assert len(search.steps) == LENGTH and all(sum(c.kept for c in step) <= width for step in search.steps)
            best.append(search.beams[0].log_prob)
        greedy = generate(model, prompt, Sampler(temperature=0), LENGTH, 0)
        assert beam_search(model, prompt, 1, LENGTH).beams[0].ids == tuple(step.id for step in greedy)
        gains.append(best[-1] - best[0])
    assert max(gains) > 1e-3  # looking further pays somewhere


def test_the_steps_tell_the_whole_search(model):
    """Following the parents back from the last step gives the beams; what was pruned is less likely than the kept."""
    search = beam_search(model, (1, 2), 3, LENGTH, shown=4)
    for place in range(3):
        ids, at = [], place
        for step in reversed(search.steps):
            kept = [candidate for candidate in step if candidate.kept]
            ids.append(kept[at].id)
            at = kept[at].parent
        assert tuple(ids[::-1]) == search.beams[place].ids
    for step in search.steps:
        assert [c.kept for c in step] == ([True] * 3 + [False] * 4)[: len(step)]
        assert len(step) == (6 if step is search.steps[0] else 7)  # there are only six tokens to begin with
        assert all(a.log_prob >= b.log_prob for a, b in itertools.pairwise(step))


def test_a_length_penalty_changes_the_order_only(model):
    plain = beam_search(model, (0,), V**LENGTH, LENGTH, stop=(2,)).beams
    mean = beam_search(model, (0,), V**LENGTH, LENGTH, stop=(2,), length_penalty=1.0).beams
    assert {beam.ids for beam in plain} == {beam.ids for beam in mean}
    assert [beam.score(1.0) for beam in mean] == sorted((beam.score(1.0) for beam in plain), reverse=True)


def test_the_context_ends_a_search(model):
    assert [len(beam.ids) for beam in beam_search(model, [1] * 9, 2, 5).beams] == [1, 1]
    assert {len(beam.ids) for beam in beam_search(model, [1] * 7, 2, 5).beams} == {3}
    for wrong in ({"width": 0}, {"max_new_tokens": 0}, {"ids": []}, {"ids": [1] * 10}):
        with pytest.raises(ValueError):
            beam_search(**{"model": model, "ids": [1], "width": 2, "max_new_tokens": 2} | wrong)


def test_best_of_is_the_best_of_its_own_draws(model):
    ranked = best_of(model, (0,), Sampler(temperature=1.5), 5, 6, 10)
    draws = [list(generate(model, (0,), Sampler(temperature=1.5), 6, seed)) for seed in range(10, 15)]
    means = [np.mean([np.log(step.raw_probability) for step in steps]) for steps in draws]
    assert [score for score, _ in ranked] == sorted(means, reverse=True)
    assert ranked[0][1] == draws[int(np.argmax(means))]
