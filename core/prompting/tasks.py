"""Tasks whose right answers are known, and prompts for them: templates with a place for the case, and for examples.

    Find the rule!
    {4 examples} {case} ->

`{4 examples}` writes what stands behind it once for each example, with its answer; `{case}` is the case to do.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.analysis.skills.cases import TEST_SEED
from core.analysis.skills.games import FAMILIES, MOST
from core.prompting.examples import draw
from core.text import tinyland

CASE = "{case}"
_SHOTS = re.compile(r"\{([0-9]{1,3}) examples?\}")
LONGEST = 800  # characters of a template
ANSWERS, TURN, END = "<|assistant|>", "<|user|>", "<|end|>"
ONE_WORD, SENTENCE = "Answer in one word.", "Answer in a full sentence."
HELPFUL = "You are a helpful assistant."


@dataclass(frozen=True)
class Question:
    """A case with its answer, and examples of the same: (case, answer) each."""

    case: str
    answer: str
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Task:
    """`questions(count)` gives cases that are the same each time; `prompts`: templates by name; those of `chats` need
    a model that was taught to chat. `judge(question, said)`: whether what the model said is right."""

    questions: Callable[[int], list[Question]]
    prompts: dict[str, str]
    judge: Callable[[Question, str], bool]
    judged: str  # in words

    @property
    def plain(self) -> dict[str, str]:
        """The prompts that need no chat."""
        return {name: template for name, template in self.prompts.items() if not is_chat(template)}


class TemplateError(ValueError):
    """A template that cannot be filled in; the message says what to do."""


def check(template: str) -> None:
    """TemplateError: no single place for the case, too many examples, or too long."""
    if len(template) > LONGEST:
        raise TemplateError(f"A prompt has at most {LONGEST} characters.")
    if template.count(CASE) != 1:
        raise TemplateError("Write {case} once, where the case to be done shall stand.")
    marks = _SHOTS.findall(template)
    if len(marks) > 1 or (marks and not 1 <= int(marks[0]) <= MOST):
        raise TemplateError(f"Examples stand at one place, and there are 1 to {MOST} of them, as in {{4 examples}}.")
    if marks and template.index(CASE) < _SHOTS.search(template).start():  # type: ignore[union-attr]
        raise TemplateError("The examples must stand before the case.")


def fill(template: str, question: Question) -> str:
    """The prompt for a case. TemplateError as in `check`."""
    check(template)
    found = _SHOTS.search(template)
    if found is None:
        return template.replace(CASE, question.case)
    before, each = template[: found.start()], template[found.end() :]
    shots = question.examples[: int(found[1])]
    close = END if is_chat(each) else "\n"
    shown = "".join(f"{each.replace(CASE, case)}{glue(each)}{answer}{close}" for case, answer in shots)
    return before + shown + each.replace(CASE, question.case)


def glue(prompt: str) -> str:
    """What stands between a prompt and its answer: a space, but for chats and where there is one already."""
    return "" if prompt.endswith((ANSWERS, " ", "\n")) else " "


def is_chat(template: str) -> bool:
    """Whether it has turns of a chat."""
    return ANSWERS in template or TURN in template


def said(written: str) -> str:
    """The answer in what a model wrote: up to the end of the line or of the turn."""
    return re.split(r"\n|<\|", written, maxsplit=1)[0].strip()


def _chat(user: str, system: str = "", shots: str = "", last: bool = False) -> str:
    rule = f"<|system|>{system}{END}" if system else ""
    turn = f"{TURN}{user}{END}"
    return f"{turn}{rule}{ANSWERS}" if last else f"{rule}{shots}{turn}{ANSWERS}"


def _is_exact(question: Question, answer: str) -> bool:
    return answer == question.answer


def _names_it(question: Question, answer: str) -> bool:
    """Names the right town, and no other."""
    named = {town for town in map(str, tinyland.WORLD.towns) if re.search(rf"\b{town}\b", answer)}
    return named == {question.answer}


# ---- the cases ----


def _games(count: int) -> list[Question]:
    return [Question(one.given, one.outcome, one.pairs) for one in draw(FAMILIES["lists"], count)]


def _translations(count: int) -> list[Question]:
    return _with_examples(_english(count + MOST), count)


@lru_cache(maxsize=4)
def _english(count: int) -> list[tuple[str, str]]:
    """Held-out sentences in English with their translation."""
    pairs: dict[str, str] = {}
    for document in tinyland.documents(TEST_SEED, stop=12 * count, weights={"translation": 1}):
        first, _, second = document.text.partition("\n")
        if first.startswith("English: "):
            pairs[first.removeprefix("English: ")] = second.partition(": ")[2]
        if len(pairs) == count:
            break
    return list(pairs.items())


def _homes(count: int) -> list[Question]:
    facts = [fact for fact in tinyland.WORLD.known_facts if fact.relation == "home"]
    chosen = random.Random("homes").sample(facts, min(count + MOST, len(facts)))
    return _with_examples([(str(fact.subject), str(fact.value)) for fact in chosen], count)


def _with_examples(pairs: Sequence[tuple[str, str]], count: int) -> list[Question]:
    """The last MOST pairs are the examples of all the others."""
    return [Question(*pair, tuple(pairs[-MOST:])) for pair in pairs[:-MOST][:count]]


WHERE = f"Where does {CASE} live?"
OLU = f"English: {CASE}\nOlu:"
TASKS: dict[str, Task] = {
    "find the rule": Task(
        _games,
        {
            "no example": f"Find the rule!\n {CASE} ->",
            "one example": f"Find the rule!\n{{1 example}} {CASE} ->",
            "four examples": f"Find the rule!\n{{4 examples}} {CASE} ->",
            "four examples, no title": f"{{4 examples}} {CASE} ->",
        },
        _is_exact,
        "exactly the outcome of the rule",
    ),
    "translate": Task(
        _translations,
        {
            "the form it has read": OLU,
            "no word of what to do": f"{CASE}\n",
            "with two examples": f"{{2 examples}}{OLU}",
            "asked in a chat": _chat(f"Translate into Olu: {CASE}", HELPFUL),
        },
        _is_exact,
        "exactly Tinyland's translation",
    ),
    "know a fact": Task(
        _homes,
        {
            "a sentence to finish": f"{CASE} lives in",
            "a vague request": _chat(f"Tell me about {CASE}.", SENTENCE),
            "a question, no system prompt": _chat(WHERE),
            "a question with a system prompt": _chat(WHERE, SENTENCE),
        },
        _names_it,
        "names the right town and no other",
    ),
    "keep to a form": Task(
        _homes,
        {
            "one word, asked by the system": _chat(WHERE, ONE_WORD),
            "one word, asked by the user": _chat(f"{WHERE} {ONE_WORD}"),
            "system prompt at the other end": _chat(WHERE, ONE_WORD, last=True),
            "one word, shown by examples": _chat(WHERE, shots="{3 examples}"),
        },
        _is_exact,
        "the right town, and nothing but this word",
    ),
}
