"""The labels of a crawl say what is so, and a page depends on its seed and number alone."""

import itertools
import json
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from html import unescape
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban, luhn

from core.data.crawl import EXTRAS, RIGHTS, SHAPES, Crawl
from core.data.defects import leaks, mojibake, personal
from core.text.tinyland import HELD_OUT_SEED

ROOT = Path(__file__).parents[3]


@cache
def pages():
    return list(Crawl(3).pages(0, 1500))


def labels(*kinds):
    return [(page, label) for page in pages() for label in page.of_kind(*kinds)]


def paragraphs(page, label):
    return [unescape(found) for found in re.findall(r"<p>(.*?)</p>", page.raw(label))]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, HELD_OUT_SEED - 1), st.integers(0, 3000))
def test_a_page_is_a_function_of_seed_and_number(seed, number):
    page = Crawl(seed).page(number)
    assert page == Crawl(seed).page(number) == next(Crawl(seed).pages(number))
    assert page.document.id == number
    length = len(page.document.text)
    assert all(0 <= label.start <= label.end <= length for label in page.labels)


def test_seeds_differ():
    assert Crawl(0).page(7).document.text != Crawl(1).page(7).document.text


@pytest.mark.parametrize("seed", [-1, HELD_OUT_SEED])
def test_the_stream_held_out_is_never_crawled(seed):
    with pytest.raises(ValueError, match="seed"):
        Crawl(seed)


def test_the_shares_are_as_planned():
    """Within five standard deviations; the first copies have nothing to copy, so those may be fewer."""
    crawl, n = Crawl(0), 4000
    plans = [crawl.plan(i) for i in range(n)]
    shapes = Counter(plan.shape for plan in plans)
    for shape, share in SHAPES.items():
        share /= sum(SHAPES.values())
        assert abs(shapes[shape] / n - share) < 5 * (share * (1 - share) / n) ** 0.5 + 0.002, shape
    articles = [plan for plan in plans if plan.shape == "article"]
    for extra, odds in EXTRAS.items():
        found = sum(extra in plan.extras for plan in articles) / len(articles)
        assert abs(found - odds) < 5 * (odds / len(articles)) ** 0.5, extra
    for problem, odds in RIGHTS.items():
        assert abs(sum(plan.rights == problem for plan in plans) / n - odds) < 5 * (odds / n) ** 0.5, problem


MEMORY = """
import json, tracemalloc
from core.data.crawl import Crawl

tracemalloc.start()
far = Crawl(9).pages(1_000_000)
held = []
for few in (50, 200):
    for _ in range(few):
        next(far)
    held.append(tracemalloc.get_traced_memory()[0])
print(json.dumps([*held, tracemalloc.get_traced_memory()[1]]))
"""


@pytest.mark.slow
def test_pages_are_streamed():
    """A page far away costs no more memory than one nearby, and hundreds in turn no more than a few: none is kept.

    In a process of its own: what threads of other tests still do would be counted too."""
    done = subprocess.run([sys.executable, "-c", MEMORY], cwd=ROOT, capture_output=True, text=True, check=True)
    few, many, peak = json.loads(done.stdout)
    assert peak < 20e6
    assert many - few < 0.7e6  # where each is kept it is 1.1 MB


@pytest.mark.slow
def test_copies_are_of_clean_pages_before_them():
    by_id = {page.document.id: page for page in pages()}
    seen = labels("exact_copy", "near_copy")
    assert len(seen) > 150
    for page, label in seen:
        source = by_id[label.of]
        assert label.of < page.document.id
        (original,) = source.of_kind("main")
        same = paragraphs(page, label) == paragraphs(source, original)
        assert same == (label.kind == "exact_copy")


@pytest.mark.slow
def test_translations_are_of_foreign_pages_and_name_the_same_people():
    by_id = {page.document.id: page for page in pages()}
    seen = labels("translated_copy")
    assert len(seen) > 10
    for page, label in seen:
        source = by_id[label.of]
        (original,) = source.of_kind("foreign")
        names = [set(re.findall(r"\b[A-Z]\w+ley\b|\b[A-Z]\w+ton\b", found.raw(label_)))
                 for found, label_ in ((page, label), (source, original))]  # fmt: skip
        assert names[0] == names[1]


@pytest.mark.slow
def test_templates_of_one_number_share_their_sentences():
    by_number = {}
    for page, label in labels("template"):
        by_number.setdefault(label.of, []).append(set(page.raw(label).split()))
    assert len(by_number) == 3
    for of_one in by_number.values():
        assert all(len(a & b) / len(a | b) > 0.8 for a, b in itertools.pairwise(of_one))


def test_leaks_are_of_the_question_they_name():
    for page, label in labels("leak"):
        assert "\n".join(paragraphs(page, label)) == leaks.questions()[label.of]
    assert len(labels("leak_paraphrase")) > 10
    for page, label in labels("leak_paraphrase"):
        question, told = leaks.questions()[label.of], " ".join(paragraphs(page, label))
        assert set(re.findall(r"\b[A-Z]\w{3,}\b", question)) - {"Where", "Does", "Nobody", "Once", "With"} <= set(
            re.findall(r"\w+", told)
        )
        assert question not in told


def test_mojibake_is_the_truth_misread():
    seen = labels(*mojibake.LABELS)
    assert {label.kind for _, label in seen} == set(mojibake.LABELS)
    for page, label in seen:
        assert page.shown(label) == mojibake.misread(label.truth, label.kind.removeprefix("mojibake_")) != label.truth


def test_personal_data_is_valid_and_of_ranges_for_examples():
    for page, label in labels("card"):
        assert luhn.is_valid(re.sub(r"\D", "", page.shown(label)))
    for page, label in labels("iban"):
        assert iban.is_valid(page.shown(label))
        assert "TEST" in page.shown(label) or "5000000" in page.shown(label).replace(" ", "")
    for page, label in labels("phone"):
        assert phonenumbers.is_valid_number(phonenumbers.parse(page.shown(label).replace("0049", "+49"), "US"))
    for page, label in labels("email"):
        assert re.fullmatch(r"\S+@(mail\.)?example\.(com|org|net)", page.shown(label))
    for page, label in labels("ip"):
        assert page.shown(label).startswith(("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8::"))
    assert {label.kind for _, label in labels(*personal.KINDS)} == set(personal.KINDS)
    assert len(labels("name")) == len(labels(*personal.KINDS))


def test_no_decoy_passes_a_check():
    assert len(labels("decoy")) > 50
    for page, label in labels("decoy"):
        shown = page.shown(label)
        digits = re.sub(r"\D", "", shown)
        assert not iban.is_valid(shown)
        assert shown[0] not in "41" or len(digits) not in (13, 16) or not luhn.is_valid(digits)


def test_what_a_page_says_of_its_rights():
    for page in pages():
        text = page.document.text
        assert ("no_licence" in page.kinds) == ('rel="license"' not in text)
        assert ("opt_out" in page.kinds) == ("noai" in text or 'tdm-reservation" content="1"' in text)
        assert ("no_consent" in page.kinds) == ('content="refused"' in text)
