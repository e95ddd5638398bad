"""ModelConfig: what it accepts, what it refuses, and that its count is the model's."""

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.model import ModelConfig, Transformer
from tests.core.model.models import SIZES


@st.composite
def configs(draw: st.DrawFn) -> ModelConfig:
    kv_heads, group, half_head = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 4))
    heads = kv_heads * group
    return ModelConfig(
        vocab_size=draw(st.integers(1, 50)),
        context_length=draw(st.integers(1, 20)),
        n_layers=draw(st.integers(1, 3)),
        n_heads=heads,
        n_kv_heads=draw(st.sampled_from([None, kv_heads])),
        d_model=draw(st.sampled_from([2 * half_head * heads, 5])),
        d_head=2 * half_head,
        d_mlp=draw(st.one_of(st.none(), st.integers(1, 30))),
        norm=draw(st.sampled_from(["layernorm", "rmsnorm"])),
        norm_eps=draw(st.floats(1e-8, 1e-2)),
        position=draw(st.sampled_from(["learned", "rotary", "none"])),
        rope_theta=draw(st.floats(10, 1e6)),
        activation=draw(st.sampled_from(["gelu", "gelu_tanh", "swiglu", "relu2"])),
        tie_embeddings=draw(st.booleans()),
        bias=draw(st.booleans()),
        qk_norm=draw(st.booleans()),
    )


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(configs())
def test_parameter_count_is_that_of_the_model(config):
    model, counted = Transformer(config), config.parameter_count()
    real = dict.fromkeys(counted, 0)
    for name, parameter in model.named_parameters():
        top = name.split(".")[0]
        part = top if top in ("embed", "pos_embed", "unembed") else "attention" if ".attn.w" in name else "mlp"
        part = "norms" if "ln" in name or "_norm." in name else part
        real[part] += parameter.numel()
        real["total"] += parameter.numel()
    assert counted == real


@settings(max_examples=60, deadline=None)
@given(configs())
def test_a_config_survives_json(config):
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            name: st.one_of(st.integers(-3, 40), st.sampled_from([None, True, 1.5, "8", float("nan"), 10**9]))
            for name in ("vocab_size", "context_length", "n_layers", "n_heads", "n_kv_heads", "d_model", "d_head")
        }
        | {"position": st.sampled_from(["rotary", "none", "Rotary", None, []])}
    )
)
def test_any_fields_give_a_consistent_config_or_a_value_error(fields):
    try:
        config = ModelConfig.from_dict(fields)
    except ValueError:
        return
    sizes = [getattr(config, field.name) for field in dataclasses.fields(config) if field.name.startswith(("n_", "d_"))]
    assert all(type(size) is int and size >= 1 for size in sizes)
    assert config.n_heads % config.n_kv_heads == 0
    assert config.position == "none" or config.d_head % 2 == 0
    if fields["d_head"] is None:
        assert config.d_head * config.n_heads == config.d_model


def test_sizes_left_out_are_filled_in():
    config = ModelConfig(**SIZES)
    assert (config.n_kv_heads, config.d_mlp, config.d_head) == (4, 96, 6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_heads": 5}, "not a multiple of n_heads=5"),
        ({"n_kv_heads": 3}, "n_heads=4 is not a multiple of n_kv_heads=3"),
        ({"d_head": 5}, "d_head=5 must be even"),
        ({"n_layers": 0}, "n_layers must be a whole number from 1"),
        ({"n_layers": 10**6}, "n_layers must be a whole number from 1"),
        ({"vocab_size": True}, "vocab_size must be a whole number"),
        ({"norm": "batchnorm"}, "norm must be one of layernorm, rmsnorm"),
        ({"activation": None}, "activation must be one of"),
        ({"norm_eps": 0}, "norm_eps must be a positive number"),
        ({"rope_theta": float("inf")}, "rope_theta must be a positive number"),
        ({"rope_theta": "1e4"}, "rope_theta must be a positive number"),
        ({"bias": 1}, "bias must be true or false"),
        ({"dropout": 0.1}, "unknown config fields: dropout"),
    ],
)
def test_what_cannot_be_a_model_is_refused_by_name(change, message):
    with pytest.raises(ValueError, match=message):
        ModelConfig.from_dict(SIZES | change)


def test_missing_fields_are_named():
    with pytest.raises(ValueError, match="missing config fields: d_model, vocab_size"):
        ModelConfig.from_dict({"n_layers": 1, "n_heads": 1, "context_length": 8})
    with pytest.raises(ValueError, match="not list"):
        ModelConfig.from_dict([])  # type: ignore[arg-type]


def test_a_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ModelConfig(**SIZES).n_layers = 3  # type: ignore[misc]
