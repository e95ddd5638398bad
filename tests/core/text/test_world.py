"""The words and worlds of Tinyland: nothing doubled, nothing contradictory, the same on every machine."""

import hashlib
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import pytest

from core.text.tinyland import lexicon
from core.text.tinyland.world import SHE_RATE, WITHHELD_RELATIONS, World, canonical_world, small_world

WORLD = canonical_world()
UNKNOWN = lexicon.UNKNOWN_FEMALE_NAMES + lexicon.UNKNOWN_MALE_NAMES + lexicon.UNKNOWN_TOWN_NAMES
IN_OLU = (*lexicon.OBJECTS, *lexicon.ANIMALS, *lexicon.FOODS, *lexicon.PLACES, *lexicon.VERBS, *lexicon.ADJECTIVES,
          *lexicon.COLOURS)  # fmt: skip
SIZES = {
    "OBJECTS": 110, "ANIMALS": 60, "FOODS": 60, "PLACES": 44, "CONTAINERS": 24, "COLOURS": 14, "ADJECTIVES": 70,
    "VERBS": 36, "OCCUPATIONS": 44, "PLANTS": 30, "FEELINGS": 36, "ACTIONS": 70, "ADVERBS": 36, "WEATHER": 24,
    "SEASONS": 4, "MONTHS": 12, "WEEKDAYS": 7, "TIMES": 4, "SPECIALTIES": 56, "MATERIALS": 16, "NUMBER_WORDS": 13,
    "FEMALE_NAMES": 70, "MALE_NAMES": 70, "TOWN_NAMES": 56, "REGION_NAMES": 12, "UNKNOWN_FEMALE_NAMES": 24,
    "UNKNOWN_MALE_NAMES": 24, "UNKNOWN_TOWN_NAMES": 24,
}  # fmt: skip


def written(world: World) -> str:
    """Everything a world states, as text."""
    return repr((world.facts, sorted(world.withheld), sorted(world.she_rate.items())))


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_size_of_each_list(name: str, size: int) -> None:
    words = [str(entry) for entry in getattr(lexicon, name)]
    assert len(words) == len(set(words)) == size


def test_a_word_belongs_to_one_category() -> None:
    count = Counter(word.lower() for words in lexicon.CATEGORIES.values() for word in words)
    count.update(word.lower() for word in UNKNOWN)
    assert [word for word, n in count.items() if n > 1] == []


def test_there_are_enough_words() -> None:
    assert len({word for words in lexicon.CATEGORIES.values() for word in words}) >= 1450


def test_words_are_ascii_letters_and_only_names_are_capitalised() -> None:
    capitalised = {"people", "towns", "regions", "months", "weekdays"}
    for category, words in lexicon.CATEGORIES.items():
        for word in words:
            assert word.isascii() and word.isalpha(), word
            assert word == (word.capitalize() if category in capitalised else word.lower()), word
    assert all(word.isascii() and word.isalpha() and word == word.capitalize() for word in UNKNOWN)


def test_names_are_not_the_beginning_of_other_names() -> None:
    names = sorted((*UNKNOWN, *(n for c in ("people", "towns", "regions") for n in lexicon.CATEGORIES[c])))
    # In sorted order, a prefix stands directly before some word that it begins.
    assert [(a, b) for a, b in pairwise(names) if b.startswith(a)] == []


def test_actions_are_phrases_that_name_nothing_else() -> None:
    """An action never mentions a thing of the world, begins with a transitive verb or begins another action."""
    content = {word for words in lexicon.CATEGORIES.values() for word in words}
    for action in lexicon.ACTIONS:
        assert all(word.isascii() and word.isalpha() and word.islower() for word in action.split(" "))
        assert content.isdisjoint(action.split())
        assert not any(other.startswith(action + " ") for other in lexicon.ACTIONS)


def test_the_first_letter_tells_a_from_an() -> None:
    """No silent h, no vowel letter that sounds like a consonant: the grammar writes "an" before a, e, i, o, u."""
    nouns = ("objects", "animals", "foods", "places", "containers", "plants", "occupations")
    described = (*nouns, "colours", "adjectives")
    sounds_otherwise = ("hour", "heir", "honest", "honour", "unic", "unif", "univ", "use", "usu", "eu", "uku", "one")
    words = [word for category in described for word in lexicon.CATEGORIES[category]]
    assert [word for word in words if word.startswith(sounds_otherwise)] == []


def test_invented_words_are_distinct_and_tell_their_part_of_speech() -> None:
    assert len({entry.invented for entry in IN_OLU}) == len(IN_OLU)
    ending = {lexicon.Noun: "ao", lexicon.Verb: "u", lexicon.Adjective: "i"}
    for entry in IN_OLU:
        assert entry.invented[-1] in ending[type(entry)]
        assert 2 <= sum(letter in "aeiou" for letter in entry.invented) <= 3
    assert len(set(lexicon.INVENTED_RELATIONS.values())) == len(lexicon.INVENTED_RELATIONS)
    rest = (*lexicon.CONTAINERS, *lexicon.PLANTS, *lexicon.OCCUPATIONS)
    assert {noun.invented for noun in rest} == {""}


def test_the_canonical_world_is_the_same_everywhere() -> None:
    """Guards the shipped model: whoever changes the world on purpose retrains it, and writes the new digest here."""
    olu = [entry.invented for entry in IN_OLU]
    assert hashlib.sha256((written(WORLD) + repr(olu)).encode()).hexdigest()[:16] == "8485c67c36126996"
    assert written(canonical_world(0)) == written(WORLD)
    assert written(canonical_world(1)) != written(WORLD)


def test_size_and_balance_of_the_canonical_world() -> None:
    assert (len(WORLD.people), len(WORLD.towns), len(WORLD.regions)) == (100, 40, 8)
    assert Counter(person.pronoun for person in WORLD.people) == {"she": 50, "he": 50}
    assert set(Counter(person.occupation.singular for person in WORLD.people).values()) == {2, 3}
    assert set(Counter(person.home for person in WORLD.people).values()) == {2, 3}
    assert len(Counter(person.home for person in WORLD.people)) == 40
    assert set(Counter(town.region for town in WORLD.towns).values()) == {5}
    assert len({town.specialty for town in WORLD.towns}) == 40


@pytest.mark.parametrize("world", [*map(canonical_world, range(5)), small_world()])
def test_facts_agree_with_each_other(world: World) -> None:
    names = [entity.name for entity in (*world.people, *world.towns, *world.regions)]
    assert len(set(names)) == len(names)
    assert set(names).isdisjoint(UNKNOWN)
    assert all(world.town(region.capital).region == region.name for region in world.regions)
    assert all(world.region(town.region).name == town.region for town in world.towns)
    assert all(world.town(person.home) in world.towns for person in world.people)
    assert all(person.name in (lexicon.FEMALE_NAMES if person.pronoun == "she" else lexicon.MALE_NAMES)
               for person in world.people)  # fmt: skip
    keys = [(fact.subject, fact.relation) for fact in world.facts]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("world", [*map(canonical_world, range(5)), small_world()])
def test_a_mother_is_a_woman_who_stands_before_her_children(world: World) -> None:
    """Standing before also rules out circles."""
    seen: dict[str, str] = {}
    for person in world.people:
        assert person.mother is None or seen[person.mother] == "she"
        seen[person.name] = person.pronoun
    assert any(person.mother for person in world.people)


@pytest.mark.parametrize("seed", range(5))
def test_withheld_facts(seed: int) -> None:
    world = canonical_world(seed)
    relations = [fact.relation for fact in world.facts if fact.relation in WITHHELD_RELATIONS]
    assert 0.05 < len(world.withheld) / len(relations) < 0.065
    assert {relation for _, relation in world.withheld} == set(WITHHELD_RELATIONS)
    assert len({subject for subject, _ in world.withheld}) == len(world.withheld)
    told = {(fact.subject, fact.relation) for fact in world.known_facts}
    everything = {(fact.subject, fact.relation) for fact in world.facts}
    assert told == everything - world.withheld
    assert world.withheld < everything


def test_facts_of_a_person_are_the_attributes() -> None:
    person = WORLD.people[-1]
    facts = {fact.relation: fact.value for fact in WORLD.facts if fact.subject == person.name}
    assert facts == {
        "home": person.home, "occupation": person.occupation.singular, "food": person.food.singular,
        "colour": person.colour, "animal": person.animal.singular, "mother": person.mother,
    }  # fmt: skip


def test_pronoun_rates() -> None:
    names = {occupation.singular for occupation in lexicon.OCCUPATIONS}
    assert set(SHE_RATE) == set(WORLD.she_rate) == names
    assert all(0.1 <= rate <= 0.9 for rate in SHE_RATE.values())
    assert sum(rate == 0.5 for rate in SHE_RATE.values()) >= 3
    changed = WORLD.with_she_rate({"baker": 0.0})
    assert changed.she_rate == {**WORLD.she_rate, "baker": 0.0} == canonical_world(0, {"baker": 0.0}).she_rate
    assert changed.facts == WORLD.facts and WORLD.she_rate["baker"] == SHE_RATE["baker"]
    with pytest.raises(ValueError, match="between 0 and 1"):
        WORLD.with_she_rate({"baker": 1.5})
    with pytest.raises(ValueError, match="between 0 and 1"):
        WORLD.with_she_rate({"baker": float("nan")})
    with pytest.raises(ValueError, match="No occupation 'wizard'"):
        WORLD.with_she_rate({"wizard": 0.5})


def test_the_small_world_is_small() -> None:
    world = small_world()
    assert Counter(person.pronoun for person in world.people) == {"she": 2, "he": 1}
    assert (len(world.towns), len(world.regions), len(world.withheld)) == (2, 1, 0)
    assert {len(getattr(world, name.lower())) for name in SIZES if hasattr(world, name.lower())} == {2}
    assert {person.occupation for person in world.people} <= set(world.occupations)
    assert {person.food for person in world.people} <= set(world.foods)
    assert {person.animal for person in world.people} <= set(world.animals)
    assert {person.colour for person in world.people} <= {str(colour) for colour in world.colours}
    assert {town.specialty for town in world.towns} <= set(world.specialties)


def test_pronoun_forms() -> None:
    ada, abel = small_world().person("Ada"), small_world().person("Abel")
    assert (ada.pronoun, ada.object_pronoun, ada.possessive) == ("she", "her", "her")
    assert (abel.pronoun, abel.object_pronoun, abel.possessive) == ("he", "him", "his")
    assert {stranger.pronoun for stranger in WORLD.unknown_people} == {"she", "he"}


@pytest.mark.slow
def test_importing_the_world_loads_no_array_library() -> None:
    check = "import sys, core.text.tinyland.world; print(sorted({'torch', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_everybody_has_six_friends_and_is_theirs() -> None:
    assert set(WORLD.friends) == set(WORLD.people)
    for person, others in WORLD.friends.items():
        assert len(set(others)) == len(others) == 6 and person not in others
        assert all(person in WORLD.friends[other] for other in others)
    small = small_world()
    ada, abel, aiko = small.people
    assert small.friends == {ada: (abel, aiko), abel: (ada, aiko), aiko: (ada, abel)}


@pytest.mark.parametrize("world", [WORLD, small_world()])
def test_the_map_joins_all_places_by_ways_that_lead_both_ways(world: World) -> None:
    assert set(world.ways) == set(world.places)
    for here, there in world.ways.items():
        assert 1 <= len(there) <= 4 and len(set(there)) == len(there) and here not in there
        assert all(here in world.ways[place] for place in there)
    reached = frontier = {world.places[0]}
    while frontier:
        frontier = {place for here in frontier for place in world.ways[here]} - reached
        reached = reached | frontier
    assert reached == set(world.places)
