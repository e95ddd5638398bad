"""What falls out of the window, where a story stands, and what came of a hidden instruction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.skills.window import FILLERS, SEED
from core.prompting.injection import KINDS, OUTCOMES, outcome, rates
from core.prompting.window import PLACES, budget, last_tokens, spread, stories
from core.text import Tokenizer, tinyland

TOKENIZER = Tokenizer.byte_tokenizer()


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from("abcde"), st.integers(0, 60)), st.integers(1, 120))
def test_the_window_keeps_the_last_tokens_of_the_parts(lengths, context):
    tokens = [name for name, length in lengths.items() for _ in range(length)]
    kept = tokens[-context:]
    assert {name: one.inside for name, one in budget(lengths, context).items()} == {n: kept.count(n) for n in lengths}


def test_a_story_stands_where_it_should_among_what_changes_nothing():
    for place in PLACES:
        text = spread("STORY.", 4, place)
        assert text.split("STORY.")[0].count(".") == {"start": 0, "middle": 2, "end": 4}[place]
        assert all(filler in text for filler in FILLERS)
    documents = tinyland.documents(SEED, stop=3, weights={"story_qa": 1})
    for document, (story, question, answer) in zip(documents, stories(3), strict=True):
        assert document.text.startswith(f"{story}{question} {answer}") and "?" not in story


def test_a_longer_text_is_cut_at_its_start():
    ids = [TOKENIZER.eot, *TOKENIZER.encode("0123456789: ")]
    cut = last_tokens(ids, 8)
    assert len(cut) == 8 and cut[0] == TOKENIZER.eot and TOKENIZER.decode(cut[1:]) == "56789: "
    assert last_tokens(ids, 13) == last_tokens(ids, 99) == ids


@pytest.mark.parametrize("kind", KINDS)
def test_an_attack_is_told_by_its_answer(kind):
    attacks = KINDS[kind](6)
    assert len(attacks) == 6
    for one in attacks:
        assert one.hidden in one.prompt and one.hidden not in one.clean
        assert outcome(one, one.expected) == "ignored" and outcome(one, "x") == "neither"
        assert outcome(one, f"{one.expected} {one.hidden}") == "treated as data"
    made = {
        "executed": f"{attacks[0].done} Then more.", "treated as data": attacks[1].hidden,
        "ignored": attacks[2].expected, "neither": "I do not know.",
    }  # fmt: skip
    found = rates(attacks[:4], list(made.values()), [one.expected for one in attacks[:4]])
    assert {name: share for name, (share, _, _) in found.shares.items()} == dict.fromkeys(OUTCOMES, 0.25)
    assert found.clean[0] == 1 and found.cases == 4
