"""Tinyland: a small world with known truth, and the generator of every text about it.

>>> from core.text import tinyland
>>> document = tinyland.generate(seed=0, index=0)
>>> abs(tinyland.parse(document.text).log_prob - document.log_prob) < 1e-9
True

Where to find what:

    stream        kinds of documents and their weights; document number n of a stream; how often a birthday is told
    reading       a text read back: its derivations, its probability
    document      a text with its truth: who is meant, what can be known, what the assistant says
    grammar       the engine: the pattern language, sampling, parsing, enumerating
    patterns/     the texts themselves, a file for each family of kinds
    vocabulary    what the names in the patterns mean, for the stories and facts of the world
    coined        made-up names, numbers and verses: what is said once and used again (kinds "recital", "once")
    games         rules that nobody names, and the Bayesian who weighs them ("game"); what is kept out of training
    reference     whom a pronoun means, and who has what ("reference")
    chats         styles, forbidden topics, roles and tasks, all in a stream of their own (CHAT_WEIGHTS)
    birthdays     arbitrary facts, each told exactly so many times ("birthday"); people who do not exist
    world         who lives where, friends, the map, facts that are never told
    lexicon       the words;  forms: how they are written
"""

from core.text.tinyland.document import Document, Span
from core.text.tinyland.reading import Parse, category, parse
from core.text.tinyland.stream import (
    CHAT_WEIGHTS,
    DEFAULT_WEIGHTS,
    HELD_OUT_SEED,
    KINDS,
    WORLD,
    documents,
    floor,
    generate,
    grammar,
    patterns,
)  # fmt: skip
from core.text.tinyland.world import Fact, World, small_world

__all__ = ["CHAT_WEIGHTS", "DEFAULT_WEIGHTS", "HELD_OUT_SEED", "KINDS", "WORLD", "Document", "Fact", "Parse", "Span",
           "World", "category", "documents", "floor", "generate", "grammar", "parse", "patterns",
           "small_world"]  # fmt: skip
