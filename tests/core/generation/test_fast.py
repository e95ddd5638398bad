"""The compiled decoder against the model's own forward pass, for every family of models, and `generate` through it."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from core.generation import Sampler, fast, generate, kernels
from core.generation.fast import Decoder, readable
from core.model import ModelConfig, Transformer
from core.model.stock import load
from tests.core.generation.twins import gpt2_twin, greedy, qwen3_twin
from tests.core.model.models import FAMILIES, make, random_ids
from tests.waiting import wait_for

SAMPLER = Sampler(temperature=1.1, top_p=0.95, repetition_penalty=1.2)


def same(site, tensor):
    """A tap that changes nothing: with it, `generate` runs the model itself."""
    return tensor


def expected_logits(model: Transformer, ids: torch.Tensor) -> np.ndarray:
    with torch.no_grad():
        return model(ids[None])[0].numpy()


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_its_logits_are_the_models(family):
    model, ids = make(family), random_ids(24, seed=4)
    expected, decoder = expected_logits(model, ids), Decoder(model, 99)
    for position, id in enumerate(ids.tolist()):
        np.testing.assert_allclose(decoder.logits([id])[0], expected[position], rtol=1e-4, atol=1e-4)


def pack(model: Transformer, precision: str) -> Transformer:
    """Its matrices as those of a model that was opened so."""
    for name, weight in list(model.named_parameters()):
        load.place(model, name, weight.data, precision)
    if model.config.tie_embeddings:
        load.tie(model)
    return model


class Handing:
    """A pool that notes what it is given."""

    def __init__(self, pool: ThreadPoolExecutor, handed: list[np.ndarray]) -> None:
        self.pool, self.handed = pool, handed

    def submit(self, work, board):
        self.handed.append(board)
        return self.pool.submit(work, board)


@pytest.mark.parametrize("precision", ["bfloat16", "int8"])
@pytest.mark.parametrize("family", FAMILIES)
def test_packed_matrices_are_read_as_they_lie(family, precision):
    model, ids = pack(make(family), precision), random_ids(24, seed=4)
    assert readable(model)
    expected, decoder = expected_logits(model, ids), Decoder(model, 24)
    assert np.abs(expected - expected_logits(make(family), ids)).max() > 1e-3  # packing did change them
    for position, id in enumerate(ids.tolist()):
        np.testing.assert_allclose(decoder.logits([id])[0], expected[position], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("one_by_one", [0, 1e12])
@pytest.mark.parametrize("family", FAMILIES)
def test_several_tokens_at_once_are_those_one_by_one(family, one_by_one, monkeypatch):
    monkeypatch.setattr(fast, "ONE_BY_ONE", one_by_one)  # 0: torch reads them
    model, ids = make(family), random_ids(20, seed=5)
    expected, decoder = expected_logits(model, ids), Decoder(model, 20)
    for start, end in ((0, 7), (7, 8), (8, 20)):
        count = min(3, end - start)
        logits = decoder.logits(ids[start:end].tolist(), count)
        np.testing.assert_allclose(logits, expected[end - count : end], rtol=1e-4, atol=1e-4)
    decoder.cache.truncate(5)
    np.testing.assert_allclose(decoder.logits([int(ids[5])])[0], expected[5], rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("sampler", [Sampler(temperature=0), SAMPLER])
@pytest.mark.parametrize("family", FAMILIES)
def test_generate_writes_the_models_text_with_the_models_numbers(family, sampler):
    model = make(family)
    for seed in range(3):
        ids = random_ids(1 + 4 * seed, seed=seed).tolist()
        made = list(generate(model, ids, sampler, 30, seed))
        expected = list(generate(model, ids, sampler, 30, seed, tap=same))
        assert [step.id for step in made] == [step.id for step in expected]
        for ours, theirs in zip(made, expected, strict=True):
            assert (ours.rank, ours.u, ours.finish) == (theirs.rank, theirs.u, theirs.finish)
            for name in ("probability", "raw_probability", "entropy"):
                assert getattr(ours, name) == pytest.approx(getattr(theirs, name), abs=1e-4)
            for name in ("alternatives", "raw_alternatives"):
                numbers = [[p for _, p in getattr(step, name)] for step in (ours, theirs)]
                np.testing.assert_allclose(*numbers, atol=1e-4)


@pytest.mark.parametrize(("family", "twin_of"), [("ours", qwen3_twin), ("gpt2", gpt2_twin)])
def test_greedy_is_what_transformers_writes(family, twin_of):
    model = make(family)
    twin = twin_of(model)
    for seed in range(4):
        ids = random_ids(3 + seed, seed=seed).tolist()
        assert [step.id for step in generate(model, ids, Sampler(temperature=0), 15, 0)] == greedy(twin, ids, 15)


@pytest.mark.slow
def test_many_at_once_write_what_each_writes_alone():
    models = [make("ours"), make("gpt2")]

    def write(seed: int) -> list[int]:
        return [step.id for step in generate(models[seed % 2], [3, 1 + seed], SAMPLER, 22, seed)]

    alone = [write(seed) for seed in range(30)]
    with ThreadPoolExecutor(30) as threads:
        assert list(threads.map(write, range(30))) == alone
    assert len({tuple(text) for text in alone}) == 30


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
def test_two_threads_that_share_the_products_give_the_same_numbers(precision, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    fast.warm_up()
    config = ModelConfig(
        vocab_size=300, context_length=12, n_layers=2, n_heads=4, d_model=104, d_mlp=3 * kernels.chunk_rows(104)
    )
    model = pack(Transformer(config, seed=4), precision)  # products of whole chunks, of several, and of less than one

    def read(seed: int) -> bytes:
        decoder = Decoder(model, 12)
        return b"".join(decoder.logits([id]).tobytes() for id in random_ids(12, seed=seed).tolist())

    alone = [read(seed) for seed in range(8)]
    monkeypatch.setattr(fast, "SHARED", 0)
    handed = []
    monkeypatch.setattr(fast, "HELPER", Handing(fast.HELPER, handed))
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(read, range(8))) == alone == [read(seed) for seed in range(8)]
    assert handed  # how many: on whether the helper was free
    wait_for(lambda: not fast.HELPER_FREE.locked(), 60)


def test_who_assists_makes_what_is_left_to_make():
    """The other thread makes a whole product, while this one has none of it to make."""
    weight, (x, *_) = np.random.default_rng(0).normal(size=(2, 5 * kernels.chunk_rows(70) + 3, 70)).astype(np.float32)
    out, wanted = np.zeros(len(weight), np.float32), np.zeros(len(weight), np.float32)
    kernels.matvec(weight.ctypes.data, 0, kernels.FLOAT32, x, fast.NOTHING, wanted)
    board = np.zeros(kernels.BOARD, np.int64)
    board[kernels.WEIGHT :] = [weight.ctypes.data, 0, kernels.FLOAT32, x.ctypes.data, out.ctypes.data, *weight.shape]
    board[kernels.OPEN] = 6
    with ThreadPoolExecutor(1) as other:
        helping = other.submit(kernels.assist, board)
        wait_for(lambda: board[kernels.MADE] == 6, 60)
        board[kernels.HOME] = 1
        helping.result(60)
    np.testing.assert_array_equal(out, wanted)


@pytest.mark.slow
def test_the_same_numbers_wherever_the_arrays_lie():
    small = Transformer(ModelConfig(vocab_size=6, context_length=9, n_layers=2, n_heads=2, d_model=16))
    generator = torch.Generator().manual_seed(3)
    for weight in small.requires_grad_(False).parameters():
        weight.normal_(0, 0.3, generator=generator)
    for model in (small, make("gpt2"), make("llama")):
        found, lying, rng = set(), [], np.random.default_rng(0)
        for place in range(600):
            decoder = Decoder(model, 7)
            found.add(b"".join(decoder.logits([id]).tobytes() for id in (0, 1, 2, 3, 1, 2)))
            lying.append(np.empty(rng.integers(1, 4000), np.uint8))  # so that the next arrays come to lie elsewhere
            if place > 50:
                lying.pop(rng.integers(50))
        assert len(found) == 1


def test_a_model_that_learns_is_read_as_it_is():
    model, ids = make("ours"), random_ids(9).tolist()
    before = [step.id for step in generate(model, ids, Sampler(temperature=0), 12, 0)]
    with torch.no_grad():
        model.blocks[1].mlp.w_out.weight.mul_(-2)  # in place, as an optimizer does
    after = [step.id for step in generate(model, ids, Sampler(temperature=0), 12, 0)]
    assert after == [step.id for step in generate(model, ids, Sampler(temperature=0), 12, 0, tap=same)] != before


def test_weights_that_lie_otherwise_in_memory():
    model, ids = make("ours"), random_ids(6)
    expected = expected_logits(model, ids)
    weight = model.blocks[0].attn.wq.weight
    weight.data = weight.data.T.contiguous().T  # the same numbers, column by column
    assert not weight.is_contiguous()
    np.testing.assert_allclose(Decoder(model, 6).logits(ids.tolist())[0], expected[-1], rtol=1e-4, atol=1e-4)


def test_only_a_plain_model_in_float32_is_read_so():
    class Changed(Transformer):
        def forward(self, ids, *, tap=None, cache=None):
            return -super().forward(ids, tap=tap, cache=cache)

    model = make("ours")
    changed = Changed(model.config)
    changed.load_state_dict(model.state_dict())
    assert readable(model) and not readable(changed) and not readable(make("ours").double())
    least = expected_logits(model, torch.tensor([1, 2]))[-1].argmin()
    assert next(generate(changed, [1, 2], Sampler(temperature=0), 1, 0)).id == least
    for other in (make("ours").double(), make("ours").bfloat16()):
        assert len(list(generate(other, [1, 2], SAMPLER, 3, 0))) == 3


def test_where_nothing_can_be_kept_it_is_compiled_all_the_same():
    double = kernels.compile_kernel(eval("lambda x: 2 * x"))  # from no file: Numba has no folder for it
    assert double(21) == 42
