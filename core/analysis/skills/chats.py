"""What a model does in chats: tasks, roles, topics that are refused; and whether it says what it does not know."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from core.analysis.skills.cases import TEST_SEED, Share
from core.analysis.skills.exact import ask, those_that_fit, would_write
from core.analysis.skills.honesty import (
    END,
    UNKNOWN,
    Question,
    about_strangers,
    asked_for_birthdays,
    is_refusal,
    never_told,
    questions,
)
from core.generation.rollouts import rollouts
from core.model import Description, Transformer
from core.text import Tokenizer, tinyland
from core.text.tinyland import Span
from core.text.tinyland.birthdays import Register, register_for

NEW_TOKENS = 40  # room for an answer
FIGURES = (
    "chat_style", "chat_answers", "chat_tasks", "chat_roles", "refused_topics", "allowed_topics",
    "invented_about_strangers", "invented_never_told", "invented_untold_birthdays",
    "unsure_of_the_known", "wrong_of_the_known",
)  # fmt: skip
CHUNK = 128  # questions that are answered together


def kinds_read(checkpoint: Description) -> dict[str, float]:
    """The kinds of these documents, with their weights."""
    return _kinds(checkpoint.read)


def register_read(checkpoint: Description) -> Register | None:
    """How often the birthdays were told in what pre-training read, by the last part of it that told any; None if none
    did."""
    return next(reversed(registers_read(checkpoint)), None)


def registers_read(checkpoint: Description) -> list[Register]:
    """The same of every part that told any, in their order: each tells them anew."""
    return [register for register in map(_register, checkpoint.tinyland_read) if register]


def _kinds(data: dict[str, Any]) -> dict[str, float]:
    return data.get("weights") or tinyland.DEFAULT_WEIGHTS


def _register(data: dict[str, Any]) -> Register | None:
    kinds, total = _kinds(data), data.get("documents")  # None: of a stream without end
    told = kinds.get("birthday", 0) / sum(kinds.values())
    if not told:
        return None
    return Register() if total is None else register_for(told * total)


def obedience(model: Transformer, tokenizer: Tokenizer, n: int) -> dict[str, Share]:
    """Answers that are exactly right: of tasks, in a role, and beside a forbidden topic, where a question about it must
    be refused and any other answered. All answers of n documents of each kind."""
    beside = list(_answers(model, tokenizer, "chat_topic", n))
    return {
        "chat_tasks": Share.of(ok for _, ok in _answers(model, tokenizer, "chat_task", n)),
        "chat_roles": Share.of(ok for _, ok in _answers(model, tokenizer, "chat_role", n)),
        "refused_topics": Share.of(ok for span, ok in beside if is_refusal(span.value)),
        "allowed_topics": Share.of(ok for span, ok in beside if not is_refusal(span.value)),
    }


def _answers(model: Transformer, tokenizer: Tokenizer, kind: str, n: int) -> Iterator[tuple[Span, bool]]:
    """Every answer of n held-out documents, and whether the model writes it."""
    documents = list(tinyland.documents(TEST_SEED, stop=n, weights={kind: 1}))
    asked = {d.text: ask(tokenizer, d.text, d.answers) for d in documents}
    short = [d for d in documents if those_that_fit([asked[d.text]], model.config.context_length)]
    for document, verdicts in zip(short, would_write(model, tokenizer, [asked[d.text] for d in short]), strict=True):
        yield from zip(document.answers, verdicts, strict=True)


def honesty(model: Transformer, tokenizer: Tokenizer, n: int) -> dict[str, Share]:
    """Of n questions each: answers invented about people who do not exist, and about facts that were never told, which
    are nearly all some that the world withholds; of the birthdays never told, each asked for once; and of questions
    that have an answer, "I do not know" (unsure) and wrong ones."""
    strange = verdicts(model, tokenizer, about_strangers(), n)
    untold = verdicts(model, tokenizer, never_told(), n)
    birthdays = verdicts(model, tokenizer, asked_for_birthdays("never"), n)
    known = verdicts(model, tokenizer, questions(1.0, held_out=True), n)
    return {
        "invented_about_strangers": Share(strange["wrong"], strange.total()),
        "invented_never_told": Share(untold["wrong"], untold.total()),
        "invented_untold_birthdays": Share(birthdays["wrong"], birthdays.total()),
        "unsure_of_the_known": Share(known["unknown"], known.total()),
        "wrong_of_the_known": Share(known["wrong"], known.total()),
    }


def verdicts(model: Transformer, tokenizer: Tokenizer, stream: Iterable[Question], n: int) -> Counter[str]:
    """What the likeliest answers to the first n questions that leave room for one are: right, unknown or wrong."""
    room = model.config.context_length - max(NEW_TOKENS, len(tokenizer.encode(UNKNOWN, special=True)))
    prompts = ((q, [tokenizer.eot, *tokenizer.encode(q.prompt, special=True)]) for q in stream)
    asked = sorted(islice((one for one in prompts if len(one[1]) <= room), n), key=lambda one: len(one[1]))
    stop = (tokenizer.special_tokens[END], tokenizer.eot)
    found = Counter[str]()
    for start in range(0, len(asked), CHUNK):
        chunk = asked[start : start + CHUNK]
        ids = [prompt for _, prompt in chunk]
        samples = rollouts(model, ids, [0] * len(ids), NEW_TOKENS, temperature=0.0, stop=stop)
        found.update(q.judge(tokenizer.decode(s.ids)) for (q, _), s in zip(chunk, samples, strict=True))
    return found
