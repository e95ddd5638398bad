import shutil
import warnings
from threading import Event

import numpy as np
import pytest
import torch
from torch import fx, nn

from core.model import ModelConfig, Transformer
from core.training.compiled import LEFT, WATCHED, pays
from core.training.compute import Workers
from core.training.data.batches import pad_batches
from core.training.preference.objectives import part_of_loss
from tests.core.conftest import TINY

pytestmark = pytest.mark.slow


@pytest.mark.thorough
@pytest.mark.skipif(not shutil.which("g++"), reason="PyTorch needs a C++ compiler to compile a model")
def test_the_compiled_program_gives_the_gradients_of_the_model_itself():
    model = Transformer(ModelConfig.from_dict({**TINY, "vocab_size": 261}), seed=1)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.05 * torch.randn(p.shape, generator=torch.Generator().manual_seed(p.numel())))
    generator = np.random.default_rng(0)
    batches = [
        pad_batches([generator.integers(261, size=n).tolist() for n in lengths], 64, 32)
        for lengths in ((33, 20, 20, 9, 4, 2), (30,) * 9, (3, 2))
    ]
    workers = Workers(model, 2, torch.float32)
    plain = [(workers.gradients(b), [p.grad.clone() for p in model.parameters()]) for b in batches]
    eager = workers.losses
    with warnings.catch_warnings(action="ignore"):
        workers.compile()
        workers.compiling.join()
    assert workers.losses is not eager
    for batch, (loss, gradients) in zip(batches, plain, strict=True):
        assert workers.gradients(batch) == pytest.approx(loss, rel=1e-5)
        for p, expected in zip(model.parameters(), gradients, strict=True):
            torch.testing.assert_close(p.grad, expected, atol=1e-6, rtol=1e-4)
    workers.close()


def test_without_a_compiler_training_goes_on_as_it_was(monkeypatch, capsys):
    def none(*_):
        raise RuntimeError("no C++ compiler")

    monkeypatch.setattr("core.training.compute.compiled_losses", none)
    workers = Workers(Transformer(ModelConfig.from_dict({**TINY, "vocab_size": 261}), seed=1), 1, torch.float32)
    eager = workers.losses
    workers.compile()
    workers.compiling.join()
    assert workers.losses is eager and "no C++ compiler" in capsys.readouterr().err
    workers.close()


def test_training_goes_on_while_the_compiler_traces(monkeypatch):
    """torch.fx replaces Module.__call__ in all threads while it traces: here for as long as a forward pass fails."""
    tracing, failed = Event(), Event()

    class Traced(nn.Module):
        def forward(self, x):
            tracing.set()
            assert failed.wait(60)
            return x

    def attempt(*args):
        try:
            return part_of_loss(*args)
        except NameError:
            failed.set()
            raise

    model = Transformer(ModelConfig.from_dict({**TINY, "vocab_size": 261}), seed=1)
    batch = pad_batches([[1, 2, 3, 4], [5, 6, 7]], 64, 32)
    workers = Workers(model, 2, torch.float32)
    expected = workers.gradients(batch), [p.grad.clone() for p in model.parameters()]
    eager = workers.losses
    monkeypatch.setattr("core.training.compute.part_of_loss", attempt)
    monkeypatch.setattr("core.training.compute.compiled_losses", lambda *_: fx.symbolic_trace(Traced()) and eager)
    workers.compile()
    assert tracing.wait(60)
    assert workers.gradients(batch) == pytest.approx(expected[0]) and failed.is_set()
    for p, gradient in zip(model.parameters(), expected[1], strict=True):
        torch.testing.assert_close(p.grad, gradient)
    workers.compiling.join()
    with pytest.raises(NameError):  # an error of another kind than the compiler's is one
        workers.map(lambda _: undefined, batch)  # noqa: F821
    workers.close()


def test_only_long_runs_are_compiled():
    assert not pays(WATCHED - 1, 1e-6) and pays(WATCHED, 1e-6)
    assert pays(LEFT, 0.5) and not pays(LEFT, 0.51) and not pays(10 * LEFT, 1.0)
