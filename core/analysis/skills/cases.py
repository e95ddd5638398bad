"""Cases of what a Tinyland model should do, from documents it never saw, and shares of those done right.

A case is right when greedy decoding writes exactly what was expected; a share has its 95 % interval (Wilson 1927).
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from core.generation import greedy_batch
from core.intervals import wilson
from core.model import Transformer
from core.text import Tokenizer, tinyland
from core.text.tinyland import lexicon
from core.text.tinyland.document import Document

TEST_SEED = 2_000_000_011  # a stream of documents used for nothing else

# One way of stating each kind of fact; what follows the prompt is the fact's value.
CLOZES = {
    "home": "{} lives in",
    "occupation": "{} works as",
    "food": "{}'s favourite food is the",
    "colour": "{}'s favourite colour is",
    "animal": "{}'s pet is",
    "mother": "{}'s mother is",
    "specialty": "{} is famous for its",
    "region": "{} is a town in",
    "capital": "The capital of {} is",
}


@dataclass(frozen=True)
class Case:
    """A prompt (token ids) and the text that should follow it; `end` is what may come after (None: anything; "": a new
    line or the end of the document, since whether another question follows is no part of the answer)."""

    ids: list[int]
    expected: str
    end: str | None = None


@dataclass(frozen=True)
class Share:
    """`right` of `n` cases, and the 95 % interval of the true share."""

    right: int
    n: int
    effective: float | None = None  # how many independent cases the n are worth, where they hang together

    @classmethod
    def of(cls, hits: Iterable[bool]) -> "Share":
        """The share of the hits that are true."""
        found = list(hits)
        return cls(sum(found), len(found))

    @property
    def rate(self) -> float:
        return self.right / self.n if self.n else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Of 95 %, Wilson's."""
        n = self.n if self.effective is None else self.effective
        return wilson(self.rate * n, n, 1.96) if self.n else (0.0, 1.0)

    def to_dict(self) -> dict[str, float]:
        low, high = self.interval
        counts = {"right": self.right, "n": self.n}
        return counts | {"rate": round(self.rate, 4), "low": round(low, 4), "high": round(high, 4)}


def of_clusters(groups: Sequence[Sequence[bool]]) -> Share:
    """The share over all cases of groups that hang together, such as the tokens of a document. Its interval is that of
    as many independent cases as have the variance of this ratio (linearised: Cochran 1977, section 6.3); where all
    groups are alike, of as many as there are groups."""
    right, n = sum(map(sum, groups)), sum(map(len, groups))
    if not n:
        return Share(0, 0)
    rate, m = right / n, len(groups)
    variance = sum((sum(group) - rate * len(group)) ** 2 for group in groups) * m / max(m - 1, 1) / n**2
    return Share(right, n, rate * (1 - rate) / variance if variance else float(m))


# -- the loss against the floor --------------------------------------------------------------------------------------


@torch.inference_mode()
def document_losses(model: Transformer, tokenizer: Tokenizer, docs: Sequence[Document], batch: int = 64) -> list[float]:
    """Nats per document from its first token to its end (N,), each document read alone after <|endoftext|>."""
    ids = [[tokenizer.eot, *tokenizer.encode(d.text, special=True), tokenizer.eot] for d in docs]
    losses = [0.0] * len(ids)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        longest = max(len(ids[i]) for i in rows)
        padded = torch.full((len(rows), longest), -100)  # (B, T + 1)
        for r, i in enumerate(rows):
            padded[r, : len(ids[i])] = torch.tensor(ids[i])
        logits = model(padded[:, :-1].clamp(min=0))  # (B, T, V)
        nats = F.cross_entropy(logits.flatten(0, 1), padded[:, 1:].flatten(), ignore_index=-100, reduction="none")
        for i, loss in zip(rows, nats.view(len(rows), -1).double().sum(1).tolist(), strict=True):
            losses[i] = loss
    return losses


def loss_against_floor(losses: Sequence[float], docs: Sequence[Document]) -> dict[str, float]:
    """Mean loss and floor (nats per document), the excess and its 95 % interval from the paired differences."""
    excess = [loss + d.log_prob for loss, d in zip(losses, docs, strict=True)]
    n, mean = len(docs), sum(excess) / len(docs)
    deviation = math.sqrt(sum((x - mean) ** 2 for x in excess) / (n - 1)) if n > 1 else math.nan
    floor = tinyland.floor(list(docs))
    return {
        "loss": sum(losses) / n,
        "floor": floor,
        "excess": mean,
        "excess_95": 1.96 * deviation / math.sqrt(n),
        "excess_share": mean / floor,
        "n": n,
    }


# -- cases -----------------------------------------------------------------------------------------------------------


def answer_cases(tokenizer: Tokenizer, docs: Iterable[Document]) -> list[tuple[Case, str]]:
    """Each answer of each document, with the text before it (for telling the questions apart)."""
    found = []
    for d in docs:
        ids = tokenizer.encode(d.text, special=True)
        ends, at = [], 0
        for token in ids:
            at += len(tokenizer.token_bytes(token))
            ends.append(at)
        for span in d.answers:
            start = len(d.text[: span.start].encode())
            before = sum(end <= start for end in ends)  # a token that holds the space before the answer belongs to it
            following = d.text[span.end : span.end + 1]
            end = "" if following == "\n" else following
            found.append((Case([tokenizer.eot, *ids[:before]], span.value, end), d.text[: span.start]))
    return found


def fact_cases(tokenizer: Tokenizer, facts: Iterable[tinyland.Fact]) -> list[Case]:
    """A cloze for each fact."""
    cases = []
    for fact in facts:
        prompt = CLOZES[fact.relation].format(fact.subject)
        value = fact.value
        if fact.relation in ("occupation", "animal"):
            value = f"{'an' if value[0] in 'aeiou' else 'a'} {value}"
        cases.append(Case([tokenizer.eot, *tokenizer.encode(prompt)], value, "."))
    return cases


def continuations(model: Transformer, tokenizer: Tokenizer, cases: Sequence[Case], new_tokens: int = 24) -> list[str]:
    """What the model writes greedily after each prompt, special tokens included."""
    stop = set(tokenizer.special_tokens.values())
    return [
        tokenizer.decode(ids)
        for ids in greedy_batch(model, [c.ids for c in cases], new_tokens, stop)
    ]  # fmt: skip


def is_right(case: Case, written: str) -> bool:
    """The expected text stands there whole, and what follows it is what should."""
    written = written.removeprefix(" ")
    if not written.startswith(case.expected):
        return False
    rest = written[len(case.expected) :]
    return case.end is None or rest.startswith(case.end or ("\n", "<|"))


def share_right(model: Transformer, tokenizer: Tokenizer, cases: Sequence[Case], new_tokens: int = 24) -> Share:
    written = continuations(model, tokenizer, cases, new_tokens)
    return Share.of(is_right(c, w) for c, w in zip(cases, written, strict=True))


# -- style -----------------------------------------------------------------------------------------------------------


def style_of(reply: str) -> str | None:
    """Which system prompt a chat reply obeys: "word", "sentence", "invented" or "back"; None if none."""
    words = reply.split()
    if not words:
        return None
    if words[-1].rstrip(".") in lexicon.INVENTED_RELATIONS.values():
        return "invented"
    if reply.endswith("?") and "." in reply:
        return "back"
    if reply.endswith(".") and len(words) > 1:
        return "sentence"
    return "word" if len(words) == 1 and reply[-1] not in ".?" else None


def obeys_style(case: Case, written: str) -> bool:
    return style_of(written.split("<|")[0].strip()) == style_of(case.expected)


# -- all of it -------------------------------------------------------------------------------------------------------


def story_openings(tokenizer: Tokenizer, docs: Iterable[Document]) -> list[Case]:
    """The first sentence of each story; what is expected is any story of Tinyland."""
    return [Case([tokenizer.eot, *tokenizer.encode(re.findall(r".*?[.?!](?=\s|$)", d.text)[0])], "") for d in docs]


def stories_that_parse(model: Transformer, tokenizer: Tokenizer, docs: Sequence[Document]) -> Share:
    cases = story_openings(tokenizer, docs)
    texts = [
        tokenizer.decode(case.ids[1:]) + written.removesuffix("<|endoftext|>")
        for case, written in zip(cases, continuations(model, tokenizer, cases, 200), strict=True)
    ]
    return Share.of(tinyland.parse(text).kind == "story" for text in texts)
