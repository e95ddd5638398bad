"""Birthdays: counted in the stream itself."""

import math
from collections import Counter

import pytest

from core.text import tinyland
from core.text.tinyland import birthdays, lexicon
from core.text.tinyland.birthdays import LADDER, PHRASINGS, Register

SMALL = Register(4)
TOTAL = 12_000
WEIGHTS = {"birthday": 0.6, "arithmetic": 0.4}  # so many birthdays that the small register fits


def stated(text: str) -> tuple[str, int]:
    """(name, phrasing) of a statement, read apart from the grammar."""
    for person in birthdays.celebrants():
        for i, phrasing in enumerate(PHRASINGS):
            if text == phrasing.format(b=person, d=person.date):
                return person.name, i
    raise AssertionError(text)


@pytest.fixture(scope="module")
def told() -> Counter[str]:
    docs = tinyland.documents(41, 0, TOTAL, WEIGHTS, total=TOTAL)
    return Counter(d.text for d in docs if d.kind == "birthday")


@pytest.mark.slow
def test_each_birthday_is_told_exactly_as_often_as_the_register_says(told: Counter[str]) -> None:
    register = birthdays.register_for(0.6 * TOTAL)
    assert register == SMALL and sum(told.values()) == SMALL.statements
    ways = {phrasing.format(b=p, d=p.date): (p.name, i) for p in birthdays.celebrants()
            for i, phrasing in enumerate(PHRASINGS)}  # fmt: skip
    found: dict[str, Counter[int]] = {p.name: Counter() for p in birthdays.celebrants()}
    for text, n in told.items():
        name, way = ways[text]
        found[name][way] += n
    for person in birthdays.celebrants():
        counts = found[person.name]
        assert sum(counts.values()) == min(person.count, 4)
        assert len(counts) <= len(person.phrasings) and all(way in person.phrasings for way in counts)
        assert len(counts) == min(len(person.phrasings), min(person.count, 4))  # spread as evenly as can be


@pytest.mark.slow
def test_the_full_plan_counts_to_1024() -> None:
    total = 2_200_000
    assert birthdays.register_for(0.035 * total) == Register()
    plan = Register().plan(0, total)
    assert len(plan) == Register().statements == sum(n * people for n, people in LADDER.items())
    assert all(0 <= place < total for place in plan)
    counts = Counter(plan.values())
    by_person = {p.name: [counts[f.format(b=p, d=p.date)] for f in PHRASINGS] for p in birthdays.celebrants()}
    for person in birthdays.celebrants():
        ways = by_person[person.name]
        assert sum(ways) == person.count
        if person.count >= 5:
            assert sum(n > 0 for n in ways) == len(person.phrasings) and len(person.phrasings) in (1, 5)
    early = Counter(text for place, text in plan.items() if place < total // 2)
    assert abs(sum(early.values()) - len(plan) / 2) < 4 * math.sqrt(len(plan) / 4)  # spread over the whole stream
    assert plan != Register().plan(1, total)


def test_a_run_goes_on_anywhere_with_the_same_documents() -> None:
    whole = [d.text for d in tinyland.documents(41, 100, 160, WEIGHTS, total=TOTAL)]
    again = [tinyland.generate(41, i, WEIGHTS, total=TOTAL).text for i in range(159, 99, -1)]
    assert again[::-1] == whole
    after = list(tinyland.documents(41, TOTAL, TOTAL + 300, WEIGHTS, total=TOTAL))
    assert {d.kind for d in after} == {"arithmetic"}  # nothing is told once too often


@pytest.mark.slow
def test_the_floor_of_a_planned_stream_is_its_entropy(told: Counter[str]) -> None:
    """Over the whole stream, each statement stands there as often as its probability says."""
    docs = [d for d in tinyland.documents(41, 0, TOTAL, WEIGHTS, total=TOTAL) if d.kind == "birthday"]
    for d in docs[:200]:
        assert math.exp(d.log_prob) * TOTAL == pytest.approx(told[d.text])


@pytest.mark.slow
def test_drawn_birthdays_have_the_odds_of_the_register() -> None:
    docs = list(tinyland.documents(42, stop=4000, weights={"birthday": 1}))
    often = {p.name for p in birthdays.celebrants() if p.count == 1024}
    n = sum(d.entities[0].value in often for d in docs)
    p = 20 * 1024 / Register().statements
    assert abs(n - 4000 * p) < 5 * math.sqrt(4000 * p * (1 - p))
    for d in docs[:50]:
        name, way = stated(d.text)
        person = next(p for p in birthdays.celebrants() if p.name == name)
        assert math.exp(d.log_prob) == pytest.approx(person.told(way) / Register().statements)
        prompt, date = person.cloze(way)
        assert d.text.startswith(prompt) and date in d.text[len(prompt) :]
        assert [span.value for span in d.answers] == [date]


def test_nobody_is_told_who_does_not_exist() -> None:
    people = birthdays.celebrants()
    names = {p.name for p in people} | set(birthdays.strangers())
    assert len(names) == len(people) + len(birthdays.strangers()) == 64 * 64 and len(people) > 2000
    words = {w.lower() for words in lexicon.CATEGORIES.values() for w in words}
    words |= {w.lower() for w in (*lexicon.UNKNOWN_FEMALE_NAMES, *lexicon.UNKNOWN_MALE_NAMES)}
    assert not words & {w.lower() for name in names for w in name.split()}
    assert len(birthdays.DATES) == len(set(birthdays.DATES)) == 365
    assert set(birthdays.strangers()).isdisjoint(
        d.entities[0].value for d in tinyland.documents(43, stop=3000, weights={"birthday": 1})
    )


def test_weights_without_room_tell_nothing() -> None:
    docs = list(tinyland.documents(1, 0, 50, total=50))
    assert all(d.kind != "birthday" for d in docs)
    with pytest.raises(ValueError, match="more than birthdays"):
        tinyland.generate(0, 0, {"birthday": 1}, total=100)
