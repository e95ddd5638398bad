"""A program of Tinyland's little language: the model goes on with it, and an evaluator checks what it says."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.ui import state
from pages.ui.caption import truth, what_you_see
from pages.ui.code import Code
from pages.ui.literal import literal
from pages.ui.uses import able
from pages.ui.uses.send import send
from pages.ui.uses.strip import strip
from pages.ui.uses.written import END, write
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.uses.program import Program

CALL = "def grow(n):\n    return n * 3 + 2\n>>> grow(4)\n"
HARD = "def twist(k):\n    return k * k\n>>> twist(12)\n"
FINISH = "Finish this function. It multiplies by 3, then adds 2.\ndef grow(n):"
EXAMPLES = {"What does a call give?": CALL, "One that it never saw": HARD, "Finish a function": FINISH}
HELPER = "You are a helpful assistant."
LONGEST, MOST = 1000, 60
TRIED = range(6)  # the numbers that a function is tried with


def program() -> None:
    """The editor, what the model writes, and the evaluator's word on it."""
    view = current()
    able.say_other_world(view)
    text = _editor()
    asks = not text.lstrip().startswith("def")
    if asks and not able.has_chat_tokens(view):
        st.info("A task is said in a chat, and this model has no tokens for chats. Begin with “def” instead.")
        return
    if asks and not view.description.taught_chats:
        st.info(
            "A task is said in a chat, and this model was not taught any: expect anything. “def” it can go on with."
        )
    prompt = f"<|system|>{HELPER}{END}<|user|>{text}{END}<|assistant|>" if asks else text
    written = write(view, prompt, MOST)
    if written is None:
        return
    head = text[text.find("def") :] + "\n" if asks and "def" in text else ""
    whole = (head if asks else text) + written.text
    st.caption("What the model makes of it")
    st.code(whole, language=None, wrap_lines=True)
    _run(view, whole, f"{prompt}{written.text}{END}" if asks else whole, len(prompt) - len(head) if asks else 0)
    strip(view, written.ids, "program")
    note = "written greedily; the results are worked out by an evaluator of this language alone, which knows + − * ( )"
    truth("generate(…)", (len(written.ids) - written.start,), note, written.code, key="uses-program")
    what_you_see(
        "The model never runs anything: it writes what usually follows. The table runs the program step by step and "
        "compares. Within the numbers that it has read (calls from 0 to 10) it may well be right every time, and just "
        "outside them write something that only looks like a result."
    )


def _editor() -> str:
    if not state.get("program_text"):
        state.assume(program_text=CALL)
    st.text_area(
        "A program, or a task", height=130, max_chars=LONGEST, on_change=_typed, **state.control("program_text")
    )
    with st.container(horizontal=True):
        for name, text in EXAMPLES.items():
            st.button(name, key=f"program_{name}", on_click=state.update, kwargs={"program_text": text})
    text = state.clean(state.get("program_text"))[:LONGEST]
    return text if text.strip() else CALL


def _typed() -> None:
    state.update(program_text=state.clean(st.session_state["program_text"] or "")[:LONGEST])


def _run(view: View, whole: str, sent: str, offset: int) -> None:
    """Reads and runs the program. `sent` is what other pages get, in which it stands `offset` characters further on."""
    from core.uses.program import ProgramError, read
    from core.uses.question import at_character

    try:
        found = read(whole)
    except ProgramError as error:
        place = min(error.at, len(whole))
        rest = literal(whole[place : place + 30]) or "the end"
        st.markdown(f":orange[**Does not run**]: {literal(error)}, at “{rest}”.")
        _ran(whole[: whole.rfind("\n", 0, place) + 1])
        send(view, sent, "program", at_character(view.tokenizer, sent, offset + place), why="See that choice on")
        return
    _ran(whole)
    wrong = [call for call in found.calls if call.stated is not None and not call.right]
    if wrong:
        question = at_character(view.tokenizer, sent, offset + wrong[0].start)
        send(view, sent, "program", question, why="See the choice of the wrong result on")
    else:
        send(view, sent, "program", why="Take the program to")


def _ran(text: str) -> None:
    """The calls of a program; nothing for what is none."""
    from core.uses.program import ProgramError, read

    try:
        found = read(text)
        st.markdown(_calls(found))
    except ProgramError:
        return
    calls = len(found.calls)
    note = f"each operation of {calls or 'no'} call{'s' * (calls != 1)}, worked out here"
    code = Code().with_import("core.uses.program", "read").gives(f"read({text!r})", found)
    truth("read(…).calls", (calls,), note, code, key="uses-program-run")


def _calls(found: "Program") -> str:
    """Every call with its steps, and what the text says; a function that is never called is tried. Raises ProgramError
    where it gives a number that is too large."""
    from core.uses.program import run

    lines = ["| call | step by step | gives | the text says | right? |", "| --- | --- | --- | --- | --- |"]
    for call in found.calls:
        steps = "; ".join(literal(step) for step in run(found.postfix, call.argument)[1]) or "nothing to do"
        sign = "" if call.stated is None else ":green[✓ yes]" if call.right else ":orange[✗ no]"
        said = "–" if call.stated is None else literal(call.stated)
        cells = (literal(f"{found.name}({call.argument})"), steps, literal(call.computed), said, sign)
        lines.append(f"| {' | '.join(cells)} |")
    if not found.calls:
        tried = ", ".join(f"{found.name}({n}) = {run(found.postfix, n)[0]}" for n in TRIED)
        return f"It runs. Tried here: {literal(tried)}."
    return "\n".join(lines)
