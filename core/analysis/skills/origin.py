"""Where what a text says comes from: copied, put together from what was stated, true though never stated, or false.

Only a world whose facts are all known, and a training text that can be searched, allow this verdict.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.analysis.skills.claims import Claim, statements
from core.data.passages.index import Index, Match
from core.text import tinyland

COPIED, COMPOSED, ELSEWHERE, NEVER, FALSE = "copied", "composed", "elsewhere", "never stated", "false"


@dataclass(frozen=True, slots=True)
class Said:
    """A fact that text[start:end] states, with the verdict: COPIED (the sentence stands in the training text), COMPOSED
    (only the fact does, in `count` documents), ELSEWHERE (true, and in none that were searched), NEVER (true, and the
    world tells it in no document) or FALSE; `truth` is what the world says, None where it knows nothing of it."""

    start: int
    end: int
    claim: Claim
    verdict: str
    count: int
    truth: str | None


def origin(text: str, matches: Sequence[Match], index: Index) -> list[Said]:
    """A verdict for every fact of the world that a text states. matches: `lineage(text, index)`."""
    world = tinyland.WORLD
    truths = {(fact.subject, fact.relation): fact.value for fact in world.facts}
    found = []
    for statement in statements(text):
        copied = any(match.start <= statement.start and statement.end <= match.end for match in matches)
        for claim in statement.claims:
            subject, relation, value = claim
            count, truth = index.facts.get(claim, 0), truths.get((subject, relation))
            if value != truth:
                verdict = FALSE
            elif copied:
                verdict = COPIED
            elif count:
                verdict = COMPOSED
            else:
                verdict = NEVER if (subject, relation) in world.withheld else ELSEWHERE
            found.append(Said(statement.start, statement.end, claim, verdict, count, truth))
    return found
