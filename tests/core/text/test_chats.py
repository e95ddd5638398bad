"""Chats: every reply follows from the system prompt and the question, by readings written apart from the grammar."""

import re
from collections import Counter
from functools import cache
from itertools import pairwise

import pytest

from core.text import Tokenizer, tinyland
from core.text.bpe import Bpe
from core.text.tinyland import birthdays, chats
from core.tuning.mask import assistant_mask

KINDS = tuple(tinyland.CHAT_WEIGHTS)
OPENING = re.compile(r"<\|system\|>(.*?)<\|end\|>", re.DOTALL)
TURN = re.compile(r"<\|user\|>(.*?)<\|end\|><\|assistant\|>(.*?)<\|end\|>", re.DOTALL)
COVERS = {  # by the words of a question
    "food": r"to eat\?|favourite food", "animals": r"\b(animal|pet)\b", "colours": r"\bcolour\b",
    "jobs": r"\bjob\b|does \w+ do\?",
    "towns": r"live\?|at home|from\?|famous|buy|region|capital|Where is", "numbers": r"\d", "languages": r"Olu",
}  # fmt: skip


@cache
def docs() -> list[tinyland.Document]:
    return list(tinyland.documents(61, stop=2000, weights=tinyland.CHAT_WEIGHTS))


def of(kind: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """(system prompt, [(question, reply)]) of each chat of a kind."""
    return [(OPENING.match(d.text)[1], TURN.findall(d.text)) for d in docs() if d.kind == kind]  # type: ignore[index]


@pytest.mark.slow
def test_chats_are_a_stream_of_their_own() -> None:
    assert {d.kind for d in docs()} == set(KINDS) and not set(KINDS) & set(tinyland.DEFAULT_WEIGHTS)
    assert not any("<|" in d.text for d in tinyland.documents(62, stop=500))
    turns = Counter(len(TURN.findall(d.text)) for d in docs())
    assert all(turns[n] > 50 for n in (1, 2, 3, 4, 5))
    assert not any(re.search("do(n't| not) know", d.text) for d in docs())


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_chats_parse_back_to_themselves(kind: str) -> None:
    for d in [d for d in docs() if d.kind == kind][:40]:
        found = tinyland.parse(d.text)
        assert found.derivations == 1 and found.kind == kind
        assert found.log_prob == pytest.approx(d.log_prob, abs=1e-9)
        assert found.documents[0].answers == d.answers


def test_replies_are_exactly_what_the_assistant_says() -> None:
    tokenizer = Tokenizer.from_bpe(Bpe.from_merges([]), "bytes")
    special = tokenizer.special_tokens
    for d in docs()[:300]:
        assert [span.value for span in d.replies] == [f"{reply}<|end|>" for _, reply in TURN.findall(d.text)]
        ids = tokenizer.encode(d.text, special=True)
        mask = assistant_mask(ids, special["<|assistant|>"], special["<|end|>"])
        said = tokenizer.decode([id for id, counts in zip(ids, mask, strict=True) if counts])
        assert said == "".join(span.value for span in d.replies)


def test_a_forbidden_topic_is_refused_and_no_other() -> None:
    refused = answered = 0
    for system, turns in of("chat_topic"):
        [topic] = [topic for topic in chats.BANS if re.search(rf"about {topic}\b", system)]
        for question, reply in turns:
            no = reply == "No" or reply.startswith(f"I do not talk about {topic}.")
            assert no == bool(re.search(COVERS[topic], question)), (system, question, reply)
            refused, answered = refused + no, answered + (not no)
    assert refused > 150 and answered > 150


def test_roles_are_played() -> None:
    marks = {"pirate": "Ahoy", "robot": "Beep", "ghost": "Boo", "cat": "Meow", "queen": "We are", "parrot": "",
             "grandmother": "Have a biscuit", "detective": "I have found"}  # fmt: skip
    assert set(marks) == set(chats.ROLES)
    for system, turns in of("chat_role"):
        [role] = [role for role in chats.ROLES if role in system]
        for _, reply in turns:
            assert reply.startswith(marks[role])
            if role == "parrot":
                half = len(reply) // 2
                assert reply[:half] == reply[half + 1 :]


def test_a_follow_up_asks_the_same_of_somebody_else() -> None:
    seen = 0
    for _, turns in of("chat"):
        for (_, before), (question, reply) in pairwise(turns):
            if question.startswith("And ") and before.endswith(".") and " lives in " in before:
                name = question[4:-1]
                assert reply == f"{name} lives in {tinyland.WORLD.person(name).home}."
                seen += 1
    assert seen > 10


def test_tasks_are_done_right() -> None:
    done = Counter()
    for _, turns in of("chat_task"):
        for question, reply in turns:
            if m := re.fullmatch(r"Compute (\d+) ([-+*]) (\d+)\.", question):
                x, y = int(m[1]), int(m[3])
                assert reply == f"{question[8:-1]} = { {'+': x + y, '-': x - y, '*': x * y}[m[2]] }"
                done["compute"] += 1
            elif m := re.fullmatch(r"I have (\d+) (.+) and get (\d+) more\. How many do I have\?", question):
                assert reply == f"You have {m[1]} {m[2]} and get {m[3]} more. Now you have {int(m[1]) + int(m[3])}."
                done["word problem"] += 1
            elif m := re.search(r"On (\w+), it was", question):
                assert reply == question.split(": ")[1].replace(m[1], m[1].capitalize())
                done["correct"] += 1
            elif m := re.search(r" (an?) (\w+)\.$", question) if "orrect" in question and " had " in question else None:
                right = "an" if m[2][0] in "aeiou" else "a"
                assert m[1] != right and reply.endswith(f" {right} {m[2]}.")
                done["article"] += 1
            elif m := re.match(r"Finish this function\. It adds (\d)\.\ndef \w+\((\w)\):", question):
                assert reply == f"    return {m[2]} + {m[1]}"
                done["function"] += 1
            elif m := re.match(r"(?:Write a|Tell me a|I want to hear) .*?about (\w+)(?: and|,) an? (\w+)", question):
                assert m[1] in reply and m[2] in reply
                done["story"] += 1
            elif "birthday" in question or "born" in question:
                [person] = [p for p in birthdays.asked_in_chats() if p.name in question]
                assert reply == f"The birthday of {person.name} is {person.date}."
                done["birthday"] += 1
            elif reply.startswith("In the end"):
                a, p, b, q = re.fullmatch(
                    r"In the end, (\w+) is in the (\w+) and (\w+) is in the (\w+)\.", reply
                ).groups()  # type: ignore[union-attr]
                assert all(word in question for word in (a, p, b, q))
                done["summary"] += 1
    assert all(
        done[task] > 5
        for task in ("compute", "word problem", "correct", "article", "function", "story", "birthday", "summary")
    )


def test_birthdays_in_chats_are_well_known_ones() -> None:
    asked = birthdays.asked_in_chats()
    assert 150 < len(asked) < 200 and all(person.count >= birthdays.IN_CHATS for person in asked)
    assert {len(person.phrasings) for person in asked} == {1, len(birthdays.PHRASINGS)}
    others = birthdays.half(held_out=True)
    assert {*asked}.isdisjoint(others) and {len(person.phrasings) for person in others} == {1, len(birthdays.PHRASINGS)}
