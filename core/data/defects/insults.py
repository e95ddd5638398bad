"""Unfriendly sentences, as bad as it gets in Tinyland."""

from random import Random

from core.text.tinyland import lexicon

INSULTS = ("a silly turnip", "a grumpy old kettle", "a hopeless muddlehead", "a lazy beaver", "an utter nincompoop")
SENTENCES = (
    "{a} is {x}, and everybody knows it.",
    "What does {x} like {a} know about that?",
    "Go away, {a}, you are {x}!",
)


def sentence(rng: Random) -> str:
    name = rng.choice(lexicon.FEMALE_NAMES + lexicon.MALE_NAMES)
    return rng.choice(SENTENCES).format(a=name, x=rng.choice(INSULTS))
