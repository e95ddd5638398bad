"""Measures of many texts: on texts whose measures are known by construction, and against single draws."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.skills.quality import claims, curve, distinct, measure, repetition, truth
from core.generation import Sampler, generate
from core.model import load_checkpoint
from core.text import tinyland
from tests.tiny import make_checkpoint


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny"
    make_checkpoint(folder)
    return load_checkpoint(folder)


def test_distinct_and_repetition_by_hand():
    assert distinct([[1, 2, 1, 2]], 1) == 0.5 and distinct([[1, 2, 1, 2]], 2) == pytest.approx(2 / 3)
    assert distinct([[1, 2], [1, 2]], 2) == 0.5 and math.isnan(distinct([[1]], 2))
    assert repetition([7] * 10) == pytest.approx(6 / 7) and repetition([1, 2, 3, 4, 5]) == 0 == repetition([1, 1])


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(st.lists(st.lists(st.integers(0, 3), max_size=12), max_size=5), st.integers(1, 3))
def test_distinct_counts_what_a_set_of_strings_counts(texts, n):
    grams = ["".join(map(str, text[i : i + n])) for text in texts for i in range(len(text)) if i + n <= len(text)]
    expected = len(set(grams)) / len(grams) if grams else math.nan
    assert distinct(texts, n) == pytest.approx(expected, nan_ok=True)


@pytest.mark.slow
def test_truth_on_documents_that_the_world_wrote_and_on_a_lie():
    entries = [d.text for d in tinyland.documents(3, stop=6, weights={"entry": 1})]
    parsed, true = truth(entries)
    assert (parsed.right, parsed.n) == (6, 6) and true.right == true.n > 0
    home = next(
        d.text for d in tinyland.documents(0, weights={"entry": 1}) if d.claims[0][1] == "home" and len(d.claims) == 2
    )
    claim = next(c for c in tinyland.parse(home).claims if c[1] == "home")
    town = next(f.value for f in tinyland.WORLD.facts if f.relation == "home" and f.value != claim[2])
    lie = home.replace(claim[2], town)
    assert claims(home) == (True, tinyland.parse(home).claims)
    told = tuple(tuple(part.replace(claim[2], town) for part in said) for said in claims(home)[1])
    assert claims(lie) == (False, told)
    parsed, true = truth([home, lie, "Purple monkeys dishwasher.", entries[0][:-3]])
    assert parsed.right == 1 and true.n == 2 * len(told) and len(told) <= true.right < true.n


@pytest.mark.slow
def test_measures_are_those_of_the_texts_that_generate_writes(checkpoint):
    eot, sampler, seeds = checkpoint.tokenizer.eot, Sampler(temperature=0.9), [4, 5, 6]
    heard = []
    found = measure(checkpoint, [eot], sampler, seeds, 12, lambda share, doing: heard.append(share))
    written = [list(generate(checkpoint.model, [eot], sampler, 12, seed, stop={eot})) for seed in seeds]
    ids = [[step.id for step in steps] for steps in written]
    assert found.texts == tuple(checkpoint.tokenizer.decode([id for id in text if id != eot]) for text in ids)
    assert found.length == sum(map(len, ids)) / 3 and found.distinct[1] == distinct(ids, 2)
    every = [math.log(step.raw_probability) for steps in written for step in steps]
    assert found.log_prob == pytest.approx(sum(every) / len(every), abs=1e-4)
    assert found.parsed.n == 3 and heard == sorted(heard) and heard[-1] < 1


@pytest.mark.slow
def test_the_curve_changes_the_temperature_alone(checkpoint):
    words = []
    found = curve(checkpoint, Sampler(top_k=5), (0.0, 1.0), [1, 2], 8, lambda share, doing: words.append(doing))
    assert [q.sampler for q in found] == [Sampler(temperature=0.0, top_k=5), Sampler(top_k=5)]
    assert len(set(found[0].texts)) == 1  # greedy: the seeds do not matter
    assert any(word.startswith("temperature 1,") for word in words)
