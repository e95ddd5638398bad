"""A sentence, what the model makes of it in the other language, and which part of the meaning it kept."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import streamlit as st

from pages.ui import state
from pages.ui.caption import truth, what_you_see
from pages.ui.literal import literal
from pages.ui.uses import able
from pages.ui.uses.send import send
from pages.ui.uses.strip import strip
from pages.ui.uses.written import write
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.uses.translation import Judgement

EXAMPLES = {"English": "The clumsy beetle hugs the red kite.", "Olu": "bedraro renema brizhi gekogu."}
SHOWN_SEED = 2_000_000_089  # the stream of sentences that are shown, and used for nothing else
LONGEST, MOST = 300, 48  # characters of a sentence, tokens of a translation


def translation() -> None:
    """Both directions, the parse of what was written, and the same meaning as Tinyland says it."""
    view = current()
    able.say_other_world(view)
    language, text = _editor()
    from core.uses.translation import judge, other, prompt, read

    asked = prompt(text, language)
    written = write(view, asked, MOST)
    if written is None:
        return
    said = written.text.strip().partition("\n")[0]
    st.caption(f"The model goes on after “{literal(other(language))}:”")
    st.code(said or " ", language=None, wrap_lines=True)
    source = read(text, language)
    if isinstance(source, int):
        _unread(text, source, language)
        send(view, f"{asked} {said}", "translation")
    else:
        _judged(view, asked, said, judge(source, said, other(language)))
    if language == "English":
        _look_up(said)
    else:
        _look_up(text)
    strip(view, written.ids, "translation")
    note = "written greedily after the sentence and the name of the other language, as in Tinyland's own translations"
    truth("generate(…)", (len(written.ids) - written.start,), note, written.code, key="uses-translation")
    what_you_see(
        "Nobody programmed a dictionary: the model has read pairs of sentences. Olu puts the verb last and each "
        "adjective after its noun, and has no articles. Because a grammar writes both languages, we can read what a "
        "sentence **means** and compare, part by part, instead of counting words that look alike."
    )


def _editor() -> tuple[str, str]:
    left, right = st.columns([1, 3], vertical_alignment="bottom")
    left.segmented_control("From", required=True, on_change=_turn, wrap=True, **state.control("translate_from"))
    language = state.get("translate_from")
    if not state.get("translate_text"):
        state.assume(translate_text=EXAMPLES[language])
    right.text_input("A sentence", max_chars=LONGEST, on_change=_typed, **state.control("translate_text"))
    left.button("Another sentence", on_click=_another, key="translate_another", width="stretch")
    text = state.clean(state.get("translate_text"))[:LONGEST].replace("\n", " ").strip()
    return language, text or EXAMPLES[language]


def _typed() -> None:
    state.update(translate_text=state.clean(st.session_state["translate_text"] or "")[:LONGEST])


def _turn() -> None:
    """The other direction begins with its own example."""
    state.update(translate_text="")


def _another() -> None:
    number = st.session_state["translate_number"] = st.session_state.get("translate_number", -1) + 1
    state.update(translate_text=_sentence(state.get("translate_from"), number))


@lru_cache(maxsize=256)
def _sentence(language: str, number: int) -> str:
    """The first sentence in this language from document `number` on."""
    from core.text import tinyland

    for document in tinyland.documents(SHOWN_SEED, 20 * number, None, {"translation": 1.0}):
        line = document.text.partition("\n")[0]
        if line.startswith(f"{language}: "):
            return line.removeprefix(f"{language}: ")
    raise AssertionError("the stream has no end")


def _unread(text: str, at: int, language: str) -> None:
    """A sentence that Tinyland's translations do not have cannot be checked."""
    rest = literal(text[at:][:40]) or "the end"
    st.markdown(
        f":orange[**Not to be checked.**] Tinyland's translations have no such {literal(language)} sentence: reading "
        f"stops at “{rest}”. Whatever the model writes here is a guess from what looks alike."
    )


def _judged(view: View, asked: str, said: str, found: "Judgement") -> None:
    if found.right:
        st.markdown(":green[**Right**], word for word.")
    elif found.broken is not None:
        rest = literal(said[found.broken :][:40]) or "the end"
        st.markdown(f":orange[**Not a sentence**] of that language: it cannot be read on from “{rest}”.")
    else:
        st.markdown(":orange[**Another meaning**] than the sentence has:")
    st.markdown(_table(found.rows))
    if found.right:
        send(view, f"{asked} {said}", "translation")
        return
    st.caption(f"Tinyland says: {literal(found.expected)}")
    from core.uses.question import between

    question = between(view.tokenizer, asked, f" {said}", f" {found.expected}")
    send(view, question.text, "translation", question, why="See the choice of the wrong word on")


def _table(rows: Sequence[tuple[str, str, str]]) -> str:
    """What was meant beside what was written, as Markdown; words that are not ours are literal."""
    lines = ["| part of the meaning | the sentence | the translation | kept? |", "| --- | --- | --- | --- |"]
    for role, meant, said in rows:
        sign = ":green[✓ yes]" if meant == said else ":orange[✗ lost]" if not said else ":orange[✗ another]"
        lines.append(f"| {role} | {literal(meant) or '–'} | {literal(said) or '–'} | {sign} |")
    return "\n".join(lines)


def _look_up(olu: str) -> None:
    from core.uses.translation import look_up

    words = [f"{literal(word)} = {literal(english) or '?'}" for word, english in look_up(olu)[:24]]
    if words:
        st.caption("Word by word: " + " · ".join(words))
