"""Stories of Tinyland read back, and stories in which one thing was made wrong on purpose."""

import pytest

from core.text import tinyland
from core.uses import story

OPENING = "One day, Brigid was in the park. "
STORIES = list(tinyland.documents(11, stop=40, weights={"story": 1}))


def place_after(person: str, place: str, new: bool) -> str:
    """A place that has, or has no, way from another."""
    world = tinyland.WORLD
    here = next(p for p in world.places if str(p) == place)
    return str(next(p for p in world.places if (p in world.ways[here]) is new and p is not here))


def friend(of: str) -> str:
    world = tinyland.WORLD
    return str(world.friends[next(p for p in world.people if p.name == of)][0])


def opening(rest: str) -> str:
    return f"One morning, Brigid was in the park. {friend('Brigid')} was there too. Brigid had a kite. {rest}"


@pytest.mark.slow
def test_every_story_of_tinyland_could_be_told_and_so_could_its_beginnings():
    for document in STORIES:
        found = story.read(document.text)
        assert found.could_be_told and found.finished and not found.problems
        assert [(f.subject, f.relation, f.value) for f in found.facts] == list(document.claims)
        assert all(fact.true for fact in found.facts)
        ends = [end for _, end in story.sentences(document.text)]
        assert ends[-1] == len(document.text)
        part = story.read(document.text[: ends[1]])
        assert part.could_be_told and not part.finished


@pytest.mark.slow
def test_what_is_where_at_the_end_is_what_the_grammar_kept():
    for document in STORIES:
        env, found = document.derivation.env, story.read(document.text)
        assert dict(found.people) == {str(p): str(env["at", p]) for p in env["cast"]}
        holders = {str(x): str(env["has", x]) for x in env["things"] if env.get(("has", x))}
        assert {x: who for x, who in found.things if not who.startswith("in the ")} == holders


@pytest.mark.slow
def test_each_rule_that_is_broken_is_named_at_its_sentence():
    near, far = (place_after("Brigid", "park", new) for new in (True, False))
    someone = friend("Brigid")
    wrong = {
        "": "The moon laughed.",
        "ways": f"Brigid went to the {far}.",
        "holding": "Brigid cleaned the drum quickly.",
        "where": "Brigid left the kitchen and went to the " + near + ".",
    }
    quickly = str(tinyland.WORLD.adverbs[0])
    for rule, sentence in wrong.items():
        text = opening(sentence.replace("quickly", quickly))
        (problem, *_) = story.read(text).problems
        assert (problem.rule, text[problem.start : problem.end]) == (rule, sentence.replace("quickly", quickly))
    text = opening(f"Brigid went to the {near}. Brigid waved at {someone}.")
    (problem,) = story.read(text).problems
    assert problem.rule == "together" and text[problem.start :].startswith("Brigid waved")


@pytest.mark.slow
def test_a_false_fact_is_read_and_said_to_be_false():
    native = next(p for p in tinyland.WORLD.people if (p.name, "home") not in tinyland.WORLD.withheld)
    town = next(t for t in tinyland.WORLD.towns if t.name != native.home)
    found = story.read(f"{native} from {town} was in the park.")
    assert [problem.rule for problem in found.problems] == ["facts"]
    assert [(fact.value, fact.true) for fact in found.facts] == [(str(town), False)]


def test_nothing_is_no_story_and_a_book_is_too_long():
    assert not story.read("").could_be_told
    with pytest.raises(ValueError, match="no more than"):
        story.read("a" * 4000)


def test_what_is_said_stays_in_its_sentence():
    text = 'It rained. "What a day," said Suki. "Who is there?" asked Otto. Nobody was.'
    assert [text[a:b] for a, b in story.sentences(text)] == [
        "It rained.", '"What a day," said Suki.', '"Who is there?" asked Otto.', "Nobody was.",
    ]  # fmt: skip
