"""Spot checks: the cases are Tinyland's own, they fit the model, and a model that knows nothing gets none right."""

import pytest

from core.analysis.skills.spot_checks import ANSWER_TOKENS, CASE_SEED, SKILLS, cases, measure
from core.model import ModelConfig, Transformer
from core.text import public_encoding, tinyland


@pytest.mark.parametrize("skill", SKILLS)
def test_cases_are_true_and_short_enough(skill):
    tokenizer = public_encoding("gpt2")
    found = cases(tokenizer, skill, 6, 120)
    assert len(found) == 6 and found == cases(tokenizer, skill, 6, 120)
    for case in found:
        assert len(case.ids) <= 120
        prompt = tokenizer.decode(case.ids[1:])
        if SKILLS[skill] is None:
            subject = next(f for f in tinyland.WORLD.known_facts if f.subject in prompt and f.value in case.expected)
            assert (subject.subject, subject.relation) not in tinyland.WORLD.withheld
        else:
            documents = tinyland.documents(CASE_SEED, stop=12, weights={SKILLS[skill]: 1})
            rest = [document.text.removeprefix(prompt).lstrip() for document in documents]
            assert any(text.startswith(case.expected) for text in rest)
    assert all(len(case.ids) <= 9 for case in cases(tokenizer, skill, 6, 9))


def test_a_model_that_knows_nothing_is_right_about_nothing():
    tokenizer = public_encoding("gpt2")
    shape = {"vocab_size": tokenizer.vocab_size, "context_length": 40, "n_layers": 1, "n_heads": 1, "d_model": 8}
    share = measure(Transformer(ModelConfig(**shape)), tokenizer, "facts of the world", 5)
    assert (share.right, share.n) == (0, 5)
    short = Transformer(ModelConfig(**shape | {"context_length": ANSWER_TOKENS + 1}))
    assert measure(short, tokenizer, "arithmetic", 3).n == 0
