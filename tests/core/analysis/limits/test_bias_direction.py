"""The direction of the skew: learned from one half, taken out exactly, measured on the other half."""

import numpy as np
import pytest
import torch

from core.analysis.limits.bias import CONTEXTS, pronouns, with_article
from core.analysis.limits.bias_direction import direction, erased, erasing, in_halves
from core.model import Site, run_trace
from core.text import tinyland

RATES = tinyland.WORLD.she_rate


def test_the_halves_hold_every_occupation_once_and_are_alike():
    halves = in_halves()
    assert sorted(halves[0] + halves[1]) == sorted(RATES)
    means = [np.mean([RATES[name] for name in half]) for half in halves]
    assert abs(means[0] - means[1]) < 0.05


def test_the_direction_is_the_covariance_of_the_stream_with_the_rate(checkpoint):
    names = ["nurse", "blacksmith", "teacher"]
    found, middle = direction(checkpoint, 1, names)
    ends = []
    for name in names:
        rows = [checkpoint.tokenizer.encode(f"{context} {with_article(name)}") for context in CONTEXTS]
        traces = [run_trace(checkpoint.model, [checkpoint.tokenizer.eot, *ids]) for ids in rows]
        ends.append(np.mean([trace.resid_pre[1, -1].numpy() for trace in traces], axis=0))
    wanted = np.array([np.cov([RATES[n] for n in names], column, ddof=0)[0, 1] for column in np.array(ends).T])
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    np.testing.assert_allclose(middle, np.mean(ends, axis=0), atol=1e-5)


def test_what_is_erased_lies_level_and_the_rest_stays():
    dice = torch.Generator().manual_seed(1)
    along, middle, stream = (torch.randn(*shape, generator=dice) for shape in ((8,), (8,), (2, 5, 8)))
    edit = erasing(3, along, middle)
    out, unit = edit(Site("resid_pre", 3), stream, 0), along / along.norm()
    torch.testing.assert_close(out @ unit, (middle @ unit).expand(2, 5))
    moved = out - stream
    torch.testing.assert_close(moved, (moved @ unit)[..., None] * unit)
    assert edit(Site("resid_pre", 2), stream, 0) is stream and edit(Site("resid_mid", 3), stream, 0) is stream


@pytest.mark.slow
def test_each_half_is_asked_without_the_direction_of_the_other(checkpoint):
    found, halves = erased(checkpoint, 1), in_halves()
    assert found.after.occupations == (*halves[1], *halves[0])
    edit = erasing(1, *direction(checkpoint, 1, halves[0]))

    class Without:
        config = checkpoint.model.config

        def last_logits(self, ids, last):
            return checkpoint.model(ids, tap=lambda site, x: edit(site, x, 0))[:, -last:]

    by_hand = pronouns(Without(), checkpoint.tokenizer, halves[1])
    np.testing.assert_allclose(found.after.she[: len(halves[1])], by_hand.she, atol=1e-5)
    assert found.added[1] <= found.added[0] <= found.added[2]
    with pytest.raises(ValueError, match="no layer 9"):
        erased(checkpoint, 9)
