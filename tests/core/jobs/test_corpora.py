"""Corpora through the queue of the runs: made once, watched, cancelled, and cleared away."""

import os
import time

import pytest

from core import jobs
from core.data.build import refine
from core.data.plan import Choice, Plan, Source, check_stages
from core.jobs import corpora, server
from core.runs.corpora import clear_away, corpus_folder, list_corpora
from tests.waiting import wait_for

pytestmark = pytest.mark.thorough
STAGES = check_stages([Choice("extract"), Choice("exact")])
SMALL, ENDLESS = Plan(Source(pages=60), STAGES), Plan(Source(pages=900_000), STAGES)


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path))
    yield tmp_path
    for folder in list_corpora():
        server.end(folder, wait=5)


def ended(corpus):
    wait_for(lambda: corpora.status(corpus).state not in ("queued", "running"))
    return corpora.status(corpus)


def test_a_corpus_is_made_once_and_is_what_the_plan_says():
    key = jobs.new_key()
    corpus = corpora.start(SMALL, key)
    assert corpora.start(SMALL, jobs.new_key()) == corpus
    assert ended(corpus).state == "finished"
    report = corpora.report(corpus)
    assert report.kept == refine(SMALL).kept
    before = os.stat(corpus_folder(corpus) / "report.json").st_mtime_ns
    assert corpora.start(SMALL, key) == corpus and os.stat(corpus_folder(corpus) / "report.json").st_mtime_ns == before


def test_files_that_a_visitor_brings():
    plan = Plan(Source("files", files="x"), STAGES)
    corpus = corpora.start(plan, jobs.new_key(), [("a.txt", b"text"), ("../b.txt", b"text"), ("c.bin", b"text")])
    assert ended(corpus).state == "finished"
    report = corpora.report(corpus)
    assert [file["name"] for file in report.files] == ["a.txt", "../b.txt", "c.bin"] and report.kept == [0]


def test_only_who_started_it_or_was_given_it_can_cancel_it():
    first, key = jobs.new_key(), jobs.new_key()
    corpus = corpora.start(ENDLESS, first)
    corpora.hand_over(corpus, jobs.new_key(), key)
    assert corpora.owns(corpus, first) and not corpora.owns(corpus, key)
    corpora.hand_over(corpus, first, key)
    assert not corpora.owns(corpus, first)
    wait_for(lambda: corpora.status(corpus).share > 0)
    assert not corpora.owns(corpus, jobs.new_key()) and corpora.owns(corpus, key)
    with pytest.raises(jobs.NotYours):
        corpora.stop(corpus, jobs.new_key())
    corpora.stop(corpus, key)
    assert corpora.status(corpus).state == "stopped"
    with pytest.raises(jobs.RunError):
        corpora.report(corpus)


def test_it_waits_its_turn_in_the_queue(monkeypatch):
    monkeypatch.setenv("GLASSBOX_RUNNING", "1")
    key = jobs.new_key()
    first, second = corpora.start(ENDLESS, key), corpora.start(SMALL, key)
    assert corpora.status(second).state == "queued" and corpora.status(second).position == 1
    corpora.stop(second, key)
    assert corpora.status(second).state == "stopped"
    again = corpora.start(SMALL, key)
    corpora.stop(first, key)
    assert ended(again).state == "finished"


def test_one_visitor_may_not_have_them_all(monkeypatch):
    monkeypatch.setenv("GLASSBOX_PER_VISITOR", "1")
    key = jobs.new_key()
    corpora.start(ENDLESS, key)
    with pytest.raises(jobs.TooManyRuns):
        corpora.start(SMALL, key)


def test_what_went_wrong_is_said(root):
    plan = Plan(Source("files", files="y"), STAGES)
    corpus = corpora.start(plan, None, [("a.txt", b"x")])
    ended(corpus)
    (corpus_folder(corpus) / "report.json").write_text("{")
    with pytest.raises(jobs.RunError, match="run the pipeline again"):
        corpora.report(corpus)


@pytest.mark.parametrize("name", ["", "corpus-", "corpus-../../etc", "run-20260101-0123456789ab", "corpus-" + "g" * 16])
def test_what_is_no_id_is_refused(name):
    with pytest.raises(jobs.RunError):
        corpora.status(name)


def test_old_ones_are_cleared_away_unless_they_have_a_name(root):
    corpus = corpora.start(SMALL, None)
    ended(corpus)
    folder = corpus_folder(corpus)
    clear_away([])
    assert folder.exists()
    old = time.time() - 2 * 24 * 3600
    os.utime(folder, (old, old))
    clear_away([folder])
    assert folder.exists()
    clear_away([])
    assert not folder.exists()
