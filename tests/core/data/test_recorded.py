"""The usual stages on a fixed crawl: how often each is right, as recorded. A change of rule or library shows here."""

import pytest

from core.data.crawl import Crawl
from core.data.defects import leaks
from core.data.pipeline import funnel
from core.data.score import Judge
from core.data.stages import usual

pytestmark = pytest.mark.thorough
PAGES = 1500


@pytest.fixture(scope="module")
def judge():
    judge = Judge(usual(leaks.questions()))
    judge.kept = list(judge.run(Crawl(0).pages(0, PAGES)))
    return judge


# dropped rightly, wrongly, missed, and of those wrongly dropped the ones that nothing was the matter with
DROPPED = {
    "language": (114, 52, 0, 0),
    "Gopher repetition": (60, 3, 22, 0),
    "Gopher quality": (78, 0, 11, 0),
    "C4": (11, 28, 0, 0),
    "FineWeb": (0, 21, 0, 7),
    "exact duplicates": (27, 0, 70, 0),
    "near duplicates": (181, 0, 93, 0),
    "decontamination": (37, 0, 28, 0),
    "licence and consent": (112, 0, 0, 0),
}
# changed rightly, wrongly
CHANGED = {
    "repair": (58, 0),
    "personal data": (233, 0),
}
# mended, of how many
MENDED = {
    "script": (1500, 1500),
    "navigation": (11908, 11915),
    "advert": (849, 1778),
    "mojibake_macroman": (7, 7),
    "mojibake_latin1": (9, 9),
    "mojibake_lossy": (0, 8),
    "mojibake_twice": (11, 11),
    "mojibake_cp437": (17, 17),
    "mojibake_entities": (8, 8),
    "mojibake_cp1252": (6, 6),
    "name": (0, 233),
    "address": (31, 31),
    "ip": (36, 36),
    "phone": (32, 32),
    "email": (34, 34),
    "card": (44, 44),
    "iban": (56, 56),
}


@pytest.mark.parametrize("name", DROPPED)
def test_dropped(judge, name):
    number = [stage.name for stage in judge.stages].index(name)
    score = judge.dropping[number]
    assert (score.right, score.wrong, score.missed, score.clean) == DROPPED[name]


@pytest.mark.parametrize("name", CHANGED)
def test_changed(judge, name):
    number = [stage.name for stage in judge.stages].index(name)
    score = judge.mending[number]
    assert (score.right, score.wrong) == CHANGED[name]


@pytest.mark.parametrize("kind", MENDED)
def test_mended(judge, kind):
    (rate,) = [score.recall_of(kind) for score in judge.mending if kind in score.labelled]
    assert (rate.hits, rate.total) == MENDED[kind]


def test_the_tables_name_every_stage_that_has_something_to_do(judge):
    assert set(DROPPED) == {stage.name for stage in judge.stages if stage.drops}
    assert set(CHANGED) == {s.name for s, score in zip(judge.stages, judge.mending, strict=True) if score.right}
    assert set(MENDED) == {kind for score in judge.mending for kind in score.labelled}


def test_the_funnel_narrows_to_what_is_kept(judge):
    steps = funnel(judge.stages)
    sizes = [step.size.documents for step in steps]
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[-1]) == (PAGES, len(judge.kept))
    assert steps[-1].size.bytes == sum(len(document.text.encode()) for document in judge.kept)
    for stage in judge.stages:
        statistics = stage.statistics
        assert statistics.seen.documents == statistics.kept.documents + statistics.reasons.total()


def test_what_gets_through_is_what_no_rule_can_see(judge):
    """Paraphrased questions, templates, copies much changed, insults; a copy alone where the page it copies went."""
    crawl = Crawl(0)
    unwanted = {"foreign", "gibberish", "spam", "word_list", "too_short", "too_long", "exact_copy", "leak",
                "no_licence", "opt_out", "no_consent"}  # fmt: skip
    left = [crawl.page(document.id) for document in judge.kept]
    assert {kind for page in left for kind in page.kinds & unwanted} <= {"exact_copy"}
