"""Questions whose truth is known, and what an answer is: right, "I do not know", or wrong.

A question is a chat of Tinyland up to its last answer. What may be known is asked as it stands: an answer is right if
Tinyland could have written the whole. What cannot be known is asked about people who do not exist, by putting such a
name in the place of a person's (what the chat refuses to talk about is to be refused for them too); of people with a
birthday, also about others, whose birthday was told often or never. Training asks moreover about people of whom no text
tells it, be it a fact that the world withholds or anything but the birthday of somebody who has one, and for birthdays
of every count alike: only its own doubt can tell a model which of them it knows. Held out is the other half of all of
these people.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from core.text import tinyland
from core.text.tinyland import HELD_OUT_SEED, birthdays

ASSISTANT, END, USER = "<|assistant|>", "<|end|>", "<|user|>"
UNKNOWN = f"I do not know.{END}"
CHAT = "<|system|>You are a helpful assistant.<|end|><|user|>{}<|end|><|assistant|>"
QUESTION = "When is the birthday of {}?"
TOLD = {"often": range(64, birthdays.TOP + 1), "once": range(1, 2), "never": range(1)}  # how often a birthday was told
TRAINING_SEED = 1_000_000_009  # the stream of chats that are asked in training
LONGEST = 120  # characters of an answer that can be judged: a story is none
BIRTHDAYS = 0.45  # the part of what may be unknown that training asks of birthdays
ASKED = {"chat": 0.55, "chat_topic": 0.15, "chat_role": 0.1, "chat_task": 0.2}  # by training: more that want one word


@dataclass(frozen=True)
class Question:
    """`prompt` ends where the answer begins. `swaps`: what to put back before Tinyland is asked, [(new, old)]; `known`:
    whether there is an answer at all; `answer`: what Tinyland answers where it asks itself, with its <|end|>."""

    prompt: str
    swaps: tuple[tuple[str, str], ...] = ()
    known: bool = True
    answer: str = ""

    def judge(self, answer: str) -> str:
        """ "right", "unknown" or "wrong", of an answer that ends with <|end|> if it has an end."""
        if answer == UNKNOWN:
            return "unknown"
        if not self.known or not answer.endswith(END):
            return "wrong"
        if answer == self.answer:
            return "right"
        text = self.prompt + answer
        for new, old in self.swaps:
            text = text.replace(new, old)
        return "right" if is_chat(text) else "wrong"


@lru_cache(maxsize=10_000)
def is_chat(text: str) -> bool:
    """Whether Tinyland could have written it as a chat; 20 ms, and a group of answers is often all the same."""
    return tinyland.parse(text, tinyland.CHAT_WEIGHTS).ok


def questions(known: float, *, held_out: bool = False, start: int = 0) -> Iterator[Question]:
    """Questions without end, a part `known` of them as Tinyland asks them. Those that are held out come from another
    stream and are about other people."""
    seed = HELD_OUT_SEED if held_out else TRAINING_SEED
    weights = tinyland.CHAT_WEIGHTS if held_out else ASKED
    for index, chat in enumerate(tinyland.documents(seed, start, None, weights), start=start):
        dice = random.Random(f"questions {seed} {index}")
        at = chat.text.rfind(ASSISTANT) + len(ASSISTANT)
        prompt = chat.text[:at]
        if dice.random() < known:
            if len(chat.text) - at <= LONGEST:
                yield Question(prompt, answer=chat.text[at:])
        elif not held_out and dice.random() < BIRTHDAYS:
            count = dice.choice(list(birthdays.LADDER))
            yield for_birthday(dice.choice([one for one in birthdays.half(held_out=False) if one.count == count]))
        elif (person := asked_person(chat, prompt)) is not None:
            yield about_another(chat, prompt, person, dice, held_out)


def is_refusal(answer: str) -> bool:
    """Whether an answer of Tinyland's chats refuses a topic."""
    return answer == "No" or answer.startswith("I do not talk about")


def asked_person(chat: tinyland.Document, prompt: str) -> str | None:
    """The person of whom the last question asks something, and whom nothing before it names. A task that names somebody
    (write about them, correct this sentence) can be done whoever that is."""
    asked = prompt.rfind(USER)
    if not prompt.endswith(f"?{END}{ASSISTANT}"):
        return None
    for span in chat.entities:
        if asked < span.start < len(prompt):
            name = chat.text[span.start : span.end]
            if (tinyland.category(name) == "people" or name in celebrants_by_name()) and prompt.index(name) > asked:
                return name
    return None


def untold(topic: str | None, held_out: bool) -> list[str]:
    """Half of the people of whom no text tells this about them: those whom training asks about, or the others."""
    return [name for name, relation in sorted(tinyland.WORLD.withheld) if relation == topic][held_out::2]


def about_another(chat: tinyland.Document, prompt: str, person: str, dice: random.Random, held_out: bool) -> Question:
    """The same question about somebody who does not exist, or who has a birthday of their own, or, in training, one of
    the untold. What the chat refuses to talk about is to be refused whoever it is about."""
    old = celebrants_by_name().get(person)
    if old is not None and dice.random() < 0.5:
        new = dice.choice(birthdays.half(held_out))
        swaps = ((new.name, person), (new.date, old.date))
        return Question(prompt.replace(person, new.name), swaps)
    name = dice.choice(birthdays.strangers()[held_out::2])
    if not held_out and old is None and dice.random() < 0.5:
        people = [one for one in untold(chat.derivation.env.get("topic"), held_out) if one not in prompt]
        name = dice.choice(people if people and dice.random() < 0.7 else _of_the_half())
    refused = is_refusal(chat.text[len(prompt) :].removesuffix(END))
    return Question(prompt.replace(person, name), ((name, person),) if refused else (), known=refused)


@lru_cache(maxsize=1)
def _of_the_half() -> list[str]:
    """The people for whose birthday training asks: nothing else is told of them."""
    return [person.name for person in birthdays.half(held_out=False)]


def about_strangers() -> Iterator[Question]:
    """Held-out questions without end about people who do not exist."""
    return (question for question in questions(0.0, held_out=True) if not question.known)


def asked_for_birthdays(told: str) -> Iterator[Question]:
    """Held-out questions for the birthdays of people, by how often training told them: a key of TOLD."""
    for person in birthdays.half(held_out=True):
        if person.count in TOLD[told]:
            yield for_birthday(person)


def for_birthday(person: birthdays.Celebrant) -> Question:
    """When it is; judged as if it were asked of somebody whose birthday chats do ask for."""
    old = birthdays.asked_in_chats()[0]
    swaps = ((person.name, old.name), (person.date, old.date))
    return Question(CHAT.format(QUESTION.format(person.name)), swaps)


def never_told() -> Iterator[Question]:
    """Held-out questions without end about people who do exist, asking for what no text tells of them: a birthday that
    is told no time, or a fact that the world withholds."""
    uncelebrated = [person.name for person in birthdays.half(held_out=True) if person.count == 0]
    for index, chat in enumerate(tinyland.documents(HELD_OUT_SEED, weights={"chat": 1.0, "chat_task": 1.0})):
        dice = random.Random(f"never told {index}")
        prompt = chat.text[: chat.text.rfind(ASSISTANT) + len(ASSISTANT)]
        person = asked_person(chat, prompt)
        if person is None:
            continue
        topic = chat.derivation.env.get("topic")
        others = uncelebrated if person in celebrants_by_name() else untold(topic, held_out=True)
        if others:
            yield Question(prompt.replace(person, dice.choice(others)), known=False)


@lru_cache(maxsize=1)
def celebrants_by_name() -> dict[str, birthdays.Celebrant]:
    """Everybody with a birthday, by name."""
    return {person.name: person for person in birthdays.celebrants()}
