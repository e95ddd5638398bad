"""What the base class counts and keeps, how stages follow one another, and how they are scored."""

import math
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from core.data.document import Document, Label, Page
from core.data.pipeline import funnel, process, run
from core.data.score import Judge
from core.data.stage import INSPECTED, Change, Dropped, Kept, Stage
from core.intervals import wilson


class Short(Stage):
    name = "short"
    drops: ClassVar = frozenset({"too_short"})

    def judge(self, document):
        return Dropped("short", str(len(document.text))) if len(document.text) < 4 else Kept(document)


class Upper(Stage):
    name = "upper"
    mends: ClassVar = frozenset({"quiet"})

    def judge(self, document):
        text = document.text.upper()
        changes = (Change(document.text, text, "raised"),) if text != document.text else ()
        return Kept(Document(document.id, text), changes)


class Copies(Stage):
    name = "copies"
    drops: ClassVar = frozenset({"exact_copy"})

    def __init__(self):
        super().__init__()
        self.seen = set()

    def judge(self, document):
        known = document.text in self.seen
        self.seen.add(document.text)
        return Dropped("known") if known else Kept(document)


def documents(*texts):
    return [Document(i, text) for i, text in enumerate(texts)]


@pytest.mark.slow
@given(st.lists(st.text(alphabet="aBé \n", max_size=8), max_size=60))
def test_the_funnel_counts_what_a_loop_would(texts):
    stages = [Short(), Upper()]
    kept = list(run(stages, documents(*texts)))
    long = [text for text in texts if len(text) >= 4]
    assert [document.text for document in kept] == [text.upper() for text in long]
    raw, short, upper = funnel(stages)
    for step, left in ((raw, texts), (short, long), (upper, [text.upper() for text in long])):
        assert step.size.documents == len(left)
        assert step.size.bytes == sum(len(text.encode()) for text in left)
        assert step.size.tokens == sum(len(text.split()) for text in left)
    statistics = stages[0].statistics
    assert statistics.reasons.total() == len(texts) - len(long)
    assert stages[1].statistics.changed == stages[1].statistics.steps["raised"] == sum(t != t.upper() for t in long)


def test_dropped_documents_can_be_inspected_up_to_a_bound():
    stage = Short()
    for document in documents(*["x"] * (3 * INSPECTED)):
        stage.process(document)
    kept = stage.statistics.dropped["short"]
    assert [document.id for document, _ in kept] == list(range(INSPECTED))
    assert {outcome for _, outcome in kept} == {Dropped("short", "1")}
    assert stage.statistics.reasons["short"] == 3 * INSPECTED


def test_a_pipeline_takes_one_document_at_a_time():
    taken = []

    def source():
        for document in documents("abcd", "efgh"):
            taken.append(document.id)
            yield document

    stream = run([Upper()], source())
    assert next(stream).text == "ABCD" and taken == [0]


def test_a_dropped_document_reaches_no_later_stage():
    seen = []
    assert process([Short(), Upper()], Document(0, "x"), lambda number, *_: seen.append(number)) is None
    assert seen == [0]
    assert funnel([]) == []


@pytest.mark.slow
@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(counts):
    hits, total = counts
    theirs = binomtest(hits, total).proportion_ci(0.95, "wilson")
    assert wilson(hits, total) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


def test_of_nothing_nothing_is_known():
    assert wilson(0, 0) == (0.0, 1.0)
    assert math.isnan(Judge([Short()]).dropping[0].precision.value)


def page(number, text, *labels):
    return Page(Document(number, text), tuple(labels))


def whole(kind, text, of=None, truth=None):
    return Label(kind, 0, len(text), of, truth)


def test_what_was_dropped_rightly_wrongly_and_not_at_all():
    stages = [Short(), Copies()]
    judge = Judge(stages)
    left = list(judge.run([
        page(0, "ab", whole("too_short", "ab")),
        page(1, "cd"),
        page(2, "ef", whole("exact_copy", "ef", of=1)),
        page(3, "long", whole("too_short", "long")),
    ]))  # fmt: skip
    assert [document.id for document in left] == [3]
    score = judge.dropping[0]
    assert (score.right, score.wrong, score.missed, score.clean) == (1, 2, 1, 1)
    assert score.wrongly == [(1, "short"), (2, "short")] and score.overlooked == [(3, "too_short")]
    assert (score.precision.hits, score.precision.total) == (1, 3)
    assert (score.recall.hits, score.recall.total) == (1, 2) == (1, score.labelled["too_short"])


def test_of_copies_that_reach_a_stage_the_first_should_stay():
    judge = Judge([Short(), Copies()])
    pages = [page(0, "ab"), *(page(n, "abcd", whole("exact_copy", "abcd", of=0)) for n in (1, 2, 3))]
    assert [document.id for document in judge.run(pages)] == [1]
    assert (judge.dropping[1].right, judge.dropping[1].wrong, judge.dropping[1].missed) == (2, 0, 0)


def test_mending_is_scored_by_span():
    judge = Judge([Upper()])
    list(judge.run([page(0, "abcd", whole("quiet", "abcd", truth="ABCD")), page(1, "efgh"),
                    page(2, "1234", whole("quiet", "1234"))]))  # fmt: skip
    score = judge.mending[0]
    assert (score.right, score.wrong, score.missed) == (1, 1, 1)
    assert score.wrongly == [(1, "efgh")] and score.overlooked == [(2, "1234")]
