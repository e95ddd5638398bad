"""All skills of a Tinyland checkpoint, and its loss beside the entropy floor: the true negative log-probability."""

import re
from collections import defaultdict
from typing import Any

from core.analysis.skills.cases import (
    TEST_SEED,
    Share,
    answer_cases,
    continuations,
    document_losses,
    fact_cases,
    is_right,
    loss_against_floor,
    obeys_style,
    share_right,
    stories_that_parse,
)
from core.model import Checkpoint
from core.text import tinyland
from core.text.tinyland.document import Document


def measure(checkpoint: Checkpoint, n: int = 1000) -> dict[str, Any]:
    """Every skill of a Tinyland checkpoint, about `n` cases each, as plain JSON values."""
    model, tokenizer = checkpoint.model, checkpoint.tokenizer

    def docs(kind: str, count: int) -> list[Document]:
        return list(tinyland.documents(TEST_SEED, stop=count, weights={kind: 1}))

    def answers_right(kind: str, count: int) -> Share:
        return share_right(model, tokenizer, [c for c, _ in answer_cases(tokenizer, docs(kind, count))])

    read = checkpoint.card.get("data", {})  # the kinds of documents that this model has read, and how many
    mixed = list(
        tinyland.documents(TEST_SEED + 1, stop=4 * n, weights=read.get("weights"), total=read.get("documents"))
    )
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


def report(skills: dict[str, Any]) -> str:
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
