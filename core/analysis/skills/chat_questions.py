"""What can be asked in a chat of Tinyland: which of its questions a model answers right, and whether one is of them."""

from dataclasses import dataclass
from functools import lru_cache

from core.analysis.skills.cases import Case, continuations
from core.model import Checkpoint
from core.text import tinyland

SYSTEM = "Answer in a full sentence."
SYSTEMS = (SYSTEM, "You are a helpful assistant.")  # of chats about facts and sums; of those with tasks
QUESTIONS = {  # by the relation of the fact that answers them
    "home": "Where does {} live?",
    "food": "What does {} like to eat?",
    "animal": "Which animal does {} keep?",
    "colour": "What is the favourite colour of {}?",
    "occupation": "What does {} do?",
    "specialty": "What is {} famous for?",
    "region": "In which region is {}?",
    "capital": "What is the capital of {}?",
}
EACH = 4  # facts of each kind that are asked for


@dataclass(frozen=True)
class Asked:
    """A question, what a right answer has in it, and what the model said."""

    question: str
    expected: str
    said: str

    @property
    def right(self) -> bool:
        return self.expected.lower() in self.said.lower()


def ask(checkpoint: Checkpoint) -> list[Asked]:
    """EACH questions of every kind with what the model answers, greedily, when the system asks for full sentences.
    ValueError: a vocabulary without the tokens of chats."""
    tokenizer = checkpoint.tokenizer
    if "<|assistant|>" not in tokenizer.special_tokens:
        raise ValueError("this model has no tokens for chats")
    pairs = [pair for place, relation in enumerate(QUESTIONS) for pair in _facts(relation, place * EACH)] + _sums()
    cases = [
        Case([tokenizer.eot, *tokenizer.encode(opening(question), special=True)], expected)
        for question, expected in pairs
    ]
    written = continuations(checkpoint.model, tokenizer, cases)
    return [Asked(*pair, said.split("<|")[0].strip()) for pair, said in zip(pairs, written, strict=True)]


def questions_to_offer(asked: list[Asked]) -> list[str]:
    """Of each kind the first question that was answered right."""
    kinds = [asked[start : start + EACH] for start in range(0, len(asked), EACH)]
    return [next(one.question for one in kind if one.right) for kind in kinds if any(one.right for one in kind)]


def _facts(relation: str, start: int) -> list[tuple[str, str]]:
    """EACH of the facts, of other people or towns for each kind."""
    facts = [fact for fact in tinyland.WORLD.known_facts if fact.relation == relation]
    chosen = [facts[(start + i) % len(facts)] for i in range(EACH)]
    return [(QUESTIONS[relation].format(fact.subject), fact.value) for fact in chosen]


def _sums() -> list[tuple[str, str]]:
    return [(f"What is {x} + {y}?", f"is {x + y}.") for x, y in ((7, 5), (12, 9), (23, 14), (18, 27))]


def opening(question: str, system: str = SYSTEM) -> str:
    """A chat up to where its first answer begins."""
    return f"<|system|>{system}<|end|><|user|>{question}<|end|><|assistant|>"


@lru_cache(maxsize=512)
def can_be_asked(question: str) -> bool:
    """Whether a chat of Tinyland can begin with these words, or go on with them ("And Ada?")."""
    asked = question.strip()
    if any(asked == f"And {person}?" for person in tinyland.WORLD.people):
        return True
    return any(_reaches(opening(asked, system)) for system in SYSTEMS)


def _reaches(text: str) -> bool:
    return tinyland.parse(text).failed_at >= len(text)
