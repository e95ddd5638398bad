"""Generation against a loop without cache, its own replay, and itself in another process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from core.generation import Sampler, draw, generate, generate_text, greedy_batch, uniform
from core.generation.stages import softmax
from core.model import ModelConfig, Transformer

ROOT = Path(__file__).resolve().parents[3]
GREEDY = Sampler(temperature=0)
PROMPT = [3, 14, 15, 9, 2]


def small_model() -> Transformer:
    """A model with context 48 and vocabulary 60, whose random weights are large enough for it to have opinions."""
    config = ModelConfig(
        vocab_size=60, context_length=48, n_layers=2, n_heads=2, n_kv_heads=1, d_model=16, d_mlp=32, d_head=8,
        norm="rmsnorm", norm_eps=1e-5, position="rotary", rope_theta=10000.0, activation="relu2",
        tie_embeddings=False, bias=False, qk_norm=True,
    )  # fmt: skip
    model = Transformer(config)
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.4)
    return model.eval()


@pytest.fixture(scope="module")
def model() -> Transformer:
    return small_model()


def sampled(model, ids=PROMPT, sampler=None, count=20, seed=7, **options):
    return list(generate(model, ids, sampler or Sampler(temperature=1.2, top_p=0.95), count, seed, **options))


def uncached_greedy(model, ids, count):
    ids = list(ids)
    with torch.no_grad():
        for _ in range(count):
            ids.append(int(model(torch.tensor([ids]))[0, -1].argmax()))
    return ids


def test_greedy_equals_an_uncached_argmax_loop(model):
    new = [step.id for step in sampled(model, sampler=GREEDY, count=30)]
    assert PROMPT + new == uncached_greedy(model, PROMPT, 30)
    assert len(set(new)) > 3  # it is not one token for ever


def test_every_step_reports_what_an_uncached_model_says(model):
    sampler = Sampler(temperature=0.9, top_k=20, min_p=0.01, repetition_penalty=1.2)
    ids = list(PROMPT)
    for index, step in enumerate(sampled(model, sampler=sampler)):
        with torch.no_grad():
            logits = model(torch.tensor([ids]))[0, -1].double().numpy()
        probs, raw = sampler.probs(logits, ids), softmax(logits)
        assert step.index == index and step.u == uniform(7, len(ids)) and step.id == draw(probs, step.u)
        assert step.probability == pytest.approx(probs[step.id], abs=1e-5)
        assert step.raw_probability == pytest.approx(raw[step.id], abs=1e-5)
        assert step.rank == sorted(range(60), key=lambda id: -raw[id]).index(step.id)
        assert step.entropy == pytest.approx(-(raw * np.log(raw)).sum(), abs=1e-4)
        for listed, row in ((step.alternatives, probs), (step.raw_alternatives, raw)):
            assert [id for id, _ in listed] == [id for id in np.argsort(-row, kind="stable")[:10] if row[id] > 0]
            np.testing.assert_allclose([p for _, p in listed], [row[id] for id, _ in listed], atol=1e-5)
        ids.append(step.id)
    assert len(ids) == len(PROMPT) + 20


def test_equals_rank_by_id():
    untrained = Transformer(small_model().config)  # its unembedding is zero: all sixty tokens are equally likely
    for step in sampled(untrained, sampler=Sampler()):
        assert step.rank == step.id == int(step.u * 60)
        assert [id for id, _ in step.alternatives] == list(range(10))


def test_the_seed_decides_and_no_global_generator_does(model):
    first = sampled(model)
    torch.manual_seed(99)
    np.random.seed(99)
    assert sampled(model) == first
    assert [step.id for step in sampled(model, seed=8)] != [step.id for step in first]


def test_a_generation_cut_anywhere_continues_as_if_uncut(model):
    whole = [step.id for step in sampled(model)]
    for cut in (1, 7, 19):
        rest = sampled(model, ids=PROMPT + whole[:cut], count=20 - cut)
        assert whole[:cut] + [step.id for step in rest] == whole


def test_two_generations_interleaved_do_not_mix(model):
    sampler = Sampler(temperature=1.2, top_p=0.95)
    streams = [generate(model, PROMPT, sampler, 20, 7), generate(model, PROMPT[::-1], sampler, 20, 8)]
    pairs = list(zip(*streams, strict=True))
    assert [step.id for step, _ in pairs] == [step.id for step in sampled(model)]
    assert [step.id for _, step in pairs] == [step.id for step in sampled(model, ids=PROMPT[::-1], seed=8)]


@pytest.mark.slow
def test_the_same_text_in_another_process(model):
    program = (
        "import json, sys; sys.path.insert(0, 'tests/core/generation'); import test_streaming as t;"
        "print(json.dumps([[s.id, s.u] for s in t.sampled(t.small_model())]))"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "3"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [[step.id, step.u] for step in sampled(model)]


def test_uniform_is_fixed_uniform_and_its_own_at_each_position():
    numpys_own = np.random.Generator(np.random.PCG64(np.random.SeedSequence(11, spawn_key=(5,)))).random()
    assert uniform(11, 5) == numpys_own and uniform(0, 0) == 0.9429375528828794 and uniform(2**70, 10**6) < 1
    numbers = np.array([uniform(seed, position) for seed in range(20) for position in range(200)])
    assert len(set(numbers)) == 4000
    counts = np.histogram(numbers, 10, (0, 1))[0]
    assert ((counts - 400) ** 2 / 400).sum() < 27.9  # chi-square with 9 degrees of freedom, p = 0.001
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.05


def test_it_says_why_it_stopped(model):
    ids = [step.id for step in sampled(model)]
    wanted = ids[5]
    stopped = sampled(model, stop={wanted})
    assert [step.id for step in stopped] == ids[: ids.index(wanted) + 1]
    assert [step.finish for step in stopped] == [None] * (len(stopped) - 1) + ["stop"]
    assert [step.finish for step in sampled(model, count=3)] == [None, None, "length"]
    assert sampled(model, count=0) == []


def test_a_full_context_gives_one_more_token_and_ends(model):
    assert [step.finish for step in sampled(model, ids=[1] * 48, count=5)] == ["context"]
    steps = sampled(model, ids=[1] * 45, count=50)
    assert [step.finish for step in steps] == [None] * 3 + ["context"]
    assert [1] * 45 + [s.id for s in sampled(model, [1] * 45, GREEDY, 9)] == uncached_greedy(model, [1] * 45, 4)


@pytest.mark.parametrize(
    ("ids", "count", "seed", "words"),
    [([], 5, 0, "empty"), ([1] * 49, 5, 0, "cut the text"), ([60], 5, 0, "ids must lie"), ([-1], 5, 0, "ids must lie"),
     ([1], -1, 0, "max_new_tokens"), ([1], 5, -1, "seed")],
)  # fmt: skip
def test_what_cannot_be_continued_is_refused_at_once(model, ids, count, seed, words):
    with pytest.raises(ValueError, match=words):
        generate(model, ids, Sampler(), count, seed)  # not consumed: the call itself must fail


@pytest.mark.slow
def test_a_tap_reaches_the_model(model):
    plain = sampled(model, sampler=GREEDY)

    def silence(site, tensor):
        return torch.zeros_like(tensor) if site.name == "attn_out" else tensor

    assert [s.id for s in sampled(model, sampler=GREEDY, tap=lambda _, tensor: tensor)] == [s.id for s in plain]
    assert [s.id for s in sampled(model, sampler=GREEDY, tap=silence)] != [s.id for s in plain]


def test_the_readers_tensors_are_ordinary_between_two_steps(model):
    steps = generate(model, PROMPT, GREEDY, 3, 0)
    next(steps)
    assert not torch.is_inference_mode_enabled()
    next(steps)


@pytest.mark.slow
def test_greedy_batch_equals_one_at_a_time(model, monkeypatch):
    rng = np.random.default_rng(0)
    prompts = [rng.integers(0, 60, length).tolist() for length in rng.choice([1, 4, 9, 46, 48], 60)]
    singles = [[step.id for step in sampled(model, ids, GREEDY, 12, stop={5, 17})] for ids in prompts]
    assert greedy_batch(model, prompts, 12, stop={5, 17}) == singles
    assert len({len(new) for new in singles}) > 4  # rows end at different times
    monkeypatch.setattr("core.generation.streaming.BATCH_TOKENS", 20)
    assert greedy_batch(model, prompts, 12, stop={5, 17}) == singles
    assert greedy_batch(model, [], 12) == [] and greedy_batch(model, prompts[:2], 0) == [[], []]
    with pytest.raises(ValueError, match="empty"):
        greedy_batch(model, [[1], []], 3)


class Letters:
    """The part of a tokenizer that generate_text needs: token n is the letter of code 48 + n; 0 ends a document."""

    eot, stops = 0, (0,)

    def encode(self, text, *, special):
        return [ord(letter) - 48 for letter in text]

    def decode(self, ids):
        return "".join(chr(id + 48) for id in ids)


def test_generate_text_starts_a_document_and_leaves_its_end_out(model):
    class Loaded:
        tokenizer = Letters()

    Loaded.model = model
    steps = sampled(model, [0, 49, 50], Sampler(), 40, 3, stop={0})
    text = generate_text(Loaded, "ab", max_new_tokens=40, seed=3)
    assert text == Letters().decode([step.id for step in steps if step.id])
    assert text and (steps[-1].id == 0 or len(text) == 40)


@pytest.mark.slow
def test_penalties_may_count_what_was_sampled_alone(model):
    """A prompt full of token 7 is no reason against it; what was sampled is, in every way of writing."""
    from core.generation.batch import sample_batch
    from core.generation.branches import Story, extend
    from core.generation.speculative import speculate

    prompt = [7, 7, 7, 3]
    strict = Sampler(temperature=0, frequency_penalty=10.0, penalty_scope="sampled")
    steps = list(generate(model, prompt, strict, 20, 0))
    ids = [step.id for step in steps]
    for place, step in enumerate(steps):
        with torch.no_grad():
            logits = model(torch.tensor([[*prompt, *ids[:place]]]))[0, -1].double().numpy()
        assert step.id == int((logits - 10.0 * np.bincount(ids[:place], minlength=60)).argmax())
    fond = {
        scope: Sampler(temperature=0, frequency_penalty=-10.0, penalty_scope=scope) for scope in ("text", "sampled")
    }
    assert (
        next(generate(model, prompt, fond["text"], 1, 0)).id
        == 7
        != next(generate(model, prompt, fond["sampled"], 1, 0)).id
    )
    rest = [step.id for step in generate(model, prompt + ids[:9], strict, 11, 0, prompt_length=4)]
    assert ids[:9] + rest == ids  # cut and continued
    assert list(sample_batch(model, prompt, strict, [0], 20)[0].ids) == ids
    assert [id for made in speculate(model, model, prompt, strict, 20, 0) for id in made.ids] == ids
    story = Story(tuple(prompt))
    assert [step.id for _ in range(4) for step in extend(story, model, strict, 5, 0)] == ids
