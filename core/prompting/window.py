"""The context as a budget: what fits, what falls out, and whether a fact is found at the start, the middle, the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.analysis.skills.cases import Share
from core.analysis.skills.window import FILLERS, SEED
from core.model import Checkpoint
from core.prompting.examples import Interval, Report
from core.prompting.laboratory import answers
from core.prompting.tasks import said
from core.text import tinyland

PLACES = ("start", "middle", "end")
COUNTS = (0, 8, 16, 32, 48)  # sentences that have nothing to do with the question
STORIES = 40
ROOM = 12  # tokens that an answer may take
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
    tokenizer, longest, asked = checkpoint.tokenizer, checkpoint.config.context_length, stories(count)
    if longest < SHORTEST:
        raise ValueError(f"its context of {longest} tokens is too short for a story")
    right: dict[str, list[Interval]] = {place: [] for place in PLACES}
    tokens = []
    for done, fillers in enumerate(counts):
        report(done / len(counts), f"{fillers} sentences beside the story")
        for place in PLACES:
            prompts = [spread(story, fillers, place) + question for story, question, _ in asked]
            texts = [[tokenizer.eot, *tokenizer.encode(prompt)] for prompt in prompts]
            kept = [last_tokens(ids, longest - ROOM) for ids in texts]
            written = answers(checkpoint, kept, [0] * len(kept), 0.0, ROOM)
            share = Share.of(said(text) == answer for text, (_, _, answer) in zip(written, asked, strict=True))
            right[place].append((share.rate, *share.interval))
        tokens.append(sum(map(len, texts)) / len(texts))
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


def last_tokens(ids: Sequence[int], longest: int) -> list[int]:
    """What a model sees of a longer text: its start token, and the last tokens."""
    return [ids[0], *ids[1 + max(0, len(ids) - longest) :]]


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
