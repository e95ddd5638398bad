"""The context as a budget: what fits, what falls out, and whether a fact is found at the start, the middle, the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.analysis.skills.cases import Share
from core.analysis.skills.exact import Asked, Passage
from core.analysis.skills.window import FILLERS, SEED
from core.model import Checkpoint
from core.prompting.examples import Interval, Report
from core.prompting.scores import after, score
from core.text import tinyland

PLACES = ("start", "middle", "end")
COUNTS = (0, 8, 16, 32, 48)  # sentences that have nothing to do with the question
STORIES = 40
SHORTEST = 100  # tokens of a context in which a story can stand


@dataclass(frozen=True)
class Found:
    """For each place of the story among the fillers, and each of `counts`: the share of questions answered right.
    `tokens`: the mean length of the whole prompt at each count; the model reads `context` of them, the last."""

    counts: tuple[int, ...]
    tokens: tuple[float, ...]
    right: dict[str, tuple[Interval, ...]]
    stories: int
    context: int


def find(
    checkpoint: Checkpoint, counts: Sequence[int] = COUNTS, count: int = STORIES, report: Report = lambda *_: None
) -> Found:
    """Held-out stories with a question, among sentences of Tinyland that change nothing. ValueError: the context is too
    short for one."""
    longest, asked = checkpoint.config.context_length, stories(count)
    if longest < SHORTEST:
        raise ValueError(f"its context of {longest} tokens is too short for a story")
    right: dict[str, list[Interval]] = {place: [] for place in PLACES}
    tokens = []
    for done, fillers in enumerate(counts):
        report(done / len(counts), f"{fillers} sentences beside the story")
        for place in PLACES:
            texts = [
                after(checkpoint.tokenizer, spread(story, fillers, place) + question, f" {answer}")
                for story, question, answer in asked
            ]
            kept = [last_tokens(one, longest) for one in texts]
            share = Share.of(score(checkpoint.model, checkpoint.tokenizer, kept).right.tolist())
            right[place].append((share.rate, *share.interval))
        tokens.append(sum(one.passages[-1].first for one in texts) / len(texts))
    points = {place: tuple(found) for place, found in right.items()}
    return Found(tuple(counts), tuple(tokens), points, len(asked), longest)


def stories(count: int) -> list[tuple[str, str, str]]:
    """(story, its first question up to the answer, the answer) of held-out documents."""
    found = []
    for document in tinyland.documents(SEED, stop=count, weights={"story_qa": 1}):
        answer = document.answers[0]
        story, _, question = document.text[: answer.start].partition("\n")
        found.append((story, f"\n{question.rstrip()}", answer.value))
    return found


def spread(story: str, fillers: int, place: str) -> str:
    """The story among filler sentences: at their start, in their middle or at their end."""
    sentences = [FILLERS[i % len(FILLERS)] for i in range(fillers)]
    before = {"start": 0, "middle": fillers // 2, "end": fillers}[place]
    return " ".join([*sentences[:before], story, *sentences[before:]])


def last_tokens(asked: Asked, longest: int) -> Asked:
    """What a model sees of a longer text: its start token, and the last tokens."""
    gone = max(0, len(asked.ids) - longest)
    passages = tuple(Passage(one.first - gone, one.last - gone, one.ends) for one in asked.passages)
    return Asked((asked.ids[0], *asked.ids[1 + gone :]), passages)


@dataclass(frozen=True)
class Kept:
    """Of a part of a prompt: its tokens, and how many of them are still in the window."""

    tokens: int
    inside: int


def budget(lengths: Mapping[str, int], context: int) -> dict[str, Kept]:
    """What is left of the parts of a prompt, in their order, when only its last `context` tokens are read."""
    gone, kept = max(0, sum(lengths.values()) - context), {}
    for name, length in lengths.items():
        lost = min(length, gone)
        kept[name] = Kept(length, length - lost)
        gone -= lost
    return kept
