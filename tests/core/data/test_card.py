"""The data card says what the report says, and what a visitor called a file is only words in it."""

import hashlib
import json
from datetime import UTC, datetime

import pytest

from core.data.build import line_of, refine
from core.data.card import CROISSANT, MARKDOWN, croissant, markdown, write_card
from core.data.document import Document
from core.data.plan import Choice, Plan, Source, check_stages, usual_plan

pytestmark = pytest.mark.slow  # refining a corpus, once


@pytest.fixture(scope="module")
def report():
    return refine(usual_plan(Source(pages=150)))


def test_every_number_of_the_report_is_in_it(report):
    text = markdown("mine", report)
    assert f"{report.left.documents:,} documents" in text and f"{report.raw.bytes:,} bytes" in text
    for made in report.stages:
        (row,) = [line for line in text.splitlines() if line.startswith(f"| {made.name} |")]
        assert row.endswith(f"| {made.seen.documents:,} | {made.dropped:,} | {made.changed:,} |")
    for kind, count in report.after.items():
        assert kind == "decoy" or f"{count:,} of {report.left.documents:,}" in text


def test_what_was_left_out_is_a_known_gap():
    report = refine(Plan(Source(pages=40), check_stages([Choice("extract")])))
    text = markdown("mine", report)
    assert "no stage “near duplicates” was run" in text and "not searched for" in text and "Nobody was asked" in text


def test_words_of_a_visitor_are_no_markup():
    plan = Plan(Source("files"), (Choice("normalise"),))
    report = refine(plan, [Document(0, "a")])
    hostile = {"name": "a|b](http://x) <script>\n# c", "documents": 1, "bytes": 1, "note": "*!*"}
    text = markdown("# `x`", type(report)(**vars(report) | {"files": [hostile]}))
    assert "<script>" not in text and "](http" not in text and "\n# c" not in text and "\\*\\!\\*" in text


def test_croissant_has_all_that_it_must(report, tmp_path):
    shard = tmp_path / "00000.jsonl"
    shard.write_text(line_of(Document(0, "é")), encoding="utf-8")
    write_card(tmp_path, "mine", report)
    card = json.loads((tmp_path / CROISSANT).read_text())
    assert card == json.loads(json.dumps(croissant("mine", report, [shard])))
    assert (tmp_path / MARKDOWN).read_text() == markdown("mine", report)
    required = {"@context", "@type", "conformsTo", "name", "description", "license", "url", "creator", "datePublished",
                "distribution", "recordSet"}  # fmt: skip
    assert required <= card.keys() and card["@type"] == "sc:Dataset" and all(card[name] for name in required)
    assert card["datePublished"] == datetime.fromtimestamp(shard.stat().st_mtime, UTC).date().isoformat()
    (file,) = card["distribution"]
    assert file["sha256"] == hashlib.sha256(shard.read_bytes()).hexdigest()
    (records,) = card["recordSet"]
    line = json.loads(shard.read_text())
    for field in records["field"]:
        assert field["source"]["fileObject"]["@id"] == file["@id"]
        assert field["source"]["extract"]["column"] in line
    ids = [file["@id"], records["@id"], *(field["@id"] for field in records["field"])]
    assert len(set(ids)) == len(ids) and not any(" " in one for one in ids)
    assert [json.loads(one)["stage"] for one in card["rai:dataPreprocessingProtocol"]] == [
        m.name for m in report.stages
    ]
