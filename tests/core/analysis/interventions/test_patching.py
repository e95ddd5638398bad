"""Patching: closed forms, a cell by cell reference, and pairs whose truth Tinyland itself confirms."""

import pytest
import torch

from core.analysis.interventions.intervene import intervene
from core.analysis.interventions.patching import first_token, pairs, patch_everywhere
from core.analysis.skills.cases import CLOZES
from core.model import Site, run_trace
from core.text import public_encoding, tinyland
from tests.core.model.models import SIZES, make

CLEAN, CORRUPTED = [0, 5, 9, 13, 2, 7], [0, 5, 11, 13, 2, 7]
LAYERS, HEADS = SIZES["n_layers"], SIZES["n_heads"]


@pytest.mark.slow
@pytest.mark.parametrize("family", ["ours", "gpt2", "llama"])
@pytest.mark.parametrize("what", ["residual", "attention", "mlp", "head"])
def test_every_cell_is_a_run_with_that_one_place_patched(family, what):
    """The batched map against one pass for each cell, with a tap written here."""
    model = make(family)
    found = patch_everywhere(model, CLEAN, CORRUPTED, 3, 4, what)
    name = {"residual": "resid_pre", "attention": "attn_out", "mlp": "mlp_out", "head": "z"}[what]
    source = getattr(run_trace(model, CLEAN), name)
    plain = run_trace(model, CORRUPTED).logits[-1]
    clean = run_trace(model, CLEAN).logits[-1]
    shape = (LAYERS, HEADS, 6) if what == "head" else (LAYERS, 6)
    assert found.recovered.shape == shape
    for cell in torch.cartesian_prod(*map(torch.arange, shape)).tolist():
        layer, *head, position = cell

        def tap(site, tensor):
            if site == Site(name, layer):  # noqa: B023
                tensor = tensor.clone()
                tensor[(0, *head, position)] = source[tuple(cell)]  # noqa: B023
            return tensor

        with torch.inference_mode():
            logits = model(torch.tensor([CORRUPTED]), tap=tap)[0, -1]
        expected = ((logits[3] - logits[4]) - (plain[3] - plain[4])) / ((clean[3] - clean[4]) - (plain[3] - plain[4]))
        assert found.recovered[tuple(cell)].item() == pytest.approx(expected.item(), abs=2e-3)


def test_the_first_stream_at_the_word_that_differs_gives_everything_back():
    found = patch_everywhere(make("ours"), CLEAN, CORRUPTED, 3, 4, "residual")
    assert found.recovered[0, 2].item() == pytest.approx(1, abs=1e-3)
    assert found.recovered[0, [0, 1, 3, 4, 5]].abs().max().item() < 1e-3  # what is the same in both changes nothing
    assert found.recovered[:, :2].abs().max().item() < 1e-3  # nor does anything before the word


def test_layers_are_counted_and_the_batch_may_be_split(monkeypatch):
    model, told = make("ours"), []
    whole = patch_everywhere(model, CLEAN, CORRUPTED, 3, 4, "head", told.append)
    assert told == [1, 2]
    monkeypatch.setattr("core.analysis.interventions.patching.rows_at_once", lambda config, T: 5)
    split = patch_everywhere(model, CLEAN, CORRUPTED, 3, 4, "head")
    torch.testing.assert_close(split.recovered, whole.recovered, atol=1e-4, rtol=1e-4)


def test_one_pass_for_a_layer():
    model, calls = make("ours"), []
    hook = model.ln_final.register_forward_hook(lambda *_: calls.append(1))
    patch_everywhere(model, CLEAN, CORRUPTED, 3, 4, "head")
    hook.remove()
    assert len(calls) == 2 + LAYERS  # clean, corrupted, and one for each layer


@pytest.mark.parametrize(
    ("clean", "corrupted", "answers", "says"),
    [
        (CLEAN, CORRUPTED[:-1], (3, 4), "equally many tokens, not 6 and 5"),
        (CLEAN, CORRUPTED, (3, 3), "same token"),
        (CLEAN, CLEAN, (3, 4), "nothing to recover"),
    ],
)
def test_what_cannot_be_patched_is_said(clean, corrupted, answers, says):
    with pytest.raises(ValueError, match=says):
        patch_everywhere(make("ours"), clean, corrupted, *answers, "residual")


def test_the_map_works_on_a_model_with_interventions():
    from tests.core.analysis.interventions.test_interventions import checkpoint

    changed = intervene(checkpoint(), "zero:L0A zero:L1A").model
    with pytest.raises(ValueError, match="nothing to recover"):  # without attention the last token knows no other
        patch_everywhere(changed, CLEAN, CORRUPTED, 3, 4, "residual")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gpt2", "cl100k_base"])
def test_the_pairs_are_true_in_tinyland(name):
    tokenizer = public_encoding(name)
    found = pairs(tokenizer)
    assert len(found) == 3
    home = {fact.subject: fact.value for fact in tinyland.WORLD.known_facts if fact.relation == "home"}
    for pair in found:
        assert len(tokenizer.encode(pair.clean)) == len(tokenizer.encode(pair.corrupted))
        assert first_token(tokenizer, pair.answer) != first_token(tokenizer, pair.other)
        for prompt, answer, wrong in (
            (pair.clean, pair.answer, pair.other),
            (pair.corrupted, pair.other, pair.answer),
        ):
            if "lives in" in prompt:
                subject = prompt.split()[0]
                assert prompt == CLOZES["home"].format(subject) and home[subject] == answer
                continue
            assert can_follow(prompt, answer) and not can_follow(prompt, wrong)


def can_follow(prompt: str, answer: str) -> bool:
    """Whether Tinyland could go on with this word: its reading gets past it."""
    if prompt.endswith("to"):
        whole = f"{prompt} {answer}.\nQ: Who has the kite?\nA: {answer}.\nQ: Where is {answer}?\nA: In the park."
        return tinyland.parse(whole).ok
    begun = f"{prompt} {answer}"
    return tinyland.parse(f"{begun} was looking for a friend.").failed_at > len(begun)


def test_an_empty_answer_is_refused():
    with pytest.raises(ValueError, match="answer is empty"):
        first_token(public_encoding("gpt2"), "  ")
