"""What a fine-tuning taught, and what was forgotten: two models of one tokenizer, on the chats of the run's own kind
and on the text that the first of them had learned to continue."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from core.analysis.skills import spot_checks
from core.analysis.skills.cases import Share, of_clusters
from core.analysis.skills.exact import Asked, Passage, ask, those_that_fit, would_write
from core.files import write_atomically
from core.generation.rollouts import rollouts
from core.memory import LOGITS
from core.model import Checkpoint, Transformer
from core.model.description import made_elsewhere
from core.model.folders import weight_files
from core.model.padding import pad
from core.text import Tokenizer, tinyland
from core.text.stock import StockTokenizer
from core.training import TrainConfig
from core.training.data.batches import HeldOut, MicroBatch, pad_batches
from core.training.data.listed import read_text, split
from core.training.data.own_samples import own_samples
from core.training.data.sources import make_data
from core.training.evaluate import sequence_nats
from core.tuning import exact_kl
from core.tuning.messages import (
    Chat,
    Marked,
    answer_stops,
    encode_question,
    mark_chat,
    read_jsonl,
    turns_of,
)

FILE = "taught.json"
TASK = "the new task"
ANSWER = 48  # tokens of an answer at most
OWN_WRITING = "what it wrote itself"  # the old text of a model of which nobody knows what it has read
SAMPLES, LONGEST = 48, 64  # of its own writing, and their tokens
Triple = tuple[float, float, float]
TEST_SEED = 2_000_000_047  # a stream of documents used for nothing else
T = TypeVar("T")
Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Taught:
    """Before and after, at `step`. Every triple is a value and the ends of its 95 % interval.

    skills: shares of cases done right, (before, after), TASK of the new task's held-out answers, which must be exactly
    right, and of older skills. kl: KL(after ‖ before) in nats for each token that the assistant says there. forgotten:
    by how much the loss on the old text rose, nats per token; `old`: by kind of document, (before, after), nats per
    document. The old text of a model that was made elsewhere is what it wrote itself before.
    """

    step: int
    skills: dict[str, tuple[Triple, Triple]]
    kl: float
    forgotten: Triple
    old: dict[str, tuple[float, float]]


def measure(
    before: Checkpoint, after: Checkpoint, config: TrainConfig, n: int = 100, cases: int = 50,
    report: Report = lambda *_: None,
) -> Taught:  # fmt: skip
    """Of a run with these settings, whose parent is `before`: n documents of the new task, 2n of the old text, so many
    cases of each older skill. ValueError: the parent's card does not say what it read."""
    tokenizer, pair = before.tokenizer, (before.model, after.model)
    report(0.0, "answers to new questions")
    asked = task_of(tokenizer, config, before.config.context_length, n)
    skills = {TASK: _pair(share_of(model, tokenizer, asked) for model in pair)}
    report(0.2, "how far the new model is from the old one")
    kl = divergence(after.model, before.model, asked)
    report(0.3, "the old text")
    held = old_text(before, config, 2 * n)
    (was, tokens), (now, _) = (sequence_nats(model, Alone(), held) for model in pair)
    kinds = np.array(held.kinds or ["text"] * len(was))
    old = {kind: (float(was[kinds == kind].mean()), float(now[kinds == kind].mean())) for kind in sorted(set(kinds))}
    if (config.parent or {}).get("data", {}).get("kind") == "tinyland":
        for i, skill in enumerate(spot_checks.SKILLS):
            report(0.5 + i / 2 / len(spot_checks.SKILLS), skill)
            shares = [spot_checks.measure(model, tokenizer, skill, cases) for model in pair]
            if shares[0].n:
                skills[skill] = _pair(shares)
    return Taught(after.step, skills, kl, rise(was, now, tokens), old)


def _pair(shares: Iterable[Share]) -> tuple[Triple, Triple]:
    before, after = ((share.rate, *share.interval) for share in shares)
    return before, after


def save(folder: Path, taught: Taught) -> None:
    """Keep what was measured in the folder of the run."""
    write_atomically(folder / FILE, json.dumps(asdict(taught)).encode())


def read_kept(folder: Path) -> Taught | None:
    """What was measured of the last weights of the run in a folder; None where nothing was."""
    try:
        found = Taught(**json.loads((folder / FILE).read_bytes()))
        return found if found.step == max(weight_files(folder)) else None
    except (OSError, ValueError, TypeError):
        return None


class Alone:
    """Whoever scores in the caller's thread."""

    causal = True

    def map(self, function: Callable[[MicroBatch], T], batch: Sequence[MicroBatch]) -> list[T]:
        """See Scorers.map."""
        return [function(micro) for micro in batch]


def task_of(tokenizer: Tokenizer, config: TrainConfig, longest: int, n: int) -> list[Asked]:
    """Held-out chats of the run's own kind, and in them what is asked: of Tinyland what can be known, of a visitor's
    own every turn of the assistant."""
    data = config.data
    if data["kind"] == "chats":
        documents = tinyland.documents(TEST_SEED, stop=n, weights=data.get("weights") or tinyland.CHAT_WEIGHTS)
        if not isinstance(tokenizer, StockTokenizer):
            return those_that_fit((ask(tokenizer, d.text, d.answers) for d in documents), longest)
        return those_that_fit(answers_in(mark_chat(tokenizer, turns_of(d.text)) for d in documents), longest)
    listed: Any = make_data(tokenizer, replace(config, replay=0.0), longest)
    return answers_in(Marked(ids, listed.mask(ids)) for ids in listed.held[:n])


def answers_in(chats: Iterable[Marked]) -> list[Asked]:
    """Every turn of the assistant in them as what is asked for."""
    found = []
    for ids, mask in chats:
        starts = [t for t in range(1, len(ids)) if mask[t] and not mask[t - 1]]
        ends = [t for t in range(1, len(ids)) if mask[t] and (t + 1 == len(ids) or not mask[t + 1])]
        passages = (Passage(a, b) for a, b in zip(starts, ends, strict=True))
        found.append(Asked(tuple(ids), tuple(passages)))
    return found


def share_of(model: Transformer, tokenizer: Tokenizer, asked: Sequence[Asked]) -> Share:
    """Of all answers, those that the model would write exactly."""
    return of_clusters(would_write(model, tokenizer, asked))


@torch.inference_mode()
def divergence(model: Transformer, reference: Transformer, asked: Sequence[Asked]) -> float:
    """KL(model ‖ reference), exact, at the tokens of what is asked: the mean, in nats per token."""
    total, count = 0.0, 0
    longest = max((len(one.ids) for one in asked), default=1)
    batch = max(1, min(32, LOGITS // (longest * model.config.vocab_size)))
    for start in range(0, len(asked), batch):
        rows = asked[start : start + batch]
        ids: Tensor = pad(one.ids for one in rows)  # (B, T)
        distance = exact_kl(model(ids), reference(ids))  # (B, T)
        for row, one in zip(distance, rows, strict=True):
            at = [t - 1 for passage in one.passages for t in range(passage.first, passage.last + 1)]
            total, count = total + float(row[at].sum()), count + len(at)
    return total / max(count, 1)


def old_text(before: Checkpoint, config: TrainConfig, n: int) -> HeldOut:
    """Held-out sequences of what the parent's first stage read; of one that was made elsewhere, what it writes."""
    parent, longest = config.parent or {}, before.config.context_length
    if data := parent.get("data"):
        return make_data(before.tokenizer, replace(config, data=data, replay=0.0), longest).held_out(n)
    if not made_elsewhere(parent):
        raise ValueError("nothing is known of what this model had read before")
    written = own_samples(before.model, before.tokenizer, range(min(n, SAMPLES)), min(longest - 1, LONGEST))
    return HeldOut(pad_batches(written, config.micro_batch_tokens), [OWN_WRITING] * len(written), None)


def rise(before: np.ndarray, after: np.ndarray, tokens: int) -> Triple:
    """By how much the loss per token rose, from nats of the same sequences (N,); the interval by the ratio of sums."""
    n, difference = len(before), after - before
    mean = float(difference.sum()) / tokens
    half = 1.96 * float(difference.std(ddof=1)) * n**0.5 / tokens if n > 1 else float("nan")
    return mean, mean - half, mean + half


@dataclass(frozen=True)
class Question:
    """A held-out chat up to where its last answer begins: as people read it, and as ids."""

    words: str
    ids: tuple[int, ...]


def questions(checkpoint: Checkpoint, config: TrainConfig, count: int = 6, room: int = ANSWER) -> list[Question]:
    """Chats of the run's own kind that it has not learned from, and that leave so many tokens for an answer."""
    tokenizer = checkpoint.tokenizer
    if config.data["kind"] == "chats":
        documents = tinyland.documents(TEST_SEED, 0, 4 * count, config.data.get("weights") or tinyland.CHAT_WEIGHTS)
        chats = [turns_of(d.text) for d in documents]
    else:
        _, chats = split(read_jsonl(read_text(config))[0])
    found = [Question(readable(chat), tuple(encode_question(tokenizer, chat))) for chat in chats]
    return [one for one in found if len(one.ids) <= checkpoint.config.context_length - room][:count]


def readable(chat: Chat) -> str:
    """A chat up to its last answer, as people read it: a line for each turn."""
    last = max(i for i, (role, _) in enumerate(chat) if role == "assistant")
    return "\n".join(f"{role}: {said}" for role, said in chat[:last])


def answers(checkpoint: Checkpoint, asked: Sequence[Question]) -> list[str]:
    """The likeliest answer to each, special tokens included except for its end; one without an end has an ellipsis."""
    tokenizer, prompts = checkpoint.tokenizer, [one.ids for one in asked]
    stop = answer_stops(tokenizer)
    drawn = rollouts(checkpoint.model, prompts, [0] * len(prompts), ANSWER, temperature=0.0, stop=stop)
    said = []
    for sample in drawn:
        ended = bool(sample.ids) and sample.ids[-1] in stop
        words = tokenizer.decode(sample.ids[:-1] if ended else sample.ids)
        said.append(words if ended else f"{words} …")
    return said
