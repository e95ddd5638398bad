"""The stage: an open conversation, written while one looks; what the model read of it, and whether the answer is right.

As on the sampling page the server writes for a moment and the browser asks for more, so nobody waits for somebody
else's longer answer.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.ui import background, cache, components, presses, state
from pages.ui.caption import truth, what_you_see
from pages.ui.code import Code
from pages.ui.sampling.chat import out_of_its_world
from pages.ui.uses import able
from pages.ui.uses.send import send
from pages.ui.uses.strip import strip
from pages.ui.uses.written import stops
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.generation import Step
    from core.text import Tokenizer
    from core.uses.conversation import Conversation

LONGEST, TURNS = 60, 40  # tokens of an answer, turns of a conversation
MOMENT, LEAST, MOST = 0.03, 2, 8  # seconds of writing before it is shown, and how many tokens at least and at most
SEEN = "uses_chat_seen"
SYSTEMS = (
    "Answer in a full sentence.",
    "Answer in one word.",
    "Answer, then ask a question back.",
    "Speak like a pirate.",
    "Use whole sentences. Do not talk about food.",
    "You are a helpful assistant.",
)
OFFERED = ("Where does Nadia live?", "What does Otto like to eat?", "And Suki?", "What is 12 + 9?",
           "How do you say kite in Olu?")  # fmt: skip
_chat = components.component("chat")


@dataclass
class Job:
    """An answer that is being written, for the conversation as it was when it began."""

    number: int
    chat: "Conversation"
    key: tuple[Any, ...]
    steps: Iterator["Step"]
    tokenizer: "Tokenizer"
    ids: list[int]
    left: int

    @property
    def text(self) -> str:
        return self.tokenizer.decode(self.ids).strip()


def chat() -> None:
    """The conversation and all that belongs to it."""
    view = current()
    if not able.has_chat_tokens(view):
        st.info(able.NO_TOKENS)
        return
    if not view.description.taught_chats:
        st.info(able.NO_CHATS)
    able.say_other_world(view)
    _system()
    talk(view)
    _offers(view)
    kept = _kept()
    answered = bool(kept.turns) and not kept.waits
    if answered:
        _verdict(view, kept)
        send(view, kept.text, "chat", why="Look at this chat on")
    strip(view, kept.ids(view.tokenizer), "chat")
    if answered:
        asked, _ = kept.turns[-1]
        code = _code(view, kept.edit(len(kept.turns) - 1, asked))
        note = "the likeliest token each time, up to the one that ends the turn"
        # what was answered at another step, or stopped, is not what the code gives: it writes anew
        truth("generate(…)", (LONGEST,), note, code, key="uses-chat")
    what_you_see(
        "A chat is one text, with special tokens for whose turn it is; switch the tokens on to see them. The "
        "**system prompt** stands first and governs every answer. Each answer is written by choosing the next token "
        "again and again, until the model writes the token that ends its turn: nothing else makes it stop. *Edit* a "
        "question, and all that came after it is forgotten, by the model too: it remembers nothing but this text."
    )


def _system() -> None:
    chosen = state.get("use_system")
    options = SYSTEMS if chosen in SYSTEMS else (chosen, *SYSTEMS)
    st.selectbox(
        "System prompt", options, accept_new_options=True, key="use_system", persist_state="session",
        help="It holds from the next answer on. Press “Answer again” to hear the last question answered under it.",
        on_change=_keep_system,
    )  # fmt: skip


def _keep_system() -> None:
    state.update(use_system=state.clean(st.session_state["use_system"] or "")[:400])


def _kept() -> "Conversation":
    """The conversation of this session, under the system prompt as it is now."""
    from dataclasses import replace

    from core.uses.conversation import Conversation

    kept: Conversation = st.session_state.get("uses_chat") or Conversation(state.get("use_system"))
    return replace(kept, system=state.get("use_system"))


def talk(view: View) -> None:
    """The component: what is pressed in it, and what it shows."""

    def on_act(event: components.Event) -> None:
        for press in presses.unseen(event, SEEN):
            _act(view, press)

    job = _write(view)
    shown = _messages(job)
    st.session_state["uses_serial"] = serial = st.session_state.get("uses_serial", 0) + 1
    header = {
        "serial": serial,
        "seen": presses.last_seen(SEEN),
        "job": job.number if job else 0,
        "left": job.left if job else 0,
        "messages": shown,
        "status": st.session_state.get("uses_chat_status", ""),
        "error": st.session_state.get("uses_chat_error", ""),
    }
    _chat(key="uses_chat_view", data=components.pack(header), on_act_change=on_act)


def _messages(job: Job | None) -> list[dict[str, Any]]:
    kept = _kept()
    found: list[dict[str, Any]] = [{"role": "system", "text": kept.system, "number": 0}]
    for number, (asked, said) in enumerate(kept.turns):
        found.append({"role": "user", "text": asked, "number": number})
        found.append({"role": "assistant", "text": said or "", "number": number})
    if job:
        found[-1]["text"] = job.text
    return found


def _act(view: View, press: dict[str, Any]) -> None:
    """What one press of the visitor does; all of it is checked, since it comes from a browser."""
    what, words = press.get("do"), state.clean(str(press.get("text") or ""))[:400].strip()
    number = press.get("node")
    st.session_state["uses_chat_error"] = st.session_state["uses_chat_status"] = ""
    _end_job()
    kept = _kept()
    if what == "say" and words and len(kept.turns) < TURNS:
        _begin(view, kept.say(words))
    elif what == "say" and words:
        st.session_state["uses_chat_error"] = f"After {TURNS} turns it is time to start again."
    elif what == "edit" and words and isinstance(number, int) and 0 <= number < len(kept.turns):
        _begin(view, kept.edit(number, words))
    elif what == "again" and kept.turns:
        _begin(view, kept.edit(len(kept.turns) - 1, kept.turns[-1][0]))
    elif what == "undo" and kept.turns:
        st.session_state["uses_chat"] = kept.undo()
    elif what == "restart":
        st.session_state["uses_chat"] = None


def say(view: View, words: str) -> None:
    """In a callback: as if the visitor had typed and sent this."""
    _act(view, {"do": "say", "text": words})


def _begin(view: View, asked: "Conversation") -> None:
    from core.generation import Sampler, generate

    ids = asked.ids(view.tokenizer)
    if len(ids) >= view.description.config.context_length:
        st.session_state["uses_chat_error"] = (
            f"The conversation no longer fits into the {view.description.config.context_length:,} tokens that this "
            "model reads: undo a turn, or start again."
        )
        return
    model = view.checkpoint.model
    steps = generate(model, ids, Sampler(temperature=0), LONGEST, 0, stop=stops(view.tokenizer))
    number = st.session_state["uses_jobs"] = st.session_state.get("uses_jobs", 0) + 1
    st.session_state["uses_chat"] = asked
    st.session_state["uses_job"] = Job(number, asked, _job_key(view), steps, view.tokenizer, [], LONGEST)


def _job_key(view: View) -> tuple[Any, ...]:
    return view.name, view.step, cache.stamp(view.name)


def _write(view: View) -> Job | None:
    """Goes on with the answer for a moment, one token at least; None when there is nothing to do."""
    job: Job | None = st.session_state.get("uses_job")
    if job is None:
        return None
    if job.key != _job_key(view):  # another model goes on with nobody else's answer
        _end_job()
        return None
    count, until = 0, time.perf_counter() + MOMENT
    least, most = (LEAST, MOST) if job.ids else (1, 1)
    while job.left and (count < least or (count < most and time.perf_counter() < until)):
        step, count = next(job.steps, None), count + 1
        job.left = 0 if step is None or step.finish else job.left - 1
        if step is not None and step.finish != "stop":
            job.ids.append(step.id)
        if step is not None and step.finish in ("length", "context"):
            ends = {"length": f"It did not end its turn in {LONGEST} tokens.", "context": "The context is full."}
            st.session_state["uses_chat_status"] = ends[step.finish]
    if not job.left:
        _end_job()
        return None
    return job


def _end_job() -> None:
    """Whatever was written until now is the answer."""
    job: Job | None = st.session_state.pop("uses_job", None)
    if job is not None:
        st.session_state["uses_chat"] = job.chat.answer(job.text)


def _offers(view: View) -> None:
    if not able.knows_tinyland(view):
        return
    with st.container(horizontal=True):
        for number, question in enumerate(OFFERED):
            st.button(question, key=f"uses_offer_{number}", on_click=say, args=(view, question))


def _verdict(view: View, kept: "Conversation") -> None:
    """Whether Tinyland's own assistant could have said the last answer; else the word where it goes wrong."""
    if not able.knows_tinyland(view):
        return
    text = kept.text

    def work(_report: background.Report) -> int:
        from core.text import tinyland

        return tinyland.parse(text).failed_at

    at = background.compute(("uses chat", text), work, "")
    if at is None:
        return
    asked, said = kept.turns[-1]
    begins = len(text) - len(said or "") - len("<|end|>")
    if at == len(text):
        st.markdown(":green[**Right.**] Tinyland's own assistant could have said exactly this.")
    elif at >= begins:
        from core.uses.question import at_character

        st.markdown(":orange[**Not right.**] Tinyland's own assistant would not say this here.")
        question = at_character(view.tokenizer, text, at)
        send(view, text, "chat_wrong", question, why="See the choice of the word that is wrong on")
    elif len(kept.turns) == 1:
        out_of_its_world(view, asked)
    else:
        st.caption("This question, or one before it, is in no chat of Tinyland, so the answer cannot be checked.")


def _code(view: View, asked: "Conversation") -> Code:
    from core.generation import Sampler, generate

    def value() -> list[int]:
        made = generate(view.checkpoint.model, asked.ids(view.tokenizer), Sampler(temperature=0), LONGEST, 0,
                        stop=stops(view.tokenizer))  # fmt: skip
        return [step.id for step in made]

    turns = ", ".join(f"({one!r}, {other!r})" for one, other in asked.turns)
    return (
        view.code.with_import("core.generation", "Sampler", "generate")
        .with_import("core.uses.conversation", "Conversation")
        .then(
            f"ids = Conversation({asked.system!r}, ({turns},)).ids(tokenizer)",
            "stop = {tokenizer.eot, tokenizer.special_tokens['<|end|>']}",
            f"steps = generate(checkpoint.model, ids, Sampler(temperature=0), {LONGEST}, 0, stop=stop)",
        )
        .gives("[step.id for step in steps]", value)
    )
