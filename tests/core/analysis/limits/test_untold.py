"""Questions about people: which of them no text answers, and an answer's probability against one read on its own."""

import numpy as np
import pytest
import torch

from core.analysis.limits import untold
from core.analysis.limits.recorded import recorded, write
from core.analysis.limits.untold import ASKED, HELD_OUT, NOT_SAID, TOLD, WITHHELD, Untold
from core.analysis.skills import honesty
from core.text import tinyland


def test_what_is_withheld_is_asked_for_by_feedback_or_held_out():
    asked = list(untold.facts())
    told = {(fact.subject, fact.relation): fact.value for fact in tinyland.WORLD.known_facts}
    assert len(asked) == 300 and len({(name, relation) for name, relation, _, _ in asked}) == 300
    for name, relation, true, group in asked:
        assert ((name, relation) in told) is (group == TOLD)
        assert group != TOLD or told[name, relation] == str(untold.values(relation)[true])
    groups = [group for *_, group in asked]
    assert (groups.count(WITHHELD), groups.count(HELD_OUT)) == (9, 9)
    held_out = {name for name, *_, group in asked if group == HELD_OUT}
    measured = {name for relation in ASKED for name in honesty.untold(relation, held_out=True)}
    assert held_out == measured


@pytest.mark.parametrize("relation", ASKED)
def test_an_answer_is_as_likely_as_it_is_alone(checkpoint, relation, monkeypatch):
    monkeypatch.setattr(untold, "CHAT", "{}")  # a prompt that fits a context of 64
    monkeypatch.setattr(untold, "LEAST", 1e-300)
    found = untold.answers(checkpoint, "Ada", relation)
    tokenizer, values = checkpoint.tokenizer, untold.values(relation)
    assert len(found) == len(values) + 1
    said = {"home": "Ada lives in {}.", "occupation": "Ada is {}.", "food": "Ada likes {}."}[relation]
    prompt = [tokenizer.eot, *tokenizer.encode(ASKED[relation][0].format("Ada"))]
    for number in (0, len(values) - 1, len(values)):
        value = values[number] if number < len(values) else None
        word = {"home": str, "occupation": lambda v: f"{'an' if str(v)[0] in 'aeiou' else 'a'} {v}",
                "food": lambda v: v.plural}[relation]  # fmt: skip
        text = "I do not know." if value is None else said.format(word(value))
        ids = tokenizer.encode(f"{text}<|end|>", special=True)
        log_probs = checkpoint.model(torch.tensor([[*prompt, *ids]]))[0].double().log_softmax(-1)
        alone = sum(float(log_probs[len(prompt) - 1 + i, id]) for i, id in enumerate(ids))
        assert found[number] == pytest.approx(alone, abs=1e-4)


def test_a_record_is_there_again(checkpoint):
    *_, true, group = zip(*untold.facts(), strict=True)
    said = np.where(np.arange(300) % 3 == 0, NOT_SAID, np.array(true))
    made = Untold(np.array(group), np.array(true), said, np.linspace(0, 1, 300))
    write(checkpoint, {"untold": made})
    again = recorded(checkpoint, "untold")
    np.testing.assert_array_equal(again.verdict, np.where(np.arange(300) % 3 == 0, "unknown", "right"))
    np.testing.assert_allclose(again.sure, made.sure, atol=1e-6)
