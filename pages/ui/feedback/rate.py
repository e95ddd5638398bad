"""Two continuations, and which is better: by keys or clicks, with ties, skipping and undo."""

from typing import Any

import streamlit as st

from core.tuning.comparisons import Pair
from core.tuning.raters import TASTES
from pages.ui import cache, near, state
from pages.ui.caption import truth
from pages.ui.literal import literal
from pages.ui.training.owner import key as owner_key
from pages.ui.view import current


@st.cache_data(max_entries=64, show_spinner="Writing two continuations …")
def _pair(name: str, step: int, stamp: tuple[int, ...], prompt: str, number: int) -> list[str]:
    from core.tuning.comparisons import continuations

    return continuations(cache.checkpoint(name, step), prompt, 2, seed=number)


def ratings() -> list[Pair]:
    """This visitor's comparisons, the oldest first."""
    from core.lab.ratings import ratings_file, read_ratings

    return read_ratings(ratings_file(owner_key()))


def _keep(pairs: list[Pair]) -> None:
    from core.lab.ratings import ratings_file, write_ratings

    try:
        write_ratings(ratings_file(owner_key()), pairs)
    except OSError:
        st.session_state["rate_note"] = "The ratings could not be written: the disk of the server may be full."


def rating() -> None:
    """The stage: a prompt, two continuations, and what was said so far."""
    view = current()
    number = _number(view.text)
    first, second = _pair(view.name, view.step, cache.stamp(view.name), view.text, number)
    st.markdown("**Your text goes on in two ways. Which do you like better?**")
    for column, name, words in zip(st.columns(2, gap="medium"), "AB", (first, second), strict=True):
        with column, st.container(border=True):
            st.markdown(f"**{name}**")
            st.text(words or "(nothing: the text ends here)")
    rate: dict[str, Any] = {"on_click": _rate, "disabled": first == second, "type": "primary"}
    with st.container(horizontal=True):
        st.button("A is better", key="rate_a", shortcut="a", args=(number, view.text, first, second, "a"), **rate)
        st.button("B is better", key="rate_b", shortcut="b", args=(number, view.text, first, second, "b"), **rate)
        st.button("Equal", key="rate_tie", shortcut="t", on_click=_rate, args=(number, view.text, first, second, "tie"))
        st.button("Skip", key="rate_skip", shortcut="s", on_click=_show, args=(number + 1,))
        st.button("Undo", key="rate_undo", shortcut="u", on_click=_undo, args=(number,), disabled=not ratings())
    if note := st.session_state.pop("rate_note", None):
        st.warning(note)
    told()
    call = f"continuations(checkpoint, {view.text!r}, 2, seed={number})"
    code = view.code.with_import("core.tuning.comparisons", "continuations").gives(call, [first, second])
    truth("continuations(checkpoint, prompt, 2)", (2,), "drawn from the model at temperature 1", code)
    kept()


def _number(prompt: str) -> int:
    """Of the pair on show: whoever comes again goes on behind what they have compared of this text."""
    return int(state.get("pair")) or sum(pair.prompt == prompt for pair in ratings())


def _show(number: int) -> None:
    near.update(pair=number)


def _rate(number: int, *pair: str) -> None:
    _keep([*ratings(), Pair(*pair)])
    st.session_state["rate_last"] = pair[-1]
    _show(number + 1)


def _undo(number: int) -> None:
    _keep(ratings()[:-1])
    st.session_state["rate_last"] = None
    _show(max(0, number - 1))


def told() -> None:
    """What else the last choice preferred."""
    found = [pair for pair in ratings()[-1:] if pair.choice != "tie"]
    if not found or not st.session_state.get("rate_last"):
        st.caption("After each choice you see here what else it preferred.")
        return
    (pair,) = found
    chosen, other = pair.ranked
    words = []
    for taste, worth in TASTES.items():
        better, worse = worth(chosen, pair.prompt), worth(other, pair.prompt)
        if better != worse:
            words.append(f"{'more' if better > worse else 'less'} of “{taste}”")
    st.caption("Your last choice also preferred: " + (", ".join(words) or "nothing that we count") + ".")


def kept() -> None:
    """How many there are, and taking them home or bringing them."""
    from core.tuning.comparisons import export_pairs

    found = ratings()
    decided = sum(pair.choice != "tie" for pair in found)
    with st.container(horizontal=True, vertical_alignment="center"):
        noun = "comparison" if len(found) == 1 else "comparisons"
        st.markdown(f"**{len(found):,}** {noun} of yours, **{decided:,}** with a choice.", width="content")
        st.download_button("Export as JSONL", export_pairs(found), "comparisons.jsonl", "application/jsonl",
                           on_click="ignore", disabled=not decided)  # fmt: skip
        with st.popover("Import"):
            st.file_uploader("A JSONL file of prompt, chosen, rejected", key="rate_file", on_change=_import,
                             max_upload_size=5)  # fmt: skip


def _import() -> None:
    from core.tuning.comparisons import import_pairs

    file = st.session_state["rate_file"]
    if file is None:
        return
    pairs, problems = import_pairs(file.getvalue().decode("utf-8", errors="replace"))
    _keep([*ratings(), *pairs])
    said = f"{len(pairs):,} comparisons were added."
    st.session_state["rate_note"] = " ".join([said, *(literal(one) + "." for one in problems[:3])])
    near.follow()
