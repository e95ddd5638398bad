"""What can be asked in a chat: every question that Tinyland's chats begin with, no other, and what a model answers."""

import re

import pytest

from core.analysis.skills.chat_questions import EACH, Asked, ask, can_be_asked, questions_to_offer
from core.model import load_checkpoint
from core.text import tinyland
from tests.tiny import make_checkpoint

FIRST = re.compile(r"<\|user\|>(.*?)<\|end\|>", re.DOTALL)


@pytest.mark.slow
def test_every_question_of_a_chat_can_be_asked():
    documents = tinyland.documents(5, stop=120, weights=tinyland.CHAT_WEIGHTS)
    chats = [d for d in documents if d.kind in ("chat", "chat_task")]
    questions = {FIRST.search(chat.text)[1] for chat in chats}
    assert len(questions) > 50 and [q for q in questions if not can_be_asked(q)] == []


@pytest.mark.parametrize(
    "other",
    [
        "Suki has a kite. Brigid has a drum. Who has the kite?",
        "How are you?",
        "where does nadia live",
        "Where does Nobody live?",
        "<|end|>",
        "",
    ],
)
def test_what_no_chat_asks_cannot(other):
    assert not can_be_asked(other)


def test_only_what_was_answered_right_is_offered_one_of_each_kind():
    wrong, right = Asked("a", "cat", "A dog."), Asked("b", "cat", "Suki keeps a Cat.")
    kinds = [[wrong] * EACH, [wrong, right] + [wrong] * (EACH - 2), [Asked("c", "is 12.", "7 + 5 is 12.")] * EACH]
    assert questions_to_offer([one for kind in kinds for one in kind]) == ["b", "c"]


@pytest.mark.slow
def test_the_shipped_model_is_asked_and_most_of_it_is_right():
    asked = ask(load_checkpoint("tinyland"))
    assert all(can_be_asked(one.question) for one in asked)
    assert sum(one.right for one in asked) > 0.8 * len(asked)
    facts = {(fact.subject, fact.value) for fact in tinyland.WORLD.known_facts}
    told = [one for one in asked if "+" not in one.question]
    assert all(any(s in one.question and v == one.expected for s, v in facts) for one in told)


@pytest.mark.slow
def test_a_model_without_chats_cannot_be_asked(tmp_path):
    make_checkpoint(tmp_path / "tiny")
    checkpoint = load_checkpoint(tmp_path / "tiny")
    if "<|assistant|>" in checkpoint.tokenizer.special_tokens:
        assert ask(checkpoint)  # nonsense, but an answer
    else:
        with pytest.raises(ValueError, match="no tokens for chats"):
            ask(checkpoint)
