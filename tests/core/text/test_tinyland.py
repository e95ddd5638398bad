"""The generator, its parser and its probabilities come from one grammar; these tests hold them against each other."""

import hashlib
import math
import random
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from itertools import product

import pytest

from core.text import tinyland
from core.text.tinyland.grammar import Grammar, GrammarError
from core.text.tinyland.vocabulary import vocabulary


@cache
def sample() -> list[tinyland.Document]:
    return list(tinyland.documents(seed=11, stop=3000))


def thin(text: str, keep: int) -> str:
    """The same grammar with at most `keep` alternatives a rule: small enough to enumerate whole."""
    out, seen = [], 0
    for line in text.splitlines():
        if line.strip() and not line[0].isspace():
            seen = 0
        elif line.strip() and not line.lstrip().startswith("#"):
            seen += 1
            if seen > keep and "?" not in line.split(" | ")[0]:
                continue
        out.append(line)
    return "\n".join(out)


# ---------------------------------------------------------------- probability


@pytest.mark.slow
@pytest.mark.parametrize("kind, keep", [("arithmetic", 1), ("code", 2), ("entry", 2), ("translation", 2), ("chat", 1)])
def test_brute_force_over_a_small_world_sums_to_one(kind: str, keep: int) -> None:
    world = tinyland.small_world()
    rules = Grammar(thin(tinyland.patterns(), keep).replace("⏎{@sum}", ""), vocabulary(world))
    total, texts = 0.0, Counter()
    for derivation in rules.derivations(kind):
        total += math.exp(derivation.log_prob)
        texts[derivation.text] += 1
    assert total == pytest.approx(1, abs=1e-9)
    assert max(texts.values()) == 1, [t for t, n in texts.items() if n > 1][:3]  # one derivation each


SMALL_STORY = """
story
  2 | {a=person} was in the {p=place}. {b=friend a} was there too. {@owns} {@event} {@event} | go a p, go b p, cast a b
owns
  1 | {a} had {x=object:a}. | go a p, go b p, cast a b, own a x, says a
event
  3 | {s=actor:-}{@act}
  1 | Soon it was {w=weather}. | hush
act
  2 | {@subject} went to the {p=nearby s}. | go s p
  3 ?some held s ?together s | {@subject} gave the {x=held s} to {o=other s}. | give s x o, both
  1 ?some held s | {@subject} put the {x=held s} down. | drop s x
  1 ?some thing_here s | {@subject} took the {x=thing_here s}. | own s x
subject
  3 | {s} | says s
  2 ?clear s | {s:Sub} | says s
"""


@pytest.mark.slow
def test_story_state_brute_force_and_frequencies() -> None:
    rules = Grammar(SMALL_STORY, vocabulary(tinyland.small_world()))
    probability: dict[str, float] = {}
    for derivation in rules.derivations("story"):
        assert derivation.text not in probability  # one derivation each
        probability[derivation.text] = math.exp(derivation.log_prob)
    assert sum(probability.values()) == pytest.approx(1, abs=1e-9)
    dice = random.Random(5).random
    n = 30_000
    counts = Counter(rules.sample("story", dice).text for _ in range(n))
    assert set(counts) <= set(probability)
    common = {t: p for t, p in probability.items() if n * p >= 20}
    chi2 = sum((counts[t] - n * p) ** 2 / (n * p) for t, p in common.items())
    assert chi2 < len(common) + 5 * math.sqrt(2 * len(common))  # five standard deviations of a chi-square


@pytest.mark.thorough
def test_every_document_parses_back_to_itself_with_one_derivation() -> None:
    for document in sample()[:500]:
        found = tinyland.parse(document.text)
        assert found.derivations == 1, (document.text, found.derivations)
        assert found.kind == document.kind
        assert found.log_prob == pytest.approx(document.log_prob, abs=1e-9)
        again = found.documents[0]
        assert again.entities == document.entities
        assert again.pronouns == document.pronouns
        assert again.answers == document.answers
        assert again.claims == document.claims


@pytest.mark.slow
def test_what_is_not_tinyland_does_not_parse() -> None:
    story = next(d for d in sample() if d.kind == "story")
    assert not tinyland.parse("").ok
    assert not tinyland.parse(story.text + " ").ok
    cut = tinyland.parse(story.text[:-1])
    assert not cut.ok and cut.failed_at >= len(story.text) * 0.8
    assert cut.log_prob == -math.inf
    assert not tinyland.parse("The stock market fell on Monday.").ok


# ---------------------------------------------------------------- determinism


@pytest.mark.slow
def test_what_looking_ahead_leaves_out_could_not_have_been_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole documents, and ones that go wrong somewhere, are read the same without any look ahead."""
    texts = [d.text for weights in (tinyland.DEFAULT_WEIGHTS, tinyland.CHAT_WEIGHTS) for kind in weights
             for d in tinyland.documents(11, stop=2, weights={kind: 1.0})]  # fmt: skip
    short = [text for text in texts if len(text) < 300]
    short += [text[: len(text) * 2 // 3] + "Yellow<|end|>" for text in short]
    weights = tinyland.DEFAULT_WEIGHTS | tinyland.CHAT_WEIGHTS

    def read() -> list[tuple[int, list[tuple[str, float]]]]:
        parses = [tinyland.parse(text, weights) for text in short]
        return [(parse.failed_at, [(d.kind, d.log_prob) for d in parse.documents]) for parse in parses]

    found = read()
    assert sum(bool(documents) for _, documents in found) >= 12 and sum(not documents for _, documents in found) >= 12
    monkeypatch.setitem(Grammar.derivations.__globals__, "furthest", lambda *_: None)
    assert read() == found


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_in_any_order_and_process() -> None:
    texts = [d.text for d in tinyland.documents(3, 40, 60)]
    assert [tinyland.generate(3, i).text for i in reversed(range(40, 60))] == texts[::-1]
    assert texts != [d.text for d in tinyland.documents(4, 40, 60)]
    code = (
        "from core.text import tinyland; import sys; "
        "sys.stdout.write(''.join(d.text for d in tinyland.documents(3, 40, 60)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert hashlib.sha256(out.encode()).digest() == hashlib.sha256("".join(texts).encode()).digest()


# ---------------------------------------------------------------- size and variety


@pytest.mark.slow
def test_people_walk_by_the_ways_of_the_map() -> None:
    ways = {str(here): {str(place) for place in there} for here, there in tinyland.WORLD.ways.items()}
    stories = " ".join(document.text for document in tinyland.documents(6, stop=3000, weights={"story": 1}))
    steps = re.findall(r"left the (\w+) and went to the (\w+)\.", stories)
    assert len(steps) > 50
    assert [step for step in steps if step[1] not in ways[step[0]]] == []


@pytest.mark.slow
def test_two_who_meet_are_friends() -> None:
    friends = {str(a): {str(b) for b in others} for a, others in tinyland.WORLD.friends.items()}
    stories = " ".join(document.text for document in tinyland.documents(6, stop=3000, weights={"story_qa": 1}))
    pairs = re.findall(r"One day, (\w+) and (\w+) were in", stories)
    assert len(pairs) > 50
    assert [pair for pair in pairs if pair[1] not in friends[pair[0]]] == []


@pytest.mark.slow
def test_where_nobody_else_was_nobody_is_waiting() -> None:
    stories = [d.text for d in tinyland.documents(6, stop=3000, weights={"story": 1})]
    alone = [text.split(". ")[1] for text in stories if text.startswith("Nobody was in the ")]
    assert any(met.startswith("Then ") for met in alone) and any(met.endswith(" there") for met in alone)
    there = re.compile(r"was there too|was waiting there|sat nearby|had come along")
    assert [met for met in alone if there.search(met)] == []
    assert sum(bool(there.search(text.split(". ")[1])) for text in stories) > 500


@pytest.mark.slow
def test_no_pronoun_follows_a_worker_who_was_only_mentioned() -> None:
    stories = " ".join(d.text for d in tinyland.documents(6, stop=3000, weights={"story": 1}))
    after = re.findall(r"from a tired [a-z ]+\. (\w+)", stories)
    assert len(after) > 20 and not {"She", "He"} & set(after)


@pytest.mark.slow
def test_variety() -> None:
    assert {d.kind for d in sample()} == set(tinyland.DEFAULT_WEIGHTS)
    sentence = [line for line in tinyland.patterns().splitlines() if re.match(r"\s+.*\|.*[.?\"!{}]", line)]
    assert len(sentence) >= 300
    words = Counter(w for d in tinyland.documents(1, stop=12_000) for w in re.findall(r"[A-Za-z']+", d.text))
    assert len(words) >= 1500


@pytest.mark.slow
def test_no_two_stories_are_equal() -> None:
    stories = [d.text for d in tinyland.documents(2, stop=20_000, weights={"story": 1})]
    assert len(set(stories)) == len(stories)


# ---------------------------------------------------------------- truth


@pytest.mark.slow
def test_spans_say_what_the_text_says() -> None:
    for d in sample():
        for span in d.answers:
            assert d.text[span.start : span.end] == span.value and span.value
        for span in d.pronouns:
            assert d.text[span.start : span.end].lower() in {"she", "he", "her", "his", "him"}, (d.text, span)
        for span in d.entities:
            assert 0 <= span.start < span.end <= len(d.text)


def test_pronouns_agree_with_their_referent() -> None:
    seen = 0
    for d in sample():
        for span in d.pronouns:
            name = span.value
            if name[0].isupper():
                seen += 1
                female = d.text[span.start : span.end].lower() in {"she", "her"}
                assert female == (tinyland.WORLD.person(name).pronoun == "she"), (d.text, span)
    assert seen > 1000


def test_claims_are_true_and_never_withheld() -> None:
    world = tinyland.WORLD
    truth = {(f.subject, f.relation): f.value for f in world.facts}
    entries = tinyland.documents(12, stop=500, weights={"entry": 1})
    claims = [c for d in (*sample(), *entries) for c in d.claims]
    assert len(claims) > 1000
    for subject, relation, value in claims:
        assert truth[subject, relation] == value
        assert (subject, relation) not in world.withheld


def test_withheld_facts_and_unknown_entities_stand_in_no_document() -> None:
    world = tinyland.WORLD
    unknown = {p.name for p in world.unknown_people} | set(world.unknown_towns)
    for d in sample():
        assert not unknown & set(re.findall(r"[A-Z][a-z]+", d.text))


@pytest.mark.slow
def test_answers_follow_from_the_story_by_an_independent_reading() -> None:
    """A reader of a few plain sentences, written apart from the grammar, agrees with the answers."""
    checked = 0
    for d in tinyland.documents(9, stop=16_000, weights={"story_qa": 1}):
        body, *questions = d.text.split("\nQ: ")
        sentences = re.split(r"(?<=\.) ", body.removeprefix("One day, "))
        plain = r"(?!She|He)\w+ (was in|went to|walked to|ran to|hurried to|cycled to) the \w+\.|\w+ had an? \w+\."
        if not all(re.fullmatch(plain, s) for s in sentences):
            continue
        at = {m[1]: m[2] for s in sentences if (m := re.fullmatch(r"(\w+) .* (?:in|to) the (\w+)\.", s))}
        has = {m[2]: m[1] for s in sentences if (m := re.fullmatch(r"(\w+) had an? (\w+)\.", s))}
        for question in questions:
            ask, answer = question.split("\nA: ")
            if m := re.fullmatch(r"Where is (\w+)\?", ask):
                assert answer == f"In the {at[m[1]]}."
            elif m := re.fullmatch(r"Who has the (\w+)\?", ask):
                assert answer == f"{has[m[1]]}."
            elif m := re.fullmatch(r"Where is the (\w+)\?", ask):
                assert answer == f"With {has[m[1]]}, in the {at[has[m[1]]]}."
            else:
                continue
            checked += 1
    assert checked > 50


def test_arithmetic_and_code_are_right() -> None:
    for d in sample():
        if d.kind == "arithmetic":
            for x, op, y, z in re.findall(r"(\d+) ([-+*]) (\d+) = (\d+)", d.text):
                assert {"+": int(x) + int(y), "-": int(x) - int(y), "*": int(x) * int(y)}[op] == int(z)
        if d.kind == "code":
            name, parameter, body = re.search(r"def (\w+)\((\w)\):\n    return (.*)\n", d.text).groups()
            for x, z in re.findall(rf">>> {name}\((\d+)\)\n(\d+)", d.text):
                terms = [math.prod(int(x if f == parameter else f) for f in t.split(" * ")) for t in body.split(" + ")]
                assert sum(terms) == int(z), d.text


@pytest.mark.slow
def test_pronouns_of_unnamed_workers_follow_the_parameter() -> None:
    occupation = tinyland.WORLD.occupations[0].singular
    rates = dict.fromkeys((o.singular for o in tinyland.WORLD.occupations), 0.5) | {occupation: 0.9}
    world = tinyland.WORLD.with_she_rate(rates)
    she = Counter()
    for d in tinyland.documents(1, stop=12_000, weights={"story": 1}, world=world):
        for m in re.finditer(r"(?:A|An) (\w+) (?:came by|walked past)\. (She|He) ", d.text):
            she[m[1] == occupation, m[2]] += 1
    rate = {k: she[k, "She"] / (she[k, "She"] + she[k, "He"]) for k in (True, False)}
    n = she[True, "She"] + she[True, "He"]
    assert n > 30 and abs(rate[True] - 0.9) < 4 * math.sqrt(0.09 / n)
    assert abs(rate[False] - 0.5) < 0.03


# ---------------------------------------------------------------- bad input


def test_bad_weights_and_patterns_say_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="unknown kinds"):
        tinyland.generate(0, 0, {"poem": 1})
    for weights in ({"story": -1}, {"story": 0}, {"story": math.nan}):
        with pytest.raises(ValueError, match=r"non-negative|unknown"):
            tinyland.generate(0, 0, weights)
    words = vocabulary(tinyland.small_world())
    for bad in ("story\n  1 | {x=nothing}", "story\n  1 | {@missing}", "  1 | no rule", "a\n  1 | b\na\n  1 | c"):
        with pytest.raises(GrammarError):
            Grammar(bad, words)


def test_categories() -> None:
    for person, town in product(tinyland.WORLD.people[:3], tinyland.WORLD.towns[:3]):
        assert tinyland.category(person.name) == "people" and tinyland.category(town.name) == "towns"
    assert tinyland.category("xyzzy") is None
