"""What is said once and used again: spaces with exact probabilities, and texts that can only be copied from."""

import math
import random
import re
from collections import Counter
from itertools import product

import pytest

from core.text import tinyland
from core.text.tinyland import coined
from core.text.tinyland.coined import Coined, Shapes, Without

SMALL = Shapes([(("ba", "do"), ("n", "ki")), (("ba", "do"), ("ki",), ("l",)), (("1", "2"),)])


@pytest.mark.slow
def test_a_space_writes_each_text_as_often_as_it_says() -> None:
    every = {str(text): math.exp(p) for text, p in SMALL.all()}
    assert len(every) == 8 and sum(every.values()) == pytest.approx(1)
    dice = random.Random(1).random
    n = 20_000
    counts = Counter()
    for _ in range(n):
        text, p = SMALL.draw(dice)
        assert every[text] == pytest.approx(math.exp(p)) == pytest.approx(math.exp(text.log_prob))
        counts[str(text)] += 1
    chi2 = sum((counts[text] - n * p) ** 2 / (n * p) for text, p in every.items())
    assert chi2 < 7 + 5 * math.sqrt(14)


def test_what_a_space_wrote_it_reads_in_one_way_and_nothing_else() -> None:
    for text, p in SMALL.all():
        assert list(SMALL.read(f"x {text}.", 2)) == [(text, p)]
        assert list(SMALL.read(f"{text}9", 0)) == []  # the word goes on
    assert list(SMALL.read("bado", 0)) == []


def test_without_what_was_used_the_rest_sums_to_one() -> None:
    used = (*[text for text, _ in SMALL.all()][:3], Coined("elsewhere", Shapes([(("elsewhere",),)]), 0.0))
    rest = Without(SMALL, used)
    every = dict(rest.all())
    assert len(every) == 5 and sum(math.exp(p) for p in every.values()) == pytest.approx(1)
    dice = random.Random(2).random
    for _ in range(200):
        text, p = rest.draw(dice)
        assert every[text] == pytest.approx(p) and text not in used
        assert [found for found, _ in rest.read(text, 0)] == [text]
    assert list(rest.read(used[0], 0)) == []


def test_shapes_of_names_do_not_overlap() -> None:
    """A name has one reading: consonants and vowels tell its shape, and the shape its parts."""
    kinds = ["".join("v" if c in "aeiou" else "c" for c in part[0].lower()) for s in coined.NAME_SHAPES for part in s]
    shapes = ["".join(kinds[i : i + len(s)]) for i, s in zip((0, 4, 7), coined.NAME_SHAPES, strict=True)]
    assert len(set(shapes)) == 3
    dice = random.Random(3).random
    names = coined.SPACES["new_name"]({})
    for _ in range(300):
        name, _ = names.draw(dice)
        assert len(list(names.read(name, 0))) == 1


@pytest.mark.slow
def test_a_made_up_name_stands_in_no_other_document() -> None:
    seen = Counter()
    for d in tinyland.documents(21, stop=6000, weights={"once": 1}):
        seen.update({str(v) for *_, v, _ in d.derivation.marks if isinstance(v, Coined) and v[0].isupper()})
    assert len(seen) > 5000
    assert sum(n > 1 for n in seen.values()) <= 4  # 50 million pairs, 91 million names: half a pair is expected


def test_every_answer_of_a_name_or_number_stands_in_the_text_before_it() -> None:
    seen = 0
    for d in tinyland.documents(22, stop=1500, weights={"once": 1, "recital": 1}):
        for span in d.answers:
            seen += 1
            words = re.findall(r"\w+", span.value)
            before = re.findall(r"\w+", d.text[: span.start])
            assert set(words) <= set(before), (d.text, span)
    assert seen > 2000


def test_a_register_is_read_correctly_by_an_independent_reading() -> None:
    checked = 0
    for d in tinyland.documents(23, stop=1500, weights={"once": 1}):
        lines = d.text.split("\n")[1:]
        listed = dict(line.split(": ") for line in lines if ": " in line)
        if len(lines) < 4 or not listed:
            continue
        assert len(listed) == sum(": " in line for line in lines)  # no name twice
        for line in lines:
            if "? " in line:
                name, value = line.rstrip("!").split("? ")
                assert listed[name] == value
                checked += 1
    assert checked > 800


def test_most_of_a_recitation_can_be_copied() -> None:
    """The share of syllables and words that stand in a line said before, word for word."""
    again = total = 0
    lengths = set()
    for d in tinyland.documents(24, stop=1500, weights={"recital": 1}):
        said: set[str] = set()
        for line in re.split(r"[.!?,]\s*|\n", d.text):
            words = len(line.split())
            total += words
            again += words * (line in said)
            if line in said:
                lengths.add(words)
            said.add(line)
    assert again / total > 0.45
    assert set(range(3, 51)) <= lengths  # repeats of every length


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["recital", "once", "game", "reference", "birthday"])
def test_new_kinds_parse_back_to_themselves_with_one_derivation(kind: str) -> None:
    for d in tinyland.documents(25, stop=120, weights={kind: 1}):
        found = tinyland.parse(d.text, {kind: 1})
        assert found.derivations == 1, (d.text, found.derivations)
        assert found.log_prob == pytest.approx(d.log_prob, abs=1e-9)
        again = found.documents[0]
        assert (again.answers, again.pronouns) == (d.answers, d.pronouns)
        assert [str(e) for e in again.entities] == [str(e) for e in d.entities]


def test_syllables_are_all_different() -> None:
    assert len(set(coined.SYLLABLES)) == 80 == len(list(product(coined.ONSETS, coined.VOWELS)))
