"""The visitor's own chats: typed turn by turn, or as JSONL; what is wrong with a line is said beside the box."""

import streamlit as st

from core.text.files import decode_file
from core.tuning.messages import Problem, read_jsonl, write_jsonl
from pages.ui import near, state
from pages.ui.finetuning.settings import key
from pages.ui.literal import literal

LONGEST = 2_000_000  # characters
FEWEST, MOST = 5, 5000
TOLD = 4  # lines with something wrong that are named
EXAMPLE = [
    (("user", "Who are you?"), ("assistant", "I am Glassbox, a small model.")),
    (("user", "What is your name?"), ("assistant", "My name is Glassbox.")),
]


def text() -> str:
    """The chats as they stand in the box."""
    return str(state.get(key("chats")))


def problem() -> str | None:
    """Why the chats cannot be taught, None where they can."""
    chats, problems = read_jsonl(text())
    if problems:
        return f"{problems[0]}. Mend it or take it out, then teach."
    if len(chats) < FEWEST:
        return f"{len(chats)} chats are too few: at least {FEWEST}, of which one in ten is held out to measure on."
    if len(chats) > MOST:
        return f"{len(chats):,} chats are too many here: at most {MOST:,}."
    return None


def box() -> None:
    """Where they are typed, uploaded and mended."""
    user, assistant, add = st.columns([5, 5, 2], vertical_alignment="bottom")
    user.text_input("The user says", key="own_user", max_chars=300, placeholder="Who are you?")
    assistant.text_input("The assistant says", key="own_assistant", max_chars=300, placeholder="I am Glassbox.")
    add.button("Add", on_click=_add, width="stretch", key="own_add")
    if note := st.session_state.pop("own_note", None):
        st.warning(note)
    st.text_area(
        "Your chats, one JSON object on each line", height=170, on_change=near.follow,
        placeholder=write_jsonl(EXAMPLE), **state.control(key("chats")),
    )  # fmt: skip
    st.file_uploader("or a JSONL file", key="own_file", on_change=_on_upload, max_upload_size=2)
    chats, problems = read_jsonl(text())
    st.caption(f"{len(chats):,} chats can be read; a tenth of them is held out, to be measured on.")
    tell(problems)


def tell(problems: list[Problem]) -> None:
    """The first lines that are wrong."""
    if problems:
        lines = "  \n".join(literal(str(one)) for one in problems[:TOLD])
        more = f"  \nand {len(problems) - TOLD:,} more" if len(problems) > TOLD else ""
        st.warning(f"{lines}{more}")


def _set(value: str) -> None:
    state.update(**{key("chats"): value, "task": "your own chats"})
    near.follow()


def _add() -> None:
    said = [str(st.session_state.get(f"own_{who}") or "").strip() for who in ("user", "assistant")]
    if not all(said):
        st.session_state["own_note"] = "Both must say something."
        return
    before = text()
    gap = "" if not before or before.endswith("\n") else "\n"
    st.session_state["own_user"] = st.session_state["own_assistant"] = ""
    _set(before + gap + write_jsonl([(("user", said[0]), ("assistant", said[1]))]))


def _on_upload() -> None:
    """Puts an uploaded file into the box, where it can be read and mended."""
    file = st.session_state["own_file"]
    if file is None:
        return
    decoded, _ = decode_file(file.getvalue())
    if len(decoded) > LONGEST or "\x00" in decoded:
        st.session_state["own_note"] = "This file is too long, or not text: nothing was changed."
        return
    _set(state.clean(decoded))
