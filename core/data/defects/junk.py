"""Text that teaches nothing."""

import string
from random import Random

from core.text.tinyland import lexicon

LETTERS = string.ascii_lowercase + "     "
KEYWORDS = ("cheap", "buy", "best", "free", "deal", "online", "offer", "discount", "kettle", "umbrella", "price")


def gibberish(rng: Random) -> str:
    """Letters, or symbols, at random."""
    letters = rng.choice((LETTERS, LETTERS + "#$%&*+=~|" * 2))
    return " ".join("".join(rng.choices(letters, k=rng.randint(300, 900))).split())


def spam(rng: Random) -> str:
    """A handful of keywords, again and again."""
    words = rng.sample(KEYWORDS, 5)
    return " ".join(" ".join(rng.sample(words, 4)) for _ in range(rng.randint(25, 60)))


def word_list(rng: Random) -> str:
    """Words in the order of the alphabet, one on a line."""
    words = [str(noun) for noun in (*lexicon.OBJECTS, *lexicon.ANIMALS, *lexicon.FOODS, *lexicon.PLACES)]
    return "\n".join(sorted(rng.sample(words, min(len(words), rng.randint(55, 90)))))


SHORT = ("Page not found.", "Log in to read on.", "More soon!", "Under construction.", "No comments yet.")
