"""Endless streams of documents: which kinds there are, how often each is written, and document number n of a stream."""

import math
import random
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files

from core.text.tinyland import birthdays, lexicon
from core.text.tinyland.birthdays import Register, register_for
from core.text.tinyland.document import Document
from core.text.tinyland.grammar import Grammar
from core.text.tinyland.vocabulary import vocabulary
from core.text.tinyland.world import World, canonical_world

# The text that pre-training reads: questions, facts and translation need many examples, stories have many words,
# recitations must be many before a model finds out that it can copy (induction heads): a seventh of all tokens; of
# 2.1 million documents, 130 million tokens, the birthdays' share holds the whole register.
DEFAULT_WEIGHTS = {
    "story": 0.18,
    "story_qa": 0.24,
    "entry": 0.07,
    "list": 0.02,
    "translation": 0.07,
    "arithmetic": 0.05,
    "code": 0.03,
    "recital": 0.08,
    "once": 0.05,
    "game": 0.09,
    "reference": 0.08,
    "birthday": 0.04,
}
# The chats that a model is taught afterwards (supervised fine-tuning).
CHAT_WEIGHTS = {"chat": 0.4, "chat_topic": 0.15, "chat_role": 0.15, "chat_task": 0.3}
HELD_OUT_SEED = 1_000_000_007  # the stream that no model may be trained on
KINDS = (*DEFAULT_WEIGHTS, *CHAT_WEIGHTS)
WORLD = canonical_world()
_PATTERN_FILES = (
    "story", "questions", "entry", "list", "translation", "number", "chat", "recital", "once", "game", "reference",
    "chat_kinds",
)  # fmt: skip
_CONSTANTS = {
    "{LANGUAGE}": lexicon.INVENTED_LANGUAGE,
    **{f"{{{name}}}": word for name, word in lexicon.INVENTED_RELATIONS.items()},
}


@lru_cache(maxsize=1)
def patterns() -> str:
    """The whole grammar as text: every pattern file, with the names of the invented language filled in."""
    folder = files("core.text.tinyland") / "patterns"
    text = "\n".join((folder / f"{name}.txt").read_text("utf-8") for name in _PATTERN_FILES)
    for name, word in _CONSTANTS.items():
        text = text.replace(name, word)
    return f"{text}\n{birthdays.patterns()}"


@lru_cache(maxsize=8)
def grammar(world: World = WORLD, register: Register = Register()) -> Grammar:  # noqa: B008 (it is frozen)
    return Grammar(patterns(), vocabulary(world, register))


def shares_of(weights: dict[str, float] | None) -> dict[str, float]:
    """Normalised probability of each kind. Raises ValueError for unknown kinds and impossible weights."""
    weights = DEFAULT_WEIGHTS if weights is None else weights
    if unknown := set(weights) - set(KINDS):
        raise ValueError(f"unknown kinds {sorted(unknown)}; the kinds are {', '.join(KINDS)}")
    total = sum(weights.values())
    if any(not w >= 0 for w in weights.values()) or not 0 < total < math.inf:
        raise ValueError("kind weights must be non-negative numbers, at least one of them positive")
    return {kind: w / total for kind, w in weights.items() if w > 0}


class Stream:
    """The documents of one seed. The same arguments give the same bytes, in any order.

    total: how many documents will be read, the first `total`. Then each birthday is stated exactly as often in them as
    the register says, and in no document after them; the register is the largest that fits into the share that the
    weights give to birthdays. Without `total`, birthdays are drawn, with the odds of the full register.
    """

    def __init__(self, seed: int, weights: dict[str, float] | None, world: World, total: int | None) -> None:
        self.seed, self.shares, self.plan = seed, shares_of(weights), dict[int, str]()
        register: Register | None = Register()
        if total is not None:
            register = register_for(self.shares.get("birthday", 0) * total)
            self.plan = _plan(register, seed, total) if register else {}
            told, rest = len(self.plan) / total, 1 - self.shares.pop("birthday", 0)
            if rest <= 0:
                raise ValueError("a stream of a given length must have more than birthdays")
            self.others = {kind: share / rest for kind, share in self.shares.items()}
            self.shares = {kind: share * (1 - told) for kind, share in self.others.items()}
            self.shares |= {"birthday": told} if told else {}
        else:
            self.others = self.shares
        self.rules = grammar(world, register or Register())

    def document(self, index: int) -> Document:
        """Document number `index`."""
        if text := self.plan.get(index):
            derivation = next(self.rules.derivations("birthday", text))
            return Document(text, "birthday", derivation, derivation.log_prob + math.log(self.shares["birthday"]))
        dice = random.Random((self.seed << 40) + index).random
        u = dice()
        for kind, share in self.others.items():  # noqa: B007 (the last stands when rounding leaves some of u over)
            u -= share
            if u < 0:
                break
        derivation = self.rules.sample(kind, dice)
        return Document(derivation.text, kind, derivation, derivation.log_prob + math.log(self.shares[kind]))


@lru_cache(maxsize=4)
def _plan(register: Register, seed: int, total: int) -> dict[int, str]:
    return register.plan(seed, total)


def generate(
    seed: int, index: int, weights: dict[str, float] | None = None, world: World = WORLD, total: int | None = None
) -> Document:
    """Document number `index` of the stream `seed`."""
    return Stream(seed, weights, world, total).document(index)


def documents(
    seed: int,
    start: int = 0,
    stop: int | None = None,
    weights: dict[str, float] | None = None,
    world: World = WORLD,
    total: int | None = None,
) -> Iterator[Document]:
    """Documents start, start + 1, … of the stream `seed`; without end if `stop` is None. For `total` see Stream."""
    stream, index = Stream(seed, weights, world, total), start
    while stop is None or index < stop:
        yield stream.document(index)
        index += 1


def floor(docs: list[Document]) -> float:
    """Mean -log probability of the documents, in nats per document: the loss of a perfect model on them."""
    return -sum(d.log_prob for d in docs) / len(docs)
