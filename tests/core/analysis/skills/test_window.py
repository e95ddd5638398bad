"""How far back a model looks, against plain forward passes."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from core.analysis.skills.window import SEED, cache_cost, loss_by_position, needle, probabilities_by_window
from core.model import load_checkpoint
from core.text import tinyland
from tests.core.model.models import make
from tests.tiny import make_checkpoint

MODEL = make("ours")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny"
    make_checkpoint(folder)
    return load_checkpoint(folder)


def test_a_window_reads_the_start_and_the_last_tokens():
    ids = [0, 5, 9, 2, 7]
    found = probabilities_by_window(MODEL, ids, [1, 2, 4, 99])
    for row, seen in zip(found, ([0, 7], [0, 2, 7], ids, ids), strict=True):
        with torch.no_grad():
            np.testing.assert_allclose(row, MODEL(torch.tensor([seen]))[0, -1].softmax(-1), atol=1e-6)
    np.testing.assert_allclose(found.sum(1), 1)
    assert probabilities_by_window(MODEL, [3], [1]).shape == (1, 37)
    with pytest.raises(ValueError, match="at least one"):
        probabilities_by_window(MODEL, ids, [0])


def test_the_loss_at_each_position_is_that_of_documents_read_alone(checkpoint):
    model, tokenizer = checkpoint.model, checkpoint.tokenizer
    found = loss_by_position(model, tokenizer, 5, batch=2)
    rows = []
    for document in tinyland.documents(SEED, stop=5):
        ids = [tokenizer.eot, *tokenizer.encode(document.text, special=True), tokenizer.eot][:65]
        with torch.no_grad():
            logits = model(torch.tensor([ids[:-1]]))[0]
        rows.append(F.cross_entropy(logits, torch.tensor(ids[1:]), reduction="none").double().numpy())
    for at in range(len(found.loss)):
        here = [row[at] for row in rows if len(row) > at]
        assert found.count[at] == len(here) and found.loss[at] == pytest.approx(np.mean(here), rel=1e-4)
        if len(here) > 1:
            assert found.error[at] == pytest.approx(1.96 * np.std(here, ddof=1) / len(here) ** 0.5, rel=1e-3, abs=1e-5)


def test_needles_and_costs_are_counted(checkpoint):
    heard = []
    found = needle(checkpoint, (0, 1), 3, lambda share, doing: heard.append(share))
    assert found[0][0] == 0 < found[1][0] and all(0 <= share.right <= share.n <= 3 for _, share in found)
    assert heard == [0, 0.5]
    costs = cache_cost(MODEL, [4, 20], repeats=2)
    assert [c.length for c in costs] == [4, 20] and costs[1].nbytes == 5 * costs[0].nbytes
    assert all(c.cached > 0 and c.uncached > 0 for c in costs)
