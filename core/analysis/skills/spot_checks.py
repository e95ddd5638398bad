"""A few of the skills of `core.analysis.skills`, each on a small number of cases: quick enough to measure on a page."""

from core.analysis.skills.cases import Case, Share, answer_cases, fact_cases, share_right
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


def cases(tokenizer: Tokenizer, skill: str, n: int, longest: int) -> list[Case]:
    """The first `n` cases of a skill whose prompts have at most `longest` tokens; of the facts, n spread evenly over
    all that documents tell. Fewer than n when 2n documents do not hold as many."""
    kind = SKILLS[skill]
    if kind is None:
        facts = tinyland.WORLD.known_facts
        found = fact_cases(tokenizer, facts[:: max(1, len(facts) // n)])
    else:
        documents = tinyland.documents(CASE_SEED, stop=2 * n, weights={kind: 1})
        found = [case for case, _ in answer_cases(tokenizer, documents)]
    return [case for case in found if len(case.ids) <= longest][:n]


def measure(model: Transformer, tokenizer: Tokenizer, skill: str, n: int) -> Share:
    """How many of n cases the model gets exactly right under greedy decoding; those that do not fit it are left out."""
    longest = model.config.context_length - ANSWER_TOKENS
    return share_right(model, tokenizer, cases(tokenizer, skill, n, longest), ANSWER_TOKENS)
