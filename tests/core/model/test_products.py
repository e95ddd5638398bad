"""Products of many rows: the numbers of float64, wherever they are computed; and where that is not."""

import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from core.model import ModelConfig, Transformer, products
from core.model.transformer import Linear


@given(st.integers(0, 2**20), st.sampled_from([1, 7, 40]), st.sampled_from([1, 9, 64]), st.booleans(), st.booleans())
def test_many_rows_give_what_they_give_in_float64(seed, inputs, outputs, bias, cut):
    drawn = torch.Generator().manual_seed(seed)
    x = torch.randn(3, 2 * products.MANY, inputs, generator=drawn)
    x = x[:, ::2] if cut else x  # not contiguous
    layer = Linear(inputs, outputs, bias=bias)
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, generator=drawn)
    with torch.inference_mode():
        assert products.pays(x)
        got, want = layer(x), F.linear(*(None if t is None else t.double() for t in (x, layer.weight, layer.bias)))
        scale = F.linear(*(None if t is None else t.double().abs() for t in (x, layer.weight, layer.bias)))
    assert got.shape == want.shape and got.dtype == torch.float32
    assert bool(((got - want).abs() <= 1e-6 * scale + 1e-7).all())


def test_one_text_a_gradient_and_other_numbers_go_the_usual_way():
    many = torch.zeros(products.MANY, 4)
    assert not products.pays(many), "gradients may be kept"
    with torch.inference_mode():
        assert products.pays(many) and not products.pays(many[1:]) and not products.pays(many.bfloat16())


def test_a_batch_gets_the_logits_of_its_texts():
    model = Transformer(ModelConfig(vocab_size=50, context_length=16, n_layers=2, n_heads=2, d_model=16), seed=3)
    ids = torch.randint(50, (products.MANY // 16 + 1, 16), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        together, alone = model(ids), torch.cat([model(row[None]) for row in ids])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)
