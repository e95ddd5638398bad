"""The chats that teach: one of them as tokens, those that count in the loss in colour, and what a model would say."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import streamlit as st

from core.figures import experiments as figures
from core.figures import finetuning
from core.text import Tokenizer, tinyland
from core.tuning.messages import Chat, ChatError, mark_chat, read_jsonl, turns_of
from pages.ui import cache, components, near, state
from pages.ui.caption import truth
from pages.ui.code import Code
from pages.ui.finetuning import own, runs
from pages.ui.finetuning.settings import OWN, TASKS
from pages.ui.literal import literal
from pages.ui.text import Chip, chips, start_chip

if TYPE_CHECKING:
    from core.model import Description

SHOWN_SEED = 2_000_000_063  # the stream of chats that are shown, and used for nothing else
MASKS = {"assistant": "what the assistant says", "all": "everything: a mistake"}
MOST = 8  # tokens that are compared
LOOKED_AT = 60  # chats among which one is short enough


@dataclass(frozen=True)
class Lesson:
    """A chat as ids (T,), which of them count, and the Python that gives both for whoever has `tokenizer`."""

    ids: tuple[int, ...]
    mask: tuple[bool, ...]
    code: Code


@lru_cache(maxsize=256)
def chat_of(task: str, number: int, longest: int, _tokenizer: Tokenizer) -> Chat:
    """One of Tinyland's chats of a task, the first from this number on that has at most so many tokens. Raises
    ChatError where none has."""
    for document in tinyland.documents(SHOWN_SEED, number, number + LOOKED_AT, TASKS[task]):
        if len(mark_chat(_tokenizer, turns_of(document.text)).ids) <= longest + 1:
            return turns_of(document.text)
    raise ChatError(f"No chat of this kind fits into the {longest:,} tokens that this model reads at once.")


def lesson(description: "Description", mask: str) -> Lesson:
    """The chat on show. Raises ChatError where there is none, or where the tokenizer cannot write any."""
    tokenizer, task, number = description.tokenizer, state.get("task"), state.get("chat")
    longest = description.config.context_length
    chat = own_chat(number) if task == OWN else chat_of(task, number, longest, tokenizer)
    ids, counts = mark_chat(tokenizer, chat)
    ids, whole = ids[: longest + 1], [True] * len(ids) if mask == "all" else list(counts)
    whole = whole[: longest + 1]
    code = (
        Code()
        .with_import("core.model", "load_checkpoint")
        .with_import("core.tuning.messages", "mark_chat")
        .with_lines(f"tokenizer = load_checkpoint({description.name!r}).tokenizer")
        .then(f"ids, counts = mark_chat(tokenizer, {chat!r})")
        .then(f"mask = {'[True for _ in ids]' if mask == 'all' else 'counts'}[: {longest + 1}]")
    )
    whole[0] = False  # nothing comes before it, so it is never predicted
    return Lesson(tuple(ids), tuple(whole), code.gives("[i for i, counts in enumerate(mask) if counts and i]",
                                                       [i for i, counts in enumerate(whole) if counts]))  # fmt: skip


def own_chat(number: int) -> Chat:
    """One of the visitor's chats. Raises ChatError."""
    chats, _ = read_jsonl(own.text())
    if not chats:
        raise ChatError("There is no chat yet: type or upload some below, under “Teach it”.")
    return chats[number % len(chats)]


def choose() -> None:
    """Which chats, and which of them."""
    left, middle, right = st.columns([5, 5, 3], vertical_alignment="bottom")
    left.selectbox("What the chats teach", on_change=_other_task, **state.control("task"))
    middle.segmented_control(
        "What counts in the loss", format_func=MASKS.__getitem__, required=True, on_change=near.follow, wrap=True,
        **state.control("mask"),
    )  # fmt: skip
    right.button("Another chat", on_click=_another, width="stretch", key="lesson_another")


def _other_task() -> None:
    st.session_state["lesson_pin"] = None
    near.follow()


def _another() -> None:
    st.session_state["lesson_pin"] = None
    near.update(chat=state.get("chat") + 1)


def view() -> None:
    """The strip with the mask, and what stands at the pinned token before and after."""
    choose()
    base = runs.shown_base()
    if base is None:
        return
    try:
        shown = lesson(base, state.get("mask"))
    except ChatError as error:
        st.info(literal(error))
        return
    made = strip(base, shown)
    counted = sum(shown.mask)
    if state.get("mask") == "all":
        st.warning(
            "With this mask it learns to write the questions too, and in training nothing tells you: "
            "the curve looks just as healthy. Teach one model with each mask, then compare what they say."
        )
    sentence = f"{counted} of {len(shown.ids)} tokens count in the loss; the model reads all of them"
    truth("mark_chat(tokenizer, chat)", (len(shown.ids),), sentence, shown.code)
    compare(base, shown, made)


def strip(base: "Description", shown: Lesson) -> list[Chip]:
    """Every token of the chat; those that count are coloured."""
    tokenizer = base.tokenizer
    made = [start_chip(tokenizer), *chips(tokenizer, shown.ids[1:])]
    read = shown.ids[: base.config.context_length]
    probabilities = cache.trace(base.name, base.step, read, interventions="").probs.numpy()
    before = [None, *(float(probabilities[i, id]) for i, id in enumerate(shown.ids[1:]))]
    components.tokens(
        made, key="lesson", values=[1.0 if counts else None for counts in shown.mask], low=1.0, high=1.0,
        value_label="counts in the loss", probabilities=before, role="prediction", shared=False,
        title="The chat, token by token: the coloured ones count in the loss",
    )  # fmt: skip
    return made


def compare(base: "Description", shown: Lesson, made: list[Chip]) -> None:
    """The likeliest tokens at the pinned place, as the base has them and the taught model."""
    first = next((i for i, counts in enumerate(shown.mask) if counts), len(shown.ids) - 1)
    at = st.session_state.get("lesson_pin")
    at = first if at is None or not 0 < at < len(shown.ids) else at
    ids = shown.ids[:at]
    taught = runs.on_show()
    pair = [(base.name, base.step)]
    if taught:
        pair.append((taught, cache.description(taught).step))
    probs = [cache.trace(name, step, ids, interventions="").probs.numpy()[-1] for name, step in pair]
    top = sorted(
        {int(i) for p in probs for i in p.argsort()[-5:]} | {shown.ids[at]}, key=lambda i: -float(probs[-1][i])
    )
    top = top[:MOST] if shown.ids[at] in top[:MOST] else [*top[: MOST - 1], shown.ids[at]]
    names = [chip.label for chip in chips(base.tokenizer, top)]
    what = literal(made[at].label)
    st.markdown(f"**Before “{what}”: what comes next?** Pin another token to ask there.")
    shares = [[float(p[i]) for i in top] for p in probs]
    if taught:
        figure = figures.distributions(names, shares[0], shares[1], ("before", "after"))
    else:
        figure = finetuning.likeliest(names, shares[0])
    components.plot(figure, key="lesson_next", height=60 + 30 * len(top), title="The likeliest next tokens")
    code = Code().with_import("core.model", "load_checkpoint", "run_trace").then(
        f"ids, top = {list(ids)}, {top}",
        f"models = [load_checkpoint(name, step=step).model for name, step in {pair}]",
    )  # fmt: skip
    code = code.gives("[[float(run_trace(model, ids).probs[-1, i]) for i in top] for model in models]", shares)
    who = "both models" if taught else f"the model that teaching begins with (step {base.step:,})"
    note = f"{who} computed just now, after {len(ids)} tokens of the chat"
    truth("trace.probs[-1]", (len(top),), note, code, "lesson_next")
