"""Which words mattered: every method beside captum, finite differences and sums that must come out."""

import numpy as np
import pytest
import torch

from core.model import ModelConfig, Transformer, run_trace
from core.prompting import words
from core.prompting.words import area, embedded, explain, log_probs, lookups
from core.text import Tokenizer

IDS, TOKEN = [3, 17, 5, 5, 29, 8], 11


@pytest.fixture(scope="module")
def model():
    config = ModelConfig(vocab_size=40, context_length=16, n_layers=2, n_heads=2, d_model=32)
    model = Transformer(config)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(0, 0.3, generator=generator)
    return model


@pytest.fixture(scope="module")
def inputs(model):
    """f for captum, with the input (1, T, D) and the baseline (1, T, D)."""
    x, baseline = embedded(model, IDS)
    return (lambda e: log_probs(model, e, TOKEN)), x[None], baseline.expand(len(IDS), -1)[None]


def test_f_is_the_log_probability_that_the_model_gives(model):
    x, _ = embedded(model, IDS)
    with torch.inference_mode():
        expected = model(torch.tensor([IDS]))[0, -1].log_softmax(-1)[TOKEN]
        assert float(log_probs(model, x[None], TOKEN)) == pytest.approx(float(expected), abs=1e-6)


@pytest.mark.slow
def test_leave_one_out_is_captums_feature_ablation(model, inputs):
    from captum.attr import FeatureAblation

    f, x, baseline = inputs
    mask = torch.arange(len(IDS))[None, :, None].expand_as(x)
    reference = FeatureAblation(f).attribute(x, baseline, feature_mask=mask)[0, :, 0]
    assert np.allclose(explain(model, IDS, TOKEN, "leave one out"), reference.detach().numpy(), atol=1e-5)


@pytest.mark.slow
def test_gradient_times_input_is_captums(model, inputs):
    from captum.attr import InputXGradient

    f, x, _ = inputs
    reference = InputXGradient(f).attribute(x.clone().requires_grad_()).sum(-1)[0]
    assert np.allclose(explain(model, IDS, TOKEN, "gradient × input"), reference.detach().numpy(), atol=1e-5)


@pytest.mark.slow
def test_integrated_gradients_are_captums_and_add_up(model, inputs):
    from captum.attr import IntegratedGradients

    f, x, baseline = inputs
    found = explain(model, IDS, TOKEN, "integrated gradients")
    reference = IntegratedGradients(f).attribute(x, baseline, n_steps=words.STEPS, method="gausslegendre").sum(-1)[0]
    assert np.allclose(found, reference.detach().numpy(), atol=1e-4)
    whole = words.integrated_gradients(model, IDS, TOKEN, 300)
    assert whole.sum() == pytest.approx(float((f(x) - f(baseline)).detach()), abs=2e-3)


def test_gradients_are_finite_differences(model):
    double = Transformer(model.config, seed=None).double()
    double.load_state_dict({name: value.double() for name, value in model.state_dict().items()})
    x, _ = embedded(double, IDS)
    found = words.gradients(double, x[None], TOKEN)[0]
    way = torch.randn(x.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    with torch.no_grad():
        step = [float(log_probs(double, (x + h * way)[None], TOKEN)) for h in (1e-5, -1e-5)]
    assert float((found * way).sum()) == pytest.approx((step[0] - step[1]) / 2e-5, rel=1e-5)


def test_attention_is_the_mean_of_all_heads(model):
    trace = run_trace(model, IDS)
    expected = trace.pattern[:, :, -1].double().mean((0, 1)).numpy()
    assert np.allclose(explain(model, IDS, TOKEN, "attention"), expected, atol=1e-6)
    assert expected.sum() == pytest.approx(1, abs=1e-5)


def test_an_area_is_the_chance_that_a_needed_token_stands_above_another():
    said, needed = np.array([9.0, 0.1, -3.0, 2.0, 0.0]), (2, 3)
    pairs = [abs(said[a]) > abs(said[b]) for a in needed for b in (1, 4)]
    assert area(said, needed) == np.mean(pairs) == 1
    assert area(-said, needed) == 1 and area(said, (4,)) == 0


def test_a_lookup_names_what_the_answer_needs():
    tokenizer = Tokenizer.byte_tokenizer()
    for one in lookups(tokenizer, 5):
        text = tokenizer.decode(one.ids[1:])
        kept = bytes(b for i in one.needed for b in tokenizer.token_bytes(one.ids[i])).decode()
        name = text.rpartition("\n")[2].rstrip("?")
        line = next(line for line in text.split("\n") if line.startswith(f"{name}: "))
        assert kept == name + line.partition(": ")[2] + name
        assert line.partition(": ")[2].startswith(tokenizer.decode([one.answer]).strip())


def test_what_cannot_be_explained_is_refused(model):
    with pytest.raises(ValueError, match="a method is one of"):
        explain(model, IDS, TOKEN, "reading tea leaves")
    with pytest.raises(ValueError, match="token"):
        explain(model, IDS, 40, "attention")
