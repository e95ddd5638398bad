"""Translations against those that Tinyland writes, and with one word changed."""

from core.text import tinyland
from core.uses.translation import ENGLISH, OLU, judge, look_up, other, prompt, read

PAIRS = [
    tuple(line.split(": ", 1) for line in document.text.split("\n"))
    for document in tinyland.documents(3, stop=60, weights={"translation": 1})
]


def test_every_translation_of_tinyland_is_read_and_found_right():
    assert {first[0] for first, _ in PAIRS} == {ENGLISH, OLU}
    for (language, source), (into, translated) in PAIRS:
        sentence = read(source, language)
        assert other(language) == into and sentence.other == translated
        back = read(translated, into)
        assert back.other == source and back.meaning == sentence.meaning
        assert prompt(source, language) + f" {translated}" == f"{language}: {source}\n{into}: {translated}"
        found = judge(sentence, translated, into)
        assert found.right and found.broken is None and all(meant == said for _, meant, said in found.rows)


def test_each_changed_word_is_found_in_its_part_of_the_meaning():
    sentence = read("The bear tickles the black badger.", ENGLISH)
    written = sentence.other.removesuffix(".").split(" ")
    for place, part in enumerate(["who", "to what", "to what: like what", "does what"]):
        changed = [*written]
        changed[place] = {"who": "hubo", "to what": "hubo", "to what: like what": "goni", "does what": "dedu"}[part]
        found = judge(sentence, " ".join(changed) + ".", OLU)
        assert not found.right and [role for role, meant, said in found.rows if meant != said] == [part]


def test_a_lost_word_is_a_gap_and_what_is_no_sentence_is_broken_where_it_breaks():
    sentence = read("The bear tickles the black badger.", ENGLISH)
    words = sentence.other.removesuffix(".").split(" ")
    found = judge(sentence, f"{words[0]} {words[1]} {words[3]}.", OLU)
    assert ("to what: like what", "black", "") in found.rows and found.broken is None
    broken = judge(sentence, f"{words[0]} xx", OLU)
    assert broken.broken == len(words[0]) + 1 and not any(said for *_, said in broken.rows)
    assert read("The kite hugs the bear.", ENGLISH) == len("The ")


def test_words_are_looked_up():
    assert look_up("hubo xx dedu.") == [("hubo", "cat"), ("xx", ""), ("dedu", "see")]
