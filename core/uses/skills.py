"""The four uses over held-out cases: what a model is asked, what it writes, and whether that is right.

Cases come from streams of documents that nothing is trained on. What is known exactly is asked greedily; stories and
programs of the model's own are drawn at temperature 1, number i with seed i, because one greedy story says nothing of
all the others.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from core.analysis.skills.cases import Share
from core.analysis.skills.chats import kinds_read
from core.analysis.skills.honesty import is_chat, is_refusal
from core.generation.rollouts import rollouts
from core.model import Checkpoint
from core.text import tinyland
from core.text.tinyland import Document
from core.uses import program, story
from core.uses.conversation import check

SEED = 2_000_000_087  # a stream of documents used for nothing else
CASES, DRAWN = 200, 60  # of each skill; of those whose answers are long
PATIENCE = 20  # so many documents are looked at for each case, among which some are short enough
CHUNK = 64  # prompts that are answered together
KEPT = 40  # failures that are kept of each skill
USES = ("chat", "translation", "writing", "code")
END = "<|end|>"
Report = Callable[[float, str], object]


@dataclass(frozen=True)
class Asked:
    """A prompt, special tokens by name, and what should follow; "" where much may: then `Skill.judge` decides."""

    prompt: str
    expected: str = ""


@dataclass(frozen=True)
class Answer:
    """What was written after the prompt, with what ended it, and whether it is right."""

    prompt: str
    expected: str
    said: str
    right: bool


@dataclass(frozen=True)
class Skill:
    """One thing that is asked: `cases` gives what is asked without end, `judge` decides of an answer (None: it must be
    exactly what was expected). kind: of the documents that teach it."""

    use: str
    name: str
    kind: str
    cases: Callable[[], Iterator[Asked]]
    judge: Callable[[Asked, str], bool] | None = None
    new_tokens: int = 48
    temperature: float = 0.0

    @property
    def n(self) -> int:
        return CASES if self.new_tokens < 100 else DRAWN


@dataclass(frozen=True)
class Found:
    """A skill as it was measured: of n cases so many right, and the first failures."""

    use: str
    name: str
    share: Share
    failures: tuple[Answer, ...]


# -- cases -------------------------------------------------------------------------------------------------------------


def _documents(kind: str) -> Iterator[Document]:
    return tinyland.documents(SEED, weights={kind: 1.0})


def _replies(kind: str, wanted: Callable[[str, str], bool] = lambda *_: True) -> Callable[[], Iterator[Asked]]:
    """The last answer of each chat of a kind, if (prompt, answer) are `wanted`."""

    def cases() -> Iterator[Asked]:
        for document in _documents(kind):
            last = document.replies[-1]
            prompt = document.text[: last.start]
            if wanted(prompt, last.value.removesuffix(END)):
                yield Asked(prompt, last.value)

    return cases


def _last_answer(kind: str, wanted: Callable[[str], bool] = lambda _: True) -> Callable[[], Iterator[Asked]]:
    """The last answer of each document of a kind, up to the end of the document."""

    def cases() -> Iterator[Asked]:
        for document in _documents(kind):
            last = document.answers[-1]
            if wanted(document.text):
                space = document.text[: last.start].endswith(" ")  # it belongs to the first token of the answer
                yield Asked(document.text[: last.start - space], " " * space + document.text[last.start :])

    return cases


def _openings() -> Iterator[Asked]:
    for document in _documents("story"):
        start, end = story.sentences(document.text)[0]
        yield Asked(document.text[start:end])


def _is_tale(prompt: str, answer: str) -> bool:
    return answer.count(".") > 3 and any(prompt.rpartition("<|user|>")[2].startswith(way) for way in
                                         ("Write a story", "Tell me a story", "I want to hear"))  # fmt: skip


def _is_function(prompt: str, _answer: str) -> bool:
    return prompt.rpartition("<|user|>")[2].startswith("Finish this function")


def is_short_task(prompt: str, answer: str) -> bool:
    return not _is_tale(prompt, answer) and not _is_function(prompt, answer)


def _could_be_told(asked: Asked, said: str) -> bool:
    whole = story.read(asked.prompt + said.removesuffix("<|endoftext|>"))
    return said.endswith("<|endoftext|>") and whole.could_be_told and whole.finished


def _is_tinylands(asked: Asked, said: str) -> bool:
    return said.endswith(END) and is_chat(asked.prompt + said)


def _runs_right(asked: Asked, said: str) -> bool:
    """A whole program, with a call at least, whose every result is what it gives."""
    try:
        found = program.read(asked.prompt + said.removesuffix("<|endoftext|>"))
    except program.ProgramError:
        return False
    return bool(found.calls) and all(call.right for call in found.calls)


def _programs() -> Iterator[Asked]:
    while True:
        yield Asked("def")


SKILLS = (
    Skill("chat", "answers in the style that is asked for", "chat", _replies("chat")),
    Skill("chat", "refuses a topic", "chat_topic", _replies("chat_topic", lambda _, answer: is_refusal(answer))),
    Skill("chat", "plays a role", "chat_role", _replies("chat_role")),
    Skill("chat", "does a small task", "chat_task", _replies("chat_task", is_short_task)),
    Skill("translation", "English to Olu", "translation", _last_answer("translation", lambda t: t[0] == "E")),
    Skill("translation", "Olu to English", "translation", _last_answer("translation", lambda t: t[0] == "O")),
    Skill("writing", "goes on with a beginning", "story", _openings, _could_be_told, 220, 1.0),
    Skill("writing", "fulfils a wish", "chat_task", _replies("chat_task", _is_tale), _is_tinylands, 160, 1.0),
    Skill("code", "says what a call gives", "code", _last_answer("code"), new_tokens=8),
    Skill("code", "completes a function", "chat_task", _replies("chat_task", _is_function)),
    Skill("code", "writes programs that are right", "code", _programs, _runs_right, new_tokens=60, temperature=1.0),
)


# -- measuring ---------------------------------------------------------------------------------------------------------


def can_be_asked(checkpoint: Checkpoint) -> list[Skill]:
    """The skills that this model had a chance to learn, by its card."""
    if checkpoint.read.get("kind") != "tinyland":
        return []
    kinds, chats = kinds_read(checkpoint), checkpoint.taught_chats and _has_tokens(checkpoint)
    return [s for s in SKILLS if (chats if s.kind.startswith("chat") else kinds.get(s.kind, 0) > 0)]


def _has_tokens(checkpoint: Checkpoint) -> bool:
    try:
        check(checkpoint.tokenizer)
    except ValueError:
        return False
    return True


def measure(checkpoint: Checkpoint, report: Report = lambda *_: None, most: int | None = None) -> list[Found]:
    """Every skill that can be asked for, over `most` cases each at most. ValueError: none can."""
    skills = can_be_asked(checkpoint)
    if not skills:
        raise ValueError("the uses are measured on models that learned from Tinyland")
    found = []
    for place, skill in enumerate(skills):
        report(place / len(skills), f"{skill.use}: {skill.name}")
        answers = list(answered(checkpoint, skill, min(skill.n, most or skill.n)))
        if not answers:  # its cases are too long for this model
            continue
        share = Share.of(answer.right for answer in answers)
        failures = tuple(answer for answer in answers if not answer.right)[:KEPT]
        found.append(Found(skill.use, skill.name, share, failures))
    if not found:
        raise ValueError("every case is too long for this model")
    return found


def answered(checkpoint: Checkpoint, skill: Skill, n: int) -> Iterator[Answer]:
    """The answers to the first n cases that leave room for one."""
    tokenizer, model = checkpoint.tokenizer, checkpoint.model
    count = min(skill.new_tokens, model.config.context_length // 2)
    room = model.config.context_length - count
    stop = {tokenizer.eot, *(tokenizer.special_tokens[name] for name in (END,) if name in tokenizer.special_tokens)}
    prompts = (
        (asked, [tokenizer.eot, *tokenizer.encode(asked.prompt, special=True)])
        for asked in islice(skill.cases(), PATIENCE * n)
    )
    fitting: Iterable[tuple[int, tuple[Asked, list[int]]]] = enumerate(p for p in prompts if len(p[1]) <= room)
    chosen = sorted(islice(fitting, n), key=lambda one: len(one[1][1]))  # those of one length together
    said: dict[int, Answer] = {}
    for start in range(0, len(chosen), CHUNK):
        chunk = chosen[start : start + CHUNK]
        samples = rollouts(
            model, [ids for _, (_, ids) in chunk], [seed for seed, _ in chunk], count,
            temperature=skill.temperature, stop=stop,
        )  # fmt: skip
        for (seed, (asked, _)), sample in zip(chunk, samples, strict=True):
            said[seed] = judged(skill, asked, tokenizer.decode(sample.ids))
    return (said[seed] for seed in sorted(said))


def judged(skill: Skill, asked: Asked, said: str) -> Answer:
    """An answer and whether it is right. The end of a document counts as the end of an answer."""
    if skill.judge is not None:
        return Answer(asked.prompt, "", said, skill.judge(asked, said))
    expected = asked.expected if asked.expected.endswith(END) else f"{asked.expected}<|endoftext|>"
    if skill.kind == "code":  # another call may follow
        right = said.removesuffix("<|endoftext|>").partition("\n")[0] == asked.expected
        return Answer(asked.prompt, expected, said, right)
    return Answer(asked.prompt, expected, said, said == expected)


def word_in_question(answer: Answer) -> int:
    """The character of prompt + said at which a wrong answer cannot be right any more."""
    text = answer.prompt + answer.said
    if answer.expected:
        pairs = zip(answer.said, answer.expected, strict=False)
        same = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(answer.said), len(answer.expected)))
        return len(answer.prompt) + same
    whole = text.removesuffix("<|endoftext|>")
    if answer.prompt == "def":
        return _wrong_in_program(whole)
    if "<|assistant|>" in whole:
        return tinyland.parse(whole).failed_at
    problems = story.read(whole).problems
    return problems[0].at if problems else len(whole)


def _wrong_in_program(text: str) -> int:
    try:
        found = program.read(text)
    except program.ProgramError as error:
        return min(error.at, len(text))
    return next((call.start for call in found.calls if not call.right), len(text))
