"""The verdict on what a text says, where every case is known: a world of facts and a training text made for it."""

import pytest

from core.analysis.skills.claims import statements
from core.analysis.skills.origin import COMPOSED, COPIED, ELSEWHERE, FALSE, NEVER, origin
from core.data.passages.index import Index, lineage
from core.data.passages.shard import Shard, build
from core.text import tinyland
from core.text.tinyland import WORLD

pytestmark = pytest.mark.slow  # reading sentences with the whole grammar


def homes():
    """A home that documents tell, another one, and one that no document ever tells."""
    known = [fact for fact in WORLD.known_facts if fact.relation == "home"]
    never = next(f for f in WORLD.facts if f.relation == "home" and (f.subject, f.relation) in WORLD.withheld)
    return known[0], known[1], never


def test_each_verdict(tmp_path):
    one, other, never = homes()
    read = f"{one.subject} comes from {one.value}."
    build(tmp_path, [(read, [(one.subject, one.relation, one.value)])])
    index = Index([Shard(tmp_path)], of=9)

    def verdicts(text):
        return [(said.claim, said.verdict, said.truth) for said in origin(text, lineage(text, index), index)]

    home = (one.subject, "home", one.value)
    assert verdicts(read) == [(home, COPIED, one.value)]
    assert verdicts(f"Good evening. {one.subject} lives in {one.value}.") == [(home, COMPOSED, one.value)]
    wrong = (one.subject, "home", other.value)
    assert verdicts(f"{one.subject} lives in {other.value}.") == [(wrong, FALSE, one.value)]
    secret = (never.subject, "home", never.value)
    assert verdicts(f"{never.subject} lives in {never.value}.") == [(secret, NEVER, never.value)]
    unread = (other.subject, "home", other.value)
    assert verdicts(f"{other.subject} lives in {other.value}.") == [(unread, ELSEWHERE, other.value)]


def test_what_documents_state_is_read_back_sentence_by_sentence():
    for document in tinyland.documents(5, 0, 6, {"entry": 1.0}):
        found = list(statements(f"Well. {document.text} And then"))
        assert tuple(claim for statement in found for claim in statement.claims) == document.claims
        assert "".join(f"{document.text} "[s.start - 6 : s.end - 5] for s in found).strip() == document.text
