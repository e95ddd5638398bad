"""A plan carried out: what is kept, what is said about it, files of one's own, an end before the end."""

import json

import pytest

from core.data.build import KEPT, REPORT, StoppedError, bring, build, read_files, refine
from core.data.crawl import Crawl
from core.data.document import Document
from core.data.pipeline import process
from core.data.plan import Choice, Plan, Source, check_stages, usual_plan
from core.data.report import GROUPS, Report
from core.data.stage import Kept
from core.data.stages import usual

PLAN = usual_plan(Source(pages=200))
pytestmark = pytest.mark.slow  # refining a corpus, once


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    said = []
    report = build(folder, PLAN, lambda share, doing: said.append((share, doing)), lambda: False)
    return folder, report, said


def test_what_is_kept_is_what_a_loop_keeps(made):
    folder, report, _ = made
    from core.data.defects import leaks

    stages = usual(leaks.questions())
    loop = [process(stages, page.document) for page in Crawl(0).pages(0, 200)]
    kept = [document for document in loop if document is not None]
    lines = [json.loads(line) for line in (folder / KEPT).read_text().splitlines()]
    assert [(line["id"], line["text"]) for line in lines] == [(document.id, document.text) for document in kept]
    assert report.kept == [document.id for document in kept] and report.left.documents == len(kept)


def test_the_report_comes_back(made):
    folder, report, _ = made
    assert Report.load(folder / REPORT) == report


def test_progress_grows(made):
    shares = [share for share, _ in made[2]]
    assert shares == sorted(shares) and all(0 <= share <= 1 for share in shares)


def test_every_decision_is_counted_once(made):
    for stage in made[1].stages:
        dropped = sum(stage.verdicts.get(verdict, 0) for verdict in ("own", "other", "fine"))
        assert dropped == stage.dropped == sum(stage.reasons.values())
        assert len([one for one in stage.examples if one["after"] is None]) <= dropped


def test_shares_of_defects_against_the_crawl(made):
    report = made[1]
    pages = list(Crawl(0).pages(0, 200))
    for kind, count in report.before.items():
        group = GROUPS.get(kind, frozenset({kind}))
        assert count == sum(bool(page.kinds & group) for page in pages)
    assert all(report.after[kind] <= report.before[kind] for kind in report.after)
    foreign = {page.document.id for page in pages if "foreign" in page.kinds}
    assert report.after.get("foreign", 0) == len(foreign & set(report.kept))


def test_a_copy_comes_with_what_it_copies(made):
    stage = made[1].stage("near")
    copies = [one for one in stage.examples if one["after"] is None]
    assert copies
    for one in copies:
        number = one["twin"]["id"]
        assert number < one["id"] and number in range(200)
        document = Crawl(0).page(number).document
        for other in usual(())[:9]:
            if other.name not in ("exact duplicates",):
                outcome = other.judge(document)
                document = outcome.document if isinstance(outcome, Kept) else document
        assert one["twin"]["text"] == document.text[:3000]


def test_files_of_ones_own(tmp_path):
    good = "This is a story of the sea and of the wind that we have read to you. " * 12
    files = [("a.txt", good.encode()), ("broken.zip", b"PK"), ("b.html", f"<html><nav>x</nav><p>{good}</p>".encode())]
    bring(tmp_path, files)
    plan = Plan(Source("files", files="x"), check_stages([Choice("extract"), Choice("exact")]))
    report = build(tmp_path, plan, lambda *_: None, lambda: False)
    assert [file["name"] for file in report.files] == ["a.txt", "broken.zip", "b.html"]
    assert "damaged" in report.files[1]["note"]
    assert report.raw.documents == 2 and report.memory > 1e6
    texts = [json.loads(line)["text"] for line in (tmp_path / KEPT).read_text().splitlines()]
    assert texts[0] == good  # what is no HTML is not read as HTML


def test_the_same_from_paths(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "one"}\n{"text": "one"}\n')
    documents = read_files([tmp_path / "a.jsonl"])
    assert documents == [Document(i, "one", {"format": "text", "file": "a.jsonl"}) for i in range(2)]
    report = refine(Plan(Source("files"), (Choice("exact"),)), documents)
    assert report.kept == [0] and report.stages[0].examples[0]["twin"] == {"id": 0, "text": "one"}


def test_it_ends_when_it_is_told(tmp_path):
    with pytest.raises(StoppedError):
        build(tmp_path, PLAN, lambda *_: None, lambda: True)
    assert not (tmp_path / REPORT).exists()
