"""A few of the skills of `core.analysis.skills`, each on a small number of cases: quick enough to measure on a page."""

from core.analysis.skills import Case, Share, answer_cases, fact_cases, share_right
from core.model import Transformer
from core.text import Tokenizer, tinyland

CASE_SEED = 2_000_000_033  # a stream of documents used for nothing else
ANSWER_TOKENS = 16  # enough for the longest answer and what ends it
SKILLS = {  # name -> kind of document whose answers are the cases; None: clozes of facts
    "questions about a story": "story_qa",
    "facts of the world": None,
    "translation": "translation",
    "arithmetic": "arithmetic",
    "code": "code",
}


def cases(tokenizer: Tokenizer, skill: str, n: int) -> list[Case]:
    """The first `n` cases of a skill; of the facts, n spread evenly over all that documents tell."""
    kind = SKILLS[skill]
    if kind is None:
        facts = tinyland.WORLD.known_facts
        return fact_cases(tokenizer, facts[:: max(1, len(facts) // n)][:n])
    documents = tinyland.documents(CASE_SEED, stop=n, weights={kind: 1})  # each holds one answer at least
    return [case for case, _ in answer_cases(tokenizer, documents)][:n]


def measure(model: Transformer, tokenizer: Tokenizer, skill: str, n: int) -> Share:
    """How many of n cases the model gets exactly right under greedy decoding."""
    return share_right(model, tokenizer, cases(tokenizer, skill, n), ANSWER_TOKENS)
