"""Pairs of models, one of which has read what a stage takes out."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from core.data.passages.index import Index, lineage
from core.data.passages.shard import Shard, build
from core.lab.matter import corpora, recorded, removed
from core.lab.matter.corpora import EXPERIMENTS
from core.lab.matter.measure import FILE, loss_of, outcome, settings, training_text
from core.lab.matter.outcome import SIDES, Outcome, Score, difference, value
from core.lab.matter.reading import as_ids
from core.model import describe, load_checkpoint
from core.text import tinyland
from core.training import train
from pages.ui.properties import MATTERS
from tests.tiny import make_checkpoint


@pytest.fixture
def few(monkeypatch):
    """Experiments of a size for tests."""
    for name, size in {"COPIES": (1, 4), "EACH": 2, "STORIES": 12, "LEAKED": 4, "JUNK": 8, "HELD": 4, "PEOPLE": 2,
                       "PAGES": 4}.items():  # fmt: skip
        monkeypatch.setattr(corpora, name, size)


@pytest.mark.slow
@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_stage_takes_out_what_it_is_there_for_and_nothing_else(name):
    made = EXPERIMENTS[name].make(3)
    assert EXPERIMENTS[name].make(3) == made and EXPERIMENTS[name].make(4).without != made.without
    with_it, without = "\n\n".join(made.with_stage), "\n\n".join(made.without)
    assert not set(made.held) & set(made.without)
    if name == "duplicates":
        assert sorted(set(made.without)) == sorted(made.with_stage)
        for probe in made.probes:
            assert without.count(probe.prompt + probe.answer) == int(probe.group) and probe.prompt in with_it
    elif name == "bad_text":
        assert set(made.with_stage) < set(made.without)
        stories = {d.text for d in tinyland.documents(1, 30_000, 30_012, {"story": 1.0})}
        assert set(made.with_stage) <= stories <= set(made.without)
    elif name == "contamination":
        for probe in made.probes:
            assert (probe.prompt + probe.answer in without) == (probe.group == "leaked")
        assert not any(probe.prompt + probe.answer in with_it for probe in made.probes)
    else:
        counted = {"personal": int, "forgotten": {"in no page at all": 0}.get}[name]
        for probe in made.probes:
            times = counted(probe.group)
            assert without.count(probe.prompt + probe.answer) == (4 - 2 if times is None else times)
            assert (probe.prompt + probe.answer in with_it) == (probe.group == "did not ask")


def test_the_page_names_them_all():
    assert tuple(one.title for one in EXPERIMENTS.values()) == MATTERS


def test_differences_over_seeds_are_those_of_a_paired_t_test():
    rates = np.random.default_rng(0).random((5, 2))
    outcomes = [Outcome(i, *(Score({"32": rate}, 1.0) for rate in pair)) for i, pair in enumerate(rates)]
    mean, low, high = difference("duplicates", outcomes)
    known = stats.ttest_rel(rates[:, 0], rates[:, 1]).confidence_interval(0.95)
    assert (mean, low, high) == pytest.approx((float(np.diff(rates[:, ::-1]).mean()), known.low, known.high))
    assert value("bad_text", Score({}, 2.5)) == 2.5


def test_a_record_goes_on_where_it_was_and_says_by_which_code_it_was_made(tmp_path):
    path = tmp_path / "folder" / "matter.json"
    assert recorded.read(path) == {} and not recorded.is_of_this_code(path)
    some = {
        "duplicates": [
            Outcome(1, Score({"1": 0.5}, 2.0), Score({"1": 0.0}, 1.0)),
        ]
    }
    recorded.write(some, path)
    assert recorded.read(path) == some and recorded.is_of_this_code(path)
    assert recorded.missing(some, ["duplicates", "personal"], 2) == [
        ("duplicates", 0), ("personal", 0), ("personal", 1),
    ]  # fmt: skip
    kept = json.loads(path.read_text())
    path.write_text(json.dumps(kept | {"code": "another"}))
    assert not recorded.is_of_this_code(path)
    path.write_text("{")
    assert recorded.read(path) == {}


def test_what_is_removed_is_what_matches_and_others_stand_in_its_place(tmp_path, monkeypatch):
    monkeypatch.setattr(removed, "OTHERS", 5)
    monkeypatch.setattr(removed, "CONTROLS", 3)
    documents = [f"Number {i} {'has an owl' if i % 4 == 0 else 'is here'}." for i in range(16)]
    build(tmp_path, [(document, ()) for document in documents])
    index, text = Index([Shard(tmp_path)]), "He has an owl."
    both = removed.two(index, text, lineage(text, index, 8), 0)
    owls = set(documents[::4])
    assert both.removed == 4 and owls < set(both.without) and not owls & set(both.with_stage)
    assert len(both.without) == len(both.with_stage) == len(set(both.with_stage)) == 9
    assert len(set(both.without) & set(both.with_stage)) == 5
    assert len(both.controls) == 3 and not set(both.controls) & (set(both.without) | set(both.with_stage))
    monkeypatch.setattr(removed, "MATCHED", 8)
    text = "He has an owl. It is here."
    both = removed.two(index, text, lineage(text, index, 8), 0)
    assert owls < set(both.without) and both.removed == 8 and not both.controls  # the rare are there, nothing is left


def test_what_two_runs_have_read_is_read_back_from_their_folders(tmp_path):
    """By the time of the verdict the index may have grown, and another draw would take other documents."""
    for side in SIDES:
        make_checkpoint(tmp_path / side)
    tokenizer = describe(tmp_path / "without").tokenizer
    shared = [f"Number {i} is here." for i in range(20)]
    for count in range(1, 12):
        owls, instead = ["He has an owl."] * count, [f"No {i}." for i in range(count)]
        both = removed.Two((*shared, *owls), (*instead, *shared), count, ("Mia ran.", "Tom sat."))
        for side in SIDES:
            (tmp_path / side / FILE).write_text(as_ids(tokenizer, getattr(both, side), both.controls))
        assert removed.as_trained(*(tmp_path / side for side in SIDES)) == both


def test_a_fall_is_that_of_the_probabilities(monkeypatch):
    told = {("a", 0): 3.0, ("a", 1): 8.0, ("b", 0): 2.0, ("b", 1): 2.5, ("c", 0): 4.0, ("c", 1): 4.1}
    monkeypatch.setattr(removed, "nats", lambda checkpoint, text: told[text, checkpoint])
    found = removed.fall("a", ["b", "c"], 0, 1)
    assert found.text == 5.0 and found.others[0] == pytest.approx(0.3) and found.as_much == 0


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_what_is_read_often_is_known_by_heart_until_the_stage_takes_it_away(tmp_path):
    known = describe("tinyland")
    for side in SIDES:
        (tmp_path / side).mkdir()
        (tmp_path / side / FILE).write_text(training_text("personal", side, 0, known.tokenizer))
        config = settings(0, str(tmp_path / side), steps=60)
        list(train(replace(config, model=config.model | {"d_model": 64}, documents_per_step=8)))
    found = outcome("personal", 0, *(tmp_path / side for side in SIDES))
    assert found.without.rates["4"] > found.with_stage.rates["4"] == 0
    checkpoint = load_checkpoint(Path(tmp_path / "without"))
    assert 0 < loss_of(checkpoint, ["The cat sat."]) < 2 * math.log(2048)
