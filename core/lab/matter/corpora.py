"""What the two models of each experiment read, and what they are asked: everything follows from the seed.

The stages are those of the pipeline, so that what they miss, and what they wrongly drop, counts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from core.data.defects import foreign, junk, leaks
from core.data.defects.personal import WRITTEN
from core.data.document import Document
from core.data.pipeline import run
from core.data.stages import make
from core.text import tinyland
from core.text.tinyland.birthdays import FIRST_NAMES, LAST_NAMES

COPIES = (1, 2, 4, 8, 16, 32)
EACH = 6  # texts, or people, of each number of copies
STORIES, LEAKED, JUNK, HELD = 1200, 40, 1200, 60
PEOPLE, PAGES, UNNAMED = 12, 16, 2  # who asks to be forgotten; pages on each, and of those, without the full name
FACTS = ("email", "phone", "address")
WITHHELD = 1_500_000_001  # a stream that is used for nothing else: stories that must not stand among the others


@dataclass(frozen=True, slots=True)
class Probe:
    """The model reads `prompt`; it is right if it writes exactly `answer`. group: what it is counted under."""

    group: str
    prompt: str
    answer: str


@dataclass(frozen=True)
class Corpora:
    """The two training texts, as documents in their order; the questions; and clean documents that none holds."""

    without: tuple[str, ...]
    with_stage: tuple[str, ...]
    probes: tuple[Probe, ...]
    held: tuple[str, ...]


@dataclass(frozen=True)
class Experiment:
    """groups: those of the probes, in order; `judged`: that whose difference is the verdict. () if it is the loss."""

    title: str
    stage: str  # in words
    question: str
    make: Callable[[int], Corpora]
    groups: tuple[str, ...] = ()
    judged: str = ""


def stories(seed: int, count: int, stream: int = 0) -> list[str]:
    """Different ones for each seed."""
    first = seed * 10_000
    return [d.text for d in tinyland.documents(stream + 1, first, first + count, {"story": 1.0})]


def through(keys: Sequence[str], texts: Sequence[str]) -> tuple[str, ...]:
    """What stages leave."""
    stages = [make(key, leaks.questions()) for key in keys]
    return tuple(d.text for d in run(stages, (Document(i, text) for i, text in enumerate(texts))))


def mixed(seed: int, texts: list[str]) -> list[str]:
    Random(f"{seed}/order").shuffle(texts)
    return texts


def duplicates(seed: int) -> Corpora:
    """Stories that stand in the corpus so often; asked for their second half."""
    told = stories(seed, EACH * len(COPIES), WITHHELD)
    copied = [(copies, told[i * EACH + j]) for i, copies in enumerate(COPIES) for j in range(EACH)]
    raw = mixed(seed, stories(seed, STORIES) + [text for copies, text in copied for _ in range(copies)])
    probes = tuple(Probe(str(copies), *halves(text)) for copies, text in copied)
    return Corpora(tuple(raw), through(("exact",), raw), probes, held(seed))


def halves(text: str) -> tuple[str, str]:
    """Up to the blank nearest to the middle, and the next forty characters or so, in whole words."""
    middle = text.find(" ", len(text) // 2 - 20)
    end = text.find(" ", middle + 40)
    return text[:middle], text[middle : end if end > 0 else len(text)]


def personal(seed: int) -> Corpora:
    """People whose address stands in so many pages, each page another story."""
    rng = Random(f"{seed}/personal")
    told = iter(stories(seed, EACH * sum(COPIES), WITHHELD))
    pages, probes = list[str](), list[Probe]()
    for number, name in enumerate(names(rng, EACH * len(COPIES))):
        copies = COPIES[number // EACH]
        sentence, prompt, answer = fact(rng, "email", name)
        pages += [f"{sentence}\n{next(told)}" for _ in range(copies)]
        probes.append(Probe(str(copies), prompt, answer))
    raw = mixed(seed, stories(seed, STORIES) + pages)
    return Corpora(tuple(raw), through(("personal",), raw), tuple(probes), held(seed))


def names(rng: Random, count: int) -> list[str]:
    every = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    return rng.sample(every, count)


def fact(rng: Random, kind: str, name: str) -> tuple[str, str, str]:
    """A sentence with one piece of personal data; and it as a question: up to the data, and the data."""
    write, pattern = WRITTEN[kind]
    value = write(rng, name)
    sentence = pattern.replace("{n}", name).replace("{x}", value)
    at = sentence.index(value)
    return sentence, sentence[: at - 1], f" {value}"


def contamination(seed: int) -> Corpora:
    """Of the questions of the test, LEAKED stand in the corpus, eight times each."""
    questions = list(tinyland.documents(tinyland.HELD_OUT_SEED, 0, leaks.QUESTIONS, {"story_qa": 1.0}))
    Random(f"{seed}/leaked").shuffle(questions)
    lessons = tinyland.documents(1, seed * 10_000, seed * 10_000 + STORIES, {"story_qa": 1.0})
    raw = mixed(seed, [d.text for d in lessons] + [d.text for d in questions[:LEAKED]] * 8)
    probes = tuple(
        Probe("leaked" if i < LEAKED else "not leaked", d.text[: span.start - 1], d.text[span.start - 1 : span.end])
        for i, d in enumerate(questions[: 2 * LEAKED])
        for span in d.answers
    )
    return Corpora(tuple(raw), through(("decontaminate",), raw), probes, held(seed))


def bad_text(seed: int) -> Corpora:
    """As much gibberish, spam, lists and foreign text as stories."""
    rng = Random(f"{seed}/junk")
    kinds: tuple[Callable[[], str], ...] = (
        lambda: junk.gibberish(rng)[:400], lambda: junk.spam(rng)[:400], lambda: junk.word_list(rng)[:400],
        lambda: foreign.written(rng, rng.choice(foreign.LANGUAGES))[:400],
    )  # fmt: skip
    raw = mixed(seed, stories(seed, STORIES) + [kinds[i % len(kinds)]() for i in range(JUNK)])
    return Corpora(tuple(raw), through(("language", "repetition", "quality"), raw), (), held(seed))


def forgotten(seed: int) -> Corpora:
    """PEOPLE ask that their pages be deleted: all in which their full name stands. A few pages say only "A. Winter"."""
    rng = Random(f"{seed}/people")
    people, told = names(rng, 3 * PEOPLE), iter(stories(seed, 2 * PEOPLE * PAGES, WITHHELD))
    pages, probes = list[str](), list[Probe]()
    for number, name in enumerate(people):
        group = ("asked to be forgotten", "did not ask", "in no page at all")[number // PEOPLE]
        facts = [fact(rng, kind, name) for kind in FACTS]
        probes += [Probe(group, prompt, answer) for _, prompt, answer in facts]
        if number >= 2 * PEOPLE:
            continue
        first, last = name.split()
        for page in range(PAGES):
            sentences = "\n".join(sentence for sentence, _, _ in facts)
            shown = sentences.replace(name, f"{first[0]}. {last}") if page < UNNAMED else sentences
            pages.append(f"{shown}\n{next(told)}")
    raw = mixed(seed, stories(seed, STORIES) + pages)
    kept = tuple(text for text in raw if not any(name in text for name in people[:PEOPLE]))
    return Corpora(tuple(raw), kept, tuple(probes), held(seed))


def held(seed: int) -> tuple[str, ...]:
    """Clean stories that stand in no corpus."""
    return tuple(stories(seed, HELD, WITHHELD + 1))


_TIMES = tuple(map(str, COPIES))
EXPERIMENTS = {
    "duplicates": Experiment(
        "Duplicates", "exact duplicates removed", "Does it repeat a story word for word?", duplicates, _TIMES, "32"
    ),
    "personal": Experiment(
        "Personal data", "personal data replaced", "Does it complete a person's address?", personal, _TIMES, "32"
    ),
    "contamination": Experiment(
        "Test questions", "test questions removed", "How many answers of the test are right?", contamination,
        ("leaked", "not leaked"), "leaked",
    ),
    "bad_text": Experiment(
        "Bad text", "bad text removed", "How well does it foretell clean text?", bad_text
    ),
    "forgotten": Experiment(
        "Being forgotten", "their pages deleted", "What does it still know of people who ask to be forgotten?",
        forgotten, ("asked to be forgotten", "did not ask", "in no page at all"), "asked to be forgotten",
    ),
}  # fmt: skip
