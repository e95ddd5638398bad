"""A text that begins like another: the rest alone is read, and what is found is what reading all of it finds."""

from dataclasses import replace

import pytest
import torch

from core.analysis.interventions.beginnings import Beginnings
from core.analysis.interventions.intervene import all_parts, intervene, part_changes, sample_parts
from core.model import Transformer
from core.model.passes import Tally, counted
from core.model.past import Past
from core.sequences import common_beginning
from tests.core.analysis.interventions.test_interventions import FAMILIES, IDS, checkpoint

OTHERS = {0: IDS[::-1], 1: [IDS[0], IDS[0]], 4: [*IDS[:4], IDS[5]], len(IDS) - 2: IDS[:-2], len(IDS): [*IDS, 3]}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("own", ["", "steer:L0:2:a:b cut:L1H1:4>2 patch:L1A@5:hello zero:L0H1"])
@pytest.mark.parametrize("how", ["zero", "mean", "resample"])
def test_what_is_found_behind_a_common_beginning_is_what_the_whole_text_gives(family, own, how):
    plain = checkpoint(family)
    model, parts = intervene(plain, own).model, all_parts(plain.config)
    sample = sample_parts(plain, [IDS, IDS[::-1]])

    def found(ids, known=None):
        with counted(tally := Tally()):
            changes = part_changes(model, ids, parts, how, sample, known=known)
        return changes, tally.tokens

    whole, tokens = found(IDS)
    for shared, other in OTHERS.items():
        assert common_beginning(other, IDS) == common_beginning(IDS, other) == shared
        behind, fewer = found(IDS, known=found(other)[0])
        assert fewer < tokens if shared > 1 else fewer == tokens
        torch.testing.assert_close(behind.losses, whole.losses, atol=1e-4, rtol=1e-4)
        assert torch.equal(behind.base, whole.base)
        assert (behind.answers == whole.answers).float().mean() > 0.99  # of equals, rounding may choose another
        longer, _ = found([*IDS, 2], known=behind)  # and from there another goes on
        torch.testing.assert_close(longer.losses, found([*IDS, 2])[0].losses, atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_a_pass_reads_on_behind_a_past_that_it_leaves_as_it_was():
    model, ids = checkpoint().model, torch.tensor([IDS, IDS[::-1]])
    begun = Past()
    whole = model.forward_from({0: model.embed(ids)}, past=begun)
    before = begun.after()
    for n in (1, 4, len(IDS) - 1):
        past = before.first(n)
        for _ in range(2):  # nothing of the first time stands in the way of the second
            rest = model.forward_from({0: model.embed(ids[:, n:])}, past=past)
            torch.testing.assert_close(rest, whole[:, n:], atol=1e-5, rtol=1e-5)
        assert past.length == n and past.nbytes * len(IDS) == before.nbytes * n
        assert past.after().nbytes == before.nbytes


@torch.inference_mode()
def test_a_past_of_other_rows_or_too_long_for_the_context_is_refused():
    model: Transformer = checkpoint().model
    past = Past()
    model.forward_from({0: model.embed(torch.tensor([IDS]))}, past=past)
    with pytest.raises(ValueError, match="rows"):
        model.forward_from({0: model.embed(torch.tensor([IDS, IDS]))}, past=past.after().first(3))
    with pytest.raises(ValueError, match="tokens"):
        room = model.config.context_length
        model.forward_from({0: torch.zeros(1, room, model.config.d_model)}, past=past.after().first(1))


def test_where_several_batches_are_needed_a_text_neither_helps_nor_is_helped(monkeypatch):
    plain = checkpoint()
    parts, longer = all_parts(plain.config), [*IDS, 2]
    whole, known = (part_changes(plain.model, ids, parts, "zero", None) for ids in (longer, IDS))
    monkeypatch.setattr("core.analysis.interventions.intervene.rows_at_once", lambda config, T: 4)
    found = part_changes(plain.model, longer, parts, "zero", None, known=known)  # which one batch could hold, this not
    assert found.past is None
    torch.testing.assert_close(found.losses, whole.losses, atol=1e-4, rtol=1e-4)


def test_recent_texts_are_kept_within_so_many_bytes():
    plain = checkpoint()
    texts = [IDS, IDS[:5], [*IDS[:3], 1, 1], [9, 9]]
    found = [part_changes(plain.model, ids, all_parts(plain.config), "zero", None) for ids in texts]
    recent = Beginnings(most_bytes=sum(one.past.nbytes for one in found[1:]))
    assert recent.closest(IDS) is None
    for one in found:
        recent.keep(one)
    assert recent.kept == (found[3], found[2], found[1])  # the oldest had to go
    assert recent.closest([*IDS[:4], 0]) is found[1] and recent.closest([*IDS[:3], 1, 0]) is found[2]
    assert recent.closest([9, 8]) is found[3]
    recent.keep(replace(found[0], past=None))
    assert recent.kept == (found[3], found[2], found[1])
    none = Beginnings(most_bytes=0)
    none.keep(found[0])  # more than all there may be
    assert none.kept == ()
