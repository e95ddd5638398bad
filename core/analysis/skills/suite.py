"""All skills of a Tinyland checkpoint, and its loss beside the entropy floor: the true negative log-probability."""

import re
from collections import defaultdict
from typing import Any

from core.analysis.skills import birthdays, chats, games
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
from core.analysis.skills.choices import choices, share_chosen
from core.analysis.skills.copying import measure_copying
from core.analysis.skills.exact import share_written
from core.generation.rollouts import rollouts
from core.model import Checkpoint
from core.text import tinyland
from core.text.tinyland.document import Document

NEVER = None  # of what the model has not read, or was not taught: no figure


def measure(checkpoint: Checkpoint, n: int = 1000) -> dict[str, Any]:
    """Every skill of a Tinyland checkpoint, about `n` cases each, as plain JSON values; NEVER where the model has read
    nothing of the kind by this step."""
    return {
        **losses(checkpoint, n),
        **plain(of_old_kinds(checkpoint, n) | of_texts(checkpoint, n) | of_chats(checkpoint, n)),
        **curves(checkpoint, n),
    }


def plain(shares: dict[str, Share | None]) -> dict[str, dict[str, float] | None]:
    return {name: None if share is None else share.to_dict() for name, share in shares.items()}


def docs(kind: str, count: int) -> list[Document]:
    return list(tinyland.documents(TEST_SEED, stop=count, weights={kind: 1}))


def losses(checkpoint: Checkpoint, n: int) -> dict[str, Any]:
    """The loss on the text of pre-training, beside the floor; all kinds, and each."""
    read = checkpoint.read
    mixed = list(
        tinyland.documents(TEST_SEED + 1, stop=4 * n, weights=read.get("weights"), total=read.get("documents"))
    )
    found = document_losses(checkpoint.model, checkpoint.tokenizer, mixed)
    by_kind: dict[str, list[int]] = defaultdict(list)
    for i, d in enumerate(mixed):
        by_kind[d.kind].append(i)
    return {
        "held_out": loss_against_floor(found, mixed),
        "held_out_by_kind": {
            kind: loss_against_floor([found[i] for i in rows], [mixed[i] for i in rows])
            for kind, rows in sorted(by_kind.items())
        },
    }


def of_old_kinds(checkpoint: Checkpoint, n: int) -> dict[str, Share | None]:
    """Stories, questions, translation, arithmetic, code and facts."""
    model, tokenizer = checkpoint.model, checkpoint.tokenizer

    def answers_right(kind: str, count: int) -> Share:
        return share_right(model, tokenizer, [c for c, _ in answer_cases(tokenizer, docs(kind, count))])

    more = answer_cases(tokenizer, docs("story_qa", 4 * n))  # whom a pronoun means is asked in one document of ten
    pronouns = [c for c, before in more if re.search(r"\nQ: Who (?!has |gave )[^\n]*\nA: $", before)]
    return {
        "story_questions": answers_right("story_qa", n // 2),
        "pronouns": share_right(model, tokenizer, pronouns),
        "translation": answers_right("translation", n),
        "arithmetic": answers_right("arithmetic", n // 2),
        "code": answers_right("code", n // 2),
        "known_facts": share_right(model, tokenizer, fact_cases(tokenizer, tinyland.WORLD.known_facts)),
        "stories_parse": stories_that_parse(model, tokenizer, docs("story", n // 2)),
        "sampled_parse": sampled_that_parse(checkpoint, n // 2),
    }


def of_texts(checkpoint: Checkpoint, n: int) -> dict[str, Share | None]:
    """Copying from the context, and reference: of what must be named, exactly, and chosen of the two that could be."""
    model, tokenizer, kinds = checkpoint.model, checkpoint.tokenizer, chats.kinds_read(checkpoint)
    found: dict[str, Share | None] = dict.fromkeys(("copying", "reference", "reference_who", "reference_what"), NEVER)
    if "once" in kinds and "recital" in kinds:
        copied = measure_copying(model, tokenizer, docs("once", n // 2) + docs("recital", n // 4))
        found["copying"] = copied.pop("everything")
        found |= {f"copying_{kind}": share for kind, share in copied.items()}
    if "reference" in kinds:
        texts = docs("reference", n)
        chosen = choices(tokenizer, texts, checkpoint.config.context_length)
        who = [one for one in chosen if one.category == "people"]
        what = [one for one in chosen if one.category != "people"]
        found["reference"] = share_written(model, tokenizer, texts)
        found |= {"reference_who": share_chosen(model, who), "reference_what": share_chosen(model, what)}
    return found


def of_chats(checkpoint: Checkpoint, n: int) -> dict[str, Share | None]:
    """Style, answers, tasks, roles and refusals; what it invents, and where it is unsure."""
    if not checkpoint.taught_chats:
        return dict.fromkeys(chats.FIGURES, NEVER)
    model, tokenizer = checkpoint.model, checkpoint.tokenizer
    cases = [c for c, _ in answer_cases(tokenizer, docs("chat", n))]
    replies = continuations(model, tokenizer, cases)
    return {
        "chat_style": Share.of(map(obeys_style, cases, replies)),
        "chat_answers": Share.of(map(is_right, cases, replies)),
        **chats.obedience(model, tokenizer, n // 2),
        **chats.honesty(model, tokenizer, n // 2),
    }


def curves(checkpoint: Checkpoint, n: int) -> dict[str, Any]:
    """Rule games by the number of examples, and birthdays by how often they were told."""
    model, tokenizer, kinds = checkpoint.model, checkpoint.tokenizer, chats.kinds_read(checkpoint)
    found: dict[str, Any] = {"games": NEVER, "birthdays": NEVER}
    if "game" in kinds:
        found["games"] = {
            name: [point.to_dict() for point in games.curve(model, tokenizer, family, n // 4)]
            for name, family in games.FAMILIES.items()
        }
    if register := chats.register_read(checkpoint):
        found["birthdays"] = birthdays.recall(model, tokenizer, register.top)
    return found


def sampled_that_parse(checkpoint: Checkpoint, n: int, batch: int = 50) -> Share:
    """Texts drawn at temperature 1 from nothing that Tinyland could have written, to their end."""
    tokenizer, room = checkpoint.tokenizer, checkpoint.config.context_length - 1
    texts = []
    for start in range(0, n, batch):
        seeds = range(start, min(start + batch, n))
        drawn = rollouts(checkpoint.model, [[tokenizer.eot]] * len(seeds), list(seeds), room, stop=(tokenizer.eot,))
        texts += [tokenizer.decode(sample.ids).removesuffix("<|endoftext|>") for sample in drawn]
    return Share.of(tinyland.parse(text).ok for text in texts)
