"""What a Tinyland model can do, measured on documents it never saw: `python -m core.analysis.skills [name] [--write]`.

Every skill is a share of cases done exactly right under greedy decoding, with its 95 % interval (Wilson 1927). The
loss is compared with the entropy floor: the true negative log-probability of the same documents.
"""

import argparse
import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch.nn import functional as F

from core.generation import greedy_batch
from core.model import Checkpoint, Transformer, load_checkpoint, update_card
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

    @property
    def rate(self) -> float:
        return self.right / self.n if self.n else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval (JASA 22, 1927)."""
        if not self.n:
            return 0.0, 1.0
        z, p, n = 1.96, self.rate, self.n
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, centre - half), min(1.0, centre + half)

    def to_dict(self) -> dict:
        low, high = self.interval
        return asdict(self) | {"rate": round(self.rate, 4), "low": round(low, 4), "high": round(high, 4)}


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


def loss_against_floor(losses: Sequence[float], docs: Sequence[Document]) -> dict:
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
    return Share(sum(is_right(c, w) for c, w in zip(cases, written, strict=True)), len(cases))


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
    return [
        Case([tokenizer.eot, *tokenizer.encode(re.match(r".*?[.?!](?=\s|$)", d.text)[0])], "")  # type: ignore[index]
        for d in docs
    ]


def stories_that_parse(model: Transformer, tokenizer: Tokenizer, docs: Sequence[Document]) -> Share:
    cases = story_openings(tokenizer, docs)
    texts = [
        tokenizer.decode(case.ids[1:]) + written.removesuffix("<|endoftext|>")
        for case, written in zip(cases, continuations(model, tokenizer, cases, 200), strict=True)
    ]
    return Share(sum(tinyland.parse(text).kind == "story" for text in texts), len(texts))


def measure(checkpoint: Checkpoint, n: int = 1000) -> dict:
    """Every skill of a Tinyland checkpoint, about `n` cases each, as plain JSON values."""
    model, tokenizer = checkpoint.model, checkpoint.tokenizer

    def docs(kind: str, count: int) -> list[Document]:
        return list(tinyland.documents(TEST_SEED, stop=count, weights={kind: 1}))

    def answers_right(kind: str, count: int) -> Share:
        return share_right(model, tokenizer, [c for c, _ in answer_cases(tokenizer, docs(kind, count))])

    mixed = list(tinyland.documents(TEST_SEED + 1, stop=4 * n))
    losses = document_losses(model, tokenizer, mixed)
    by_kind: dict[str, list[int]] = defaultdict(list)
    for i, d in enumerate(mixed):
        by_kind[d.kind].append(i)

    questions = answer_cases(tokenizer, docs("story_qa", n // 2))
    more = answer_cases(tokenizer, docs("story_qa", 4 * n))  # whom a pronoun means is asked in one document of ten
    pronouns = [c for c, before in more if re.search(r"\nQ: Who (?!has |gave )[^\n]*\nA: $", before)]
    chats = [c for c, _ in answer_cases(tokenizer, docs("chat", n))]
    replies = continuations(model, tokenizer, chats)
    shares = {
        "story_questions": share_right(model, tokenizer, [c for c, _ in questions]),
        "pronouns": share_right(model, tokenizer, pronouns),
        "translation": answers_right("translation", n),
        "arithmetic": answers_right("arithmetic", n // 2),
        "code": answers_right("code", n // 2),
        "known_facts": share_right(model, tokenizer, fact_cases(tokenizer, tinyland.WORLD.known_facts)),
        "chat_style": Share(sum(map(obeys_style, chats, replies)), len(chats)),
        "chat_answers": Share(sum(map(is_right, chats, replies)), len(chats)),
        "stories_parse": stories_that_parse(model, tokenizer, docs("story", n // 2)),
    }
    return {
        "held_out": loss_against_floor(losses, mixed),
        "held_out_by_kind": {
            kind: loss_against_floor([losses[i] for i in rows], [mixed[i] for i in rows])
            for kind, rows in sorted(by_kind.items())
        },
        **{name: share.to_dict() for name, share in shares.items()},
    }


def report(skills: dict) -> str:
    """The figures of `measure` as lines to read."""
    lines = []
    for name, loss in [("all kinds", skills["held_out"]), *skills["held_out_by_kind"].items()]:
        lines.append(
            f"{name:16} {loss['loss']:7.2f} nats/document, floor {loss['floor']:7.2f}, "
            f"{100 * loss['excess_share']:+.2f} % ± {100 * loss['excess_95'] / loss['floor']:.2f} (n = {loss['n']})"
        )
    for name, share in skills.items():
        if "rate" in share:
            low, high = 100 * share["low"], 100 * share["high"]
            figures = f"{100 * share['rate']:6.1f} %  ({share['right']} of {share['n']}; 95 %: {low:.1f}–{high:.1f})"
            lines.append(f"{name:16} {figures}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", nargs="?", default="tinyland", help="a model's name or folder")
    parser.add_argument("--step", type=int, help="a snapshot instead of the final model")
    parser.add_argument("--cases", type=int, default=1000, help="about how many cases each skill is measured on")
    parser.add_argument("--write", action="store_true", help="store the figures in the checkpoint's card.json")
    args = parser.parse_args()
    folder = Path(args.checkpoint)
    checkpoint = load_checkpoint(folder if folder.is_dir() else args.checkpoint, args.step)
    skills = measure(checkpoint, args.cases)
    print(report(skills))
    if args.write:
        update_card(checkpoint.folder, skills=json.loads(json.dumps(skills)))


if __name__ == "__main__":
    main()
