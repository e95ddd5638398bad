"""Switching heads off, one at a time, on models built by hand: what is lost is lost where the circuit is."""

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from core.analysis.heads import causes, measurements, roles
from core.analysis.heads import scores as heads
from core.analysis.heads.report import heads_table
from core.analysis.interventions.intervene import Intervened, ablation, sample_parts
from core.analysis.interventions.values import Ablate, Part
from core.analysis.skills.choices import Choice
from core.model import Checkpoint, ModelConfig, Transformer, describe, load_checkpoint, save_checkpoint
from core.model.passes import Tally, counted
from core.text import Tokenizer
from core.text.tinyland.coined import SYLLABLES
from tests.core.analysis.heads.built import TOKENS, VOCAB, built, induct, look_back

HALF = 12


def copier(says: float) -> Transformer:
    """Head 0 of layer 0 looks back, head 0 of layer 1 inducts and says what it finds, so strongly; 24 heads in all."""
    model = built(2, heads=12)
    look_back(model, 0)
    induct(model, 1)
    attention = model.blocks[1].attn
    for token in range(VOCAB):
        attention.wv.weight[token, token] = 1.0
        attention.wo.weight[TOKENS.start + token, token] = says
        model.unembed.weight[token, TOKENS.start + token] = 1.0
    return model


def checkpoint_of(model: Transformer) -> Checkpoint:
    tokenizer = Tokenizer.byte_tokenizer()
    return Checkpoint(tokenizer, model.config, (0,), 0, {}, None, "built", model)  # type: ignore[arg-type]


def measured(model: Transformer) -> measurements.Measurements:
    sequences = heads.repeated_sequences(range(VOCAB), HALF, 12, seed=3, start=(0,))
    scores = heads.head_scores(model, half=HALF, cases=20, seed=4, start=(0,))
    texts = heads.repeated_sequences(range(VOCAB), HALF, 10, seed=5, start=(0,)).tolist()
    mean = sample_parts(checkpoint_of(model), texts).mean
    found = causes.cause(model, "copying", causes.copying_probes(sequences, HALF), mean)
    return measurements.Measurements({score.name: score for score in scores}, {"copying": found})


@pytest.mark.slow
def test_an_induction_circuit_is_proved():
    found = measured(copier(says=1.0))
    cause = found.causes["copying"]
    assert cause.loss < 0.1  # it copies
    circuit = [(0, 0), (1, 0)]
    assert sorted(np.argwhere(cause.low > 1).tolist()) == [list(head) for head in circuit]
    assert roles.role_of(found, 1, 0) == "induction"
    assert roles.role_of(found, 0, 0) == "previous"
    assert roles.most_telling(found) == (1, 0)
    others = [head for head in np.ndindex(2, 12) if head not in circuit]
    assert all(roles.role_of(found, *head) is None for head in others)
    assert all(abs(cause.mean[head]) < 1e-6 for head in others)  # they write nothing
    assert sorted([cause.below[0, 0], cause.below[1, 0]]) == [22 / 23, 1]


@pytest.mark.slow
def test_a_head_that_looks_right_and_says_nothing_has_no_role():
    found = measured(copier(says=0.0))
    assert roles.looks_like(found.scores, 1, 0) == "induction" and found.scores["induction"].mean[1, 0] > 0.95
    assert found.causes["copying"].mean[1, 0] == 0 and roles.role_of(found, 1, 0) is None
    assert roles.most_telling(found) == (0, 0)  # the one that looks back
    assert "looks so" in heads_table(found)


def test_a_resting_head_has_no_role_however_clear():
    score = heads.summary("first", 0.9 + np.linspace(-0.001, 0.001, 9)[:, None, None], 0.1)
    everything = causes.HeadCause("copying", *np.ones((3, 1, 1)), 1.0, 9)
    found = measurements.Measurements({"first": score}, {"copying": everything, "reference": everything})
    assert roles.looks_like(found.scores, 0, 0) == "first" and roles.role_of(found, 0, 0) is None


@pytest.fixture(scope="module")
def random_model() -> Transformer:
    config = ModelConfig(vocab_size=40, context_length=32, n_layers=3, n_heads=2, d_model=16)
    model = Transformer(config, seed=3).requires_grad_(False).eval()
    generator = torch.Generator().manual_seed(1)
    model.embed.weight.mul_(20)
    for block in model.blocks:  # freshly drawn, a model writes nothing
        block.attn.wo.weight.normal_(0, 0.5, generator=generator)
        block.mlp.w_out.weight.normal_(0, 0.5, generator=generator)
    return model


@pytest.mark.slow
def test_causes_equal_brute_force(random_model, monkeypatch):
    rng = np.random.default_rng(0)
    probes = [
        causes.Probe(tuple(rng.integers(40, size=n).tolist()), (2, n - 1), (5, 6), wrong)
        for n, wrong in ((9, ()), (14, (7, 8)), (6, ()), (14, (1, 1)), (11, (9, 3)))
    ]
    sample = sample_parts(checkpoint_of(random_model), [rng.integers(40, size=20).tolist() for _ in range(5)])
    rows = sorted(probes, key=lambda probe: len(probe.ids))

    def loss(model: Transformer, probe: causes.Probe) -> float:
        log_probs = model(torch.tensor([probe.ids]))[0].double().log_softmax(-1)
        said = []
        for i, (place, right) in enumerate(zip(probe.asked, probe.right, strict=True)):
            one = log_probs[place, right].item()
            if probe.wrong:
                one -= math.log(math.exp(one) + math.exp(log_probs[place, probe.wrong[i]].item()))
            said.append(-one)
        return sum(said) / len(said)

    grown = np.empty((len(rows), 3, 2))
    for layer, head in np.ndindex(3, 2):
        without = Intervened(random_model, [ablation(Ablate(Part("head", layer, head), "mean"), sample)])
        grown[:, layer, head] = [loss(without, probe) - loss(random_model, probe) for probe in rows]
    for most in (2**27, 1):  # all in one batch, and one at a time
        monkeypatch.setattr(causes, "LOGIT_BYTES", most)
        found = causes.cause(random_model, "any", probes, sample.mean)
        assert found.loss == pytest.approx(np.mean([loss(random_model, probe) for probe in rows]), rel=1e-5)
        np.testing.assert_allclose(found.mean, grown.mean(axis=0), atol=1e-5)
        np.testing.assert_allclose(found.high - found.mean, found.mean - found.low)
    assert np.abs(found.mean).min() > 1e-3
    with pytest.raises(ValueError, match="two cases"):
        causes.cause(random_model, "any", probes[:1], sample.mean)


def test_the_share_of_heads_that_matter_less():
    mean = np.array([[0.3, -1.0], [0.3, 2.0]])
    cause = causes.HeadCause("copying", mean, mean - 0.1, mean + 0.1, 0.0, 5)
    np.testing.assert_allclose(cause.below, [[1 / 3, 0], [1 / 3, 1]])
    assert cause.stands_out.tolist() == [[False, False], [False, True]]
    unclear = replace(cause, low=mean - 3)
    assert not unclear.stands_out.any()  # its interval holds 0


def test_a_head_that_feeds_another_is_not_held_against_it():
    """Two induction heads, what feeds them, and 27 others: the third lies above 27 of 29."""
    mean, looks = np.zeros((3, 10)), {name: np.zeros((3, 10)) for name in ("previous", "induction")}
    mean[2, :2], mean[0, 0], mean[0, 1] = (5, 4), 3, 2
    looks["induction"][2, :2] = looks["previous"][0, :2] = 0.8
    cause = causes.HeadCause("copying", mean, mean - 0.1, mean + 0.1, 0.1, 5)
    found = measurements.Measurements({name: scored(name, score) for name, score in looks.items()}, {"copying": cause})
    assert roles.below(found, "previous", 0, 0) == 1 and cause.below[0, 0] == 27 / 29
    assert roles.role_of(found, 0, 0) == "previous" and roles.role_of(found, 2, 1) == "induction"
    assert roles.below(found, "previous", 0, 1) == 26 / 27 and roles.role_of(found, 0, 1) == "previous"
    assert roles.below(found, "induction", 2, 1) == 28 / 29  # a head of the same role counts
    blind = measurements.Measurements(
        found.scores | {"induction": scored("induction", np.zeros((3, 10)))}, found.causes
    )
    assert roles.role_of(blind, 0, 0) is None  # nothing says that the two above it are part of this


def scored(name: str, mean: np.ndarray) -> heads.HeadScore:
    return heads.HeadScore(name, mean, mean - 0.01, mean + 0.01, 20, np.zeros(mean.shape), mean - 0.01)


def test_probes_ask_for_what_must_be_said():
    sequences = np.array([[0, 5, 6, 7, 5, 6, 7]])
    [probe] = causes.copying_probes(sequences, half=3)
    assert [probe.ids[t] for t in probe.asked] == [5, 6] and probe.right == (6, 7)
    [asked] = causes.reference_probes([Choice((0, 3, 4), 8, 9, (1,), (2,), "people")])
    assert asked.asked == (2,) and asked.right == (8,) and asked.wrong == (9,)


@pytest.mark.slow
def test_the_work_is_foretold_and_a_model_that_needs_much_is_read_less(monkeypatch):
    shipped = load_checkpoint("tinyland")
    assert measurements.cases_for(shipped.config) == measurements.MANY
    wide = replace(shipped.config, d_model=1280, d_mlp=None, n_heads=40, n_kv_heads=None, n_layers=24)
    assert measurements.cases_for(wide) == measurements.FEW
    monkeypatch.setattr(measurements, "LONG", 0.0)
    tally, told = Tally(), []
    with counted(tally):
        found = measurements.measure(shipped, report=lambda share, doing: told.append(share))
    assert found.causes["copying"].cases == measurements.FEW.copied
    foretold = measurements.operations(shipped.config, measurements.FEW)
    assert 0.5 < foretold / tally.flops < 2
    assert told == sorted(told) and told[0] > 0 and told[-1] < 1 and len(told) > 3


@pytest.mark.slow
def test_what_is_shipped_is_read_for_these_weights_only(tmp_path, random_model):
    folder = tmp_path / "model"
    config = replace(random_model.config, vocab_size=300)
    model = Transformer(config, seed=1).requires_grad_(False).eval()
    save_checkpoint(folder, model, Tokenizer.byte_tokenizer(), {}, step=7)
    assert measurements.shipped_measurements(describe(folder)) is None
    found = measured(copier(says=1.0))
    measurements.write(folder, {7: found})
    read = measurements.shipped_measurements(describe(folder))
    assert read is not None and list(read.scores) == list(found.scores)
    np.testing.assert_allclose(read.causes["copying"].mean, found.causes["copying"].mean, rtol=1e-4, atol=1e-9)
    assert read.causes["copying"].cases == 12
    kept = measurements.measurements_of(load_checkpoint(folder))  # nothing is measured
    assert kept.scores["induction"].mean.shape == (2, 12)
    told = json.loads((folder / measurements.FILE).read_text())
    (folder / measurements.FILE).write_text(json.dumps({"steps": {"7": {**told["steps"]["7"], "causes": [{}]}}}))
    assert measurements.shipped_measurements(describe(folder)) is None
    measurements.write(folder, {7: found})
    save_checkpoint(folder, Transformer(config, seed=2), Tokenizer.byte_tokenizer(), {}, step=7)
    assert measurements.shipped_measurements(describe(folder)) is None  # they were of other weights


def test_random_sequences_are_such_as_the_model_has_read():
    shipped = describe("tinyland")
    with_recitals = replace(shipped, card={"data": {"kind": "tinyland", "weights": {"recital": 0.2, "story": 0.8}}})
    said = measurements.nonsense_for(with_recitals)
    ids = heads.repeated_sequences(**asdict(said), cases=2, seed=0)[0].tolist()
    text = shipped.tokenizer.decode(ids[1:])
    title, first, second, rest = text.split("\n")
    assert title.endswith(":") and first == second and rest == "" and len(first.split()) == said.half
    assert set(first.removesuffix(".").split()) <= set(SYLLABLES)
    of_text = replace(shipped, card={"data": {"kind": "text"}})
    without = replace(shipped, card={"data": {"kind": "tinyland", "weights": {"story": 1.0}}})
    short = replace(with_recitals, config=replace(shipped.config, context_length=12))
    for other in (of_text, without, short):
        said = measurements.nonsense_for(other)
        all_of_them = set(range(shipped.tokenizer.vocab_size)) - set(shipped.tokenizer.special_tokens.values())
        assert (said.start, set(said.tokens), said.end) == ([shipped.tokenizer.eot], all_of_them, [])
        assert 1 + 2 * said.half <= other.config.context_length
