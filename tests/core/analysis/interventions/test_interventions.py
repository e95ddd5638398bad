"""Interventions against closed forms: what must come out when everything, or one thing, is changed."""

from urllib.parse import quote

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some

from core.analysis.interventions.intervene import (
    Intervened,
    ablation,
    all_parts,
    intervene,
    part_changes,
    part_effects,
    run_ablated,
    sample_parts,
    tap_of,
    token_losses,
)
from core.analysis.interventions.values import MOST, Ablate, Cut, Part, Patch, Steer, check_all, parse, show
from core.generation import Sampler, generate
from core.model import Cache, Checkpoint, run_trace
from tests.core.model.models import SIZES, make

IDS = [5, 1, 2, 3, 4, 30, 7, 8, 9]
FAMILIES = ("ours", "gpt2", "llama")
LAYERS, HEADS = SIZES["n_layers"], SIZES["n_heads"]


class Letters:
    """A tokenizer for the small models of the tests: each letter is an id below 37."""

    eot = 0

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        return [1 + ord(letter) % 36 for letter in text]


def checkpoint(family: str = "ours", seed: int = 0) -> Checkpoint:
    model = make(family, seed)
    return Checkpoint(Letters(), model.config, (0,), 0, {}, None, family, model)  # type: ignore[arg-type]


def logits(model, ids=IDS):
    with torch.inference_mode():
        return model(torch.tensor([ids]))[0]


# ---- the text form ----

LAYER, POSITION = some.integers(0, 200), some.integers(0, 9999)
TEXT = some.text(min_size=1, max_size=40).filter(lambda text: text.isprintable())
PARTS = {
    "layer": some.builds(Part, some.just("layer"), LAYER),
    "attention": some.builds(Part, some.just("attention"), LAYER),
    "mlp": some.builds(Part, some.just("mlp"), LAYER),
    "head": some.builds(Part, some.just("head"), LAYER, LAYER),
    "residual": some.builds(Part, some.just("residual"), LAYER),
}


def part(*kinds):
    return some.one_of(*(PARTS[kind] for kind in kinds))


EDGES = some.tuples(some.integers(1, 9999), POSITION).filter(lambda edge: edge[1] <= edge[0])
STRENGTHS = some.integers(-1000, 1000).map(lambda tenth: tenth / 10)
ANY = some.one_of(
    some.builds(Ablate, part("layer", "attention", "mlp", "head"), some.sampled_from(["zero", "mean", "resample"])),
    some.builds(lambda p, edge: Cut(p, *edge), part("head", "attention"), EDGES),
    some.builds(Patch, part("residual", "attention", "mlp", "head"), POSITION, TEXT),
    some.builds(Steer, LAYER, STRENGTHS, TEXT, some.none() | TEXT),
)


@pytest.mark.slow
@settings(max_examples=200)
@given(some.lists(ANY, unique=True, max_size=5))
def test_the_text_form_is_read_back(interventions):
    assert parse(show(interventions)) == tuple(interventions)


@pytest.mark.slow
@settings(max_examples=300)
@given(some.text(alphabet="zeromancutpshL0123AMHR:>@%- .", max_size=60) | some.text(max_size=30))
def test_whatever_is_read_is_written_the_same(text):
    try:
        read = parse(text)
    except ValueError:
        return
    assert show(read) == " ".join(text.split())


@pytest.mark.parametrize(
    "bad",
    [
        "zero", "zero:", "zero:L", "zero:L1R", "zero:L01", "zero:L1H", "ZERO:L1", "zero:L-1", "zero:L1:x", "zero:L٣",
        "cut:L1H0:3", "cut:L1H0:3>4", "cut:L1H0:0>0", "cut:L1M:3>1", "cut:L1:3>1",
        "patch:L1R@2:", "patch:L1R:a", "patch:L1@2:a", "patch:L1R@2:%FF", "patch:L1R@2:a:b", "patch:L1R@2:" + "a" * 301,
        "steer:L1:nan:a", "steer:L1:inf:a", "steer:L1:1e9:a", "steer:L1:1.0:a", "steer:L1H0:1:a", "steer:L1:1",
        "zero:L1 zero:L1", " ".join(f"zero:L{i}" for i in range(MOST + 1)), "patch:L1R@2:" + "%41" * 500,
    ],
)  # fmt: skip
def test_anything_else_is_refused(bad):
    with pytest.raises(ValueError):
        parse(bad)


def test_messages_repeat_nothing_of_the_text():
    """They are shown as Markdown, in which a link's text could draw a picture from elsewhere."""
    with pytest.raises(ValueError) as told:
        parse("zero:L1 ![x](http://example.org)")
    assert "example" not in str(told.value) and "number 2" in str(told.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("zero:L2", "layers 0 to 1"), ("zero:L0H4", "heads 0 to 3"), ("cut:L0H0:24>1", "reads 24 tokens"),
        ("patch:L0R@3:ab", "has 3 tokens"), ("steer:L0:1:nonsense", "no such cat"), ("steer:L2:1:a:b", "no layer 2"),
        ("cut:L0H1:1>0 cut:L0A:1>1", "nothing left"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_model_is_refused(text, says):
    with pytest.raises(ValueError, match=says):
        intervene(checkpoint(), text)
    check_all(parse("zero:L1H3 cut:L0A:23>23 patch:L0R@2:ab steer:L1:2:foods"), checkpoint().config, Letters())


LONG = "a" * 24  # 25 tokens with the start: one more than the model reads


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"patch:L1H2@3:{LONG}", "a text of the patch .layer 1, head 2, position 3. has 25 tokens .* reads 24"),
        (f"zero:L1 steer:L1:2:{LONG}:b", "a text of the steering into layer 1 has 25 tokens .* reads 24"),
        (f"steer:L1:2:b:{LONG}", "a text of the steering into layer 1 has 25 tokens .* reads 24"),
        (
            "patch:L0R@2:ab~",
            "a text of the patch .stream into layer 0, position 2. has tokens that this model does not know",
        ),
    ],
)
def test_a_text_that_does_not_fit_is_named_and_refused_before_anything_runs(text, says):
    class Wide(Letters):
        def encode(self, text: str, *, special: bool = False) -> list[int]:
            return [37 if letter == "~" else 1 for letter in text]

    whole = checkpoint()
    with pytest.raises(ValueError, match=says):
        check_all(parse(text), whole.config, Wide())
    fitting = text.replace("~", "").replace("2:ab", "2:aba").replace(LONG, LONG[1:])
    check_all(parse(fitting), whole.config, Wide())
    intervene(whole, fitting)


# ---- closed forms ----


@pytest.mark.parametrize("family", FAMILIES)
def test_without_any_part_the_embedding_is_all_there_is(family):
    plain = checkpoint(family)
    every = " ".join(f"zero:L{i}" for i in range(LAYERS))
    changed = intervene(plain, every).model
    model = plain.model
    stream = model.embed(torch.tensor(IDS))
    if family == "gpt2":
        stream = stream + model.pos_embed(torch.arange(len(IDS)))
    torch.testing.assert_close(logits(changed), model.unembed(model.ln_final(stream)))
    parts = " ".join(f"zero:L{i}A zero:L{i}M" for i in range(LAYERS))
    assert torch.equal(logits(intervene(plain, parts).model), logits(changed))


@pytest.mark.parametrize("family", FAMILIES)
def test_without_any_head_attention_writes_only_its_bias(family):
    plain = checkpoint(family)
    trace = run_trace(intervene(plain, " ".join(f"zero:L0H{h}" for h in range(HEADS))).model, IDS)
    bias = plain.model.blocks[0].attn.wo.bias
    expected = torch.zeros(plain.config.d_model) if bias is None else bias
    torch.testing.assert_close(trace.attn_out[0], expected.expand(len(IDS), -1))


def test_one_head_out_leaves_what_the_others_write():
    plain = checkpoint()
    before, after = run_trace(plain.model, IDS), run_trace(intervene(plain, "zero:L1H2").model, IDS)
    width = plain.config.d_head
    written = before.z[1, 2] @ plain.model.blocks[1].attn.wo.weight[:, 2 * width : 3 * width].T
    torch.testing.assert_close(after.attn_out[1], before.attn_out[1] - written)
    assert torch.equal(after.attn_out[0], before.attn_out[0])


def test_mean_and_resampled_outputs_are_those_of_the_sample():
    plain = checkpoint()
    texts = [IDS, IDS[::-1], IDS[:4]]
    sample = sample_parts(plain, texts)
    traces = [run_trace(plain.model, ids) for ids in texts]
    mean = torch.cat([t.z[0, 1, 1:] for t in traces]).mean(dim=0)
    seen = run_trace(intervene(plain, "mean:L0H1 mean:L1M", sample).model, IDS)
    torch.testing.assert_close(seen.z[0, 1], mean.expand(len(IDS), -1))
    expected = torch.cat([t.mlp_out[1, 1:] for t in traces]).mean(dim=0)
    torch.testing.assert_close(seen.mlp_out[1], expected.expand(len(IDS), -1))
    drawn = run_trace(intervene(plain, "resample:L0A", sample).model, IDS).attn_out[0]
    possible = torch.cat([t.attn_out[0, 1:] for t in traces])
    nearest = torch.cdist(drawn, possible).min(dim=1).values
    assert nearest.max() < 1e-4
    assert len(torch.unique(drawn, dim=0)) > 1  # not the same place for every position


@pytest.mark.parametrize("family", FAMILIES)
def test_a_cut_edge_shares_its_weight_among_the_others(family):
    plain = checkpoint(family)
    before, after = run_trace(plain.model, IDS), run_trace(intervene(plain, "cut:L0H1:6>2").model, IDS)
    expected = before.pattern[0].clone()
    expected[1, 6, 2] = 0
    expected[1, 6] /= expected[1, 6].sum()
    torch.testing.assert_close(after.pattern[0], expected)
    assert after.pattern[0, 1, 6, 2] == 0
    assert torch.equal(after.logits[:6], before.logits[:6]) and not torch.equal(after.logits[6:], before.logits[6:])
    whole = run_trace(intervene(plain, "cut:L0A:6>2").model, IDS)
    assert (whole.pattern[0, :, 6, 2] == 0).all()


def test_two_cuts_are_as_if_both_had_been_masked():
    plain = checkpoint()
    after = run_trace(intervene(plain, "cut:L0H1:6>2 cut:L0H1:6>3").model, IDS).pattern[0, 1, 6]
    expected = run_trace(plain.model, IDS).pattern[0, 1, 6].clone()
    expected[2:4] = 0
    torch.testing.assert_close(after, expected / expected.sum())


def test_patching_everything_from_the_other_text_gives_the_other_text():
    plain = checkpoint()
    clean, corrupted = "hello", "jelly"
    ids = [[0, *Letters().encode(text)] for text in (clean, corrupted)]
    whole = " ".join(f"patch:L1R@{p}:{clean}" for p in range(len(ids[0])))
    torch.testing.assert_close(logits(intervene(plain, whole).model, ids[1]), logits(plain.model, ids[0]))
    same = " ".join(f"patch:L0H2@{p}:{corrupted}" for p in range(len(ids[0])))
    torch.testing.assert_close(logits(intervene(plain, same).model, ids[1]), logits(plain.model, ids[1]))


@pytest.mark.parametrize("one", ["patch:L1R@4:hello", "patch:L0H1@4:hello", "patch:L0M@4:hello", "cut:L1A:4>2"])
def test_what_is_changed_at_a_position_is_felt_from_there_on(one):
    plain = checkpoint()
    before, after = logits(plain.model), logits(intervene(plain, one).model)
    torch.testing.assert_close(after[:4], before[:4])
    assert not torch.allclose(after[4], before[4], atol=1e-3)


def test_steering_adds_the_difference_of_the_two_prompts():
    plain = checkpoint()
    ends = [run_trace(plain.model, [0, *Letters().encode(t)]).resid_pre[1, -1] for t in ("good", "bad")]
    seen = run_trace(intervene(plain, "steer:L1:-2.5:good:bad").model, IDS).resid_pre[1]
    expected = run_trace(plain.model, IDS).resid_pre[1] - 2.5 * (ends[0] - ends[1])
    torch.testing.assert_close(seen, expected)
    none = intervene(plain, [Steer(1, 0.0, "good", "bad")])
    torch.testing.assert_close(logits(none.model), logits(plain.model))


# ---- together, and with a cache ----


def test_they_act_in_the_order_in_which_they_are_written():
    plain = checkpoint()
    then = intervene(plain, "zero:L0M patch:L0M@3:hello").model
    first = intervene(plain, "patch:L0M@3:hello zero:L0M").model
    source = run_trace(plain.model, [0, *Letters().encode("hello")]).mlp_out[0, 3]
    torch.testing.assert_close(run_trace(then, IDS).mlp_out[0, 3], source)
    assert (run_trace(first, IDS).mlp_out[0] == 0).all()
    nested = intervene(intervene(plain, "zero:L0M"), [Patch(Part("mlp", 0), 3, "hello")]).model
    assert (run_trace(nested, IDS).mlp_out[0, [0, 1, 2, 4]] == 0).all()  # edits of both models act


def test_a_tap_sees_what_the_edits_left():
    plain = checkpoint()
    changed = intervene(plain, "zero:L0M").model
    seen = []
    changed(torch.tensor([IDS]), tap=lambda site, x: seen.append(x) or x if site.name == "mlp_out" else x)
    assert (seen[0] == 0).all() and not (seen[1] == 0).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_with_a_cache_positions_are_the_true_ones(family):
    plain = checkpoint(family)
    sample = sample_parts(plain, [IDS, IDS[::-1]])
    text = "cut:L0A:6>2 patch:L1R@4:hello resample:L1H0 patch:L0H1@7:jellybean steer:L1:0.5:a:b"
    changed = intervene(plain, text, sample).model
    cache, pieces = Cache(plain.config), []
    with torch.inference_mode():
        for start, stop in [(0, 3), (3, 5), (5, 6), (6, 7), (7, 9)]:
            pieces.append(changed(torch.tensor([IDS[start:stop]]), cache=cache)[0])
    torch.testing.assert_close(torch.cat(pieces), logits(changed), atol=1e-4, rtol=1e-4)


def test_generation_goes_through_them():
    plain = checkpoint()
    changed = intervene(plain, "cut:L0A:10>1 zero:L1H0 patch:L1R@9:hellohello").model
    written = [step.id for step in generate(changed, IDS, Sampler(temperature=0), 6, seed=0)]
    ids = list(IDS)
    for id in written:  # without a cache: the whole text again for each token
        assert id == int(logits(changed, ids)[-1].argmax())
        ids.append(id)


def test_the_model_itself_stays_as_it_was():
    plain = checkpoint()
    before, state = logits(plain.model), set(vars(plain.model))
    changed = intervene(plain, "zero:L0 steer:L1:3:a:b")
    logits(changed.model)
    assert isinstance(changed.model, Intervened)
    assert set(vars(plain.model)) == state and torch.equal(logits(plain.model), before)
    assert changed.model.embed.weight is plain.model.embed.weight
    assert [name for name, _ in changed.model.named_parameters()] == [n for n, _ in plain.model.named_parameters()]


# ---- effects ----


def test_effects_are_those_of_each_part_alone():
    plain = checkpoint("gpt2")
    sample = sample_parts(plain, [IDS, IDS[::-1]])
    parts = all_parts(plain.config)
    assert len(parts) == LAYERS * (HEADS + 2)
    for how in ("zero", "mean"):
        base, losses = part_effects(plain.model, IDS, parts, how, sample)
        torch.testing.assert_close(base, token_losses(logits(plain.model).log_softmax(-1)[None], IDS)[0])
        for part, row in zip(parts, losses, strict=True):
            alone = logits(intervene(plain, [Ablate(part, how)], sample).model).log_softmax(-1)
            torch.testing.assert_close(row, token_losses(alone[None], IDS)[0], atol=1e-4, rtol=1e-4)


def test_the_answer_without_each_part_is_that_of_the_model_without_it():
    plain = checkpoint("gpt2")
    parts = all_parts(plain.config)
    found = part_changes(plain.model, IDS, parts, "zero", None)
    assert torch.equal(found.answer, logits(plain.model).argmax(-1))
    for part, told in zip(parts, found.answers, strict=True):
        alone = logits(intervene(plain, [Ablate(part, "zero")]).model)
        best, chosen = alone.max(dim=-1).values, alone.gather(1, told[:, None])[:, 0]
        torch.testing.assert_close(chosen, best, atol=1e-4, rtol=1e-4)  # the likeliest, or as likely up to rounding


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("own", ["", "steer:L0:2:a:b cut:L1H1:4>2 patch:L1A@5:hello zero:L0H1"])
def test_each_row_of_a_batch_has_its_own_ablation(family, own):
    """Rows that begin where their ablations act, beside one whole pass for each; also in a model that has edits."""
    plain = checkpoint(family)
    model = intervene(plain, own).model
    sample, trace = sample_parts(plain, [IDS, IDS[::-1]]), run_trace(model, IDS)
    texts = ("zero:L0H1 mean:L0A resample:L0A resample:L0M zero:L0 mean:L0", "resample:L1H0 zero:L1A mean:L1M zero:L1")
    ablations = [[one for one in parse(text) if isinstance(one, Ablate)] for text in texts]
    for asked in (ablations[0], ablations[1], ablations[0] + ablations[1], ablations[1][:1], ablations[1][-1:]):
        rows = run_ablated(model, trace, asked, sample)
        for one, row in zip(asked, rows, strict=True):
            with torch.inference_mode():
                alone = model(torch.tensor([IDS]), tap=tap_of([ablation(one, sample)]))[0].log_softmax(-1)
            torch.testing.assert_close(row, alone, atol=1e-5, rtol=1e-5)


def test_effects_do_not_depend_on_the_order_of_the_parts_nor_on_the_size_of_the_batches(monkeypatch):
    plain = checkpoint()
    parts = all_parts(plain.config)
    whole = part_changes(plain.model, IDS, parts, "zero", None)
    monkeypatch.setattr("core.analysis.interventions.intervene.rows_at_once", lambda config, T: 4)
    shares: list[float] = []
    turned = part_changes(plain.model, IDS, parts[::-1], "zero", None, report=shares.append)
    assert shares == [start / len(parts) for start in range(0, len(parts), 4)]
    torch.testing.assert_close(turned.losses.flip(0), whole.losses, atol=1e-5, rtol=1e-5)
    assert torch.equal(turned.answers.flip(0), whole.answers) and torch.equal(turned.base, whole.base)


def test_a_patch_text_may_hold_anything():
    text = "a:b @ > %41 é\n"
    assert parse(f"patch:L0R@1:{quote(text, safe='')}") == (Patch(Part("residual", 0), 1, text),)
