"""What is measured once for all visitors: at once where it is recorded beside the model, else when it is asked for."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.ui import background, near

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

AT_ONCE = 2e12  # operations, a minute or so: what takes more is measured when somebody asks for it
ASKED = "measurements_asked"  # their keys, in the session


def on_request(
    key: tuple[Any, ...],
    work: Callable[[background.Report], Any],
    *,
    recorded: bool,
    step: int,
    button: str,
    how_long: str,
    height: int = 420,
    label: str = "",
    elsewhere: str = "",
) -> Any:  # noqa: ANN401 (what the work gives)
    """What `work` gives; None while it is not there, and then a button, a bar or the reason that the work gave, a
    sentence, stands here. key: of all that it depends on; `button`: what it does; `how_long`: about so; `label`: of the
    bar, if not the button's; `elsewhere`: what is said where the button is in another section."""
    if key not in st.session_state.setdefault(ASKED, set()) and not recorded:
        if elsewhere:
            st.caption(elsewhere)
            return None
        st.info(
            f"This has not been measured at step {step:,} yet. It takes {how_long} on this machine, once for all "
            "visitors. The ends of the stages of the shipped model are there at once."
        )
        st.button(button, key=f"measure_{button}_{key[:2]}", type="primary", on_click=_ask, args=(key,))
        return None
    found = background.compute(key, work, label or button, height=height, slow=True)
    if isinstance(found, str):
        st.info(found)
        return None
    return found


def when_pressed(
    slot: str,
    key: tuple[Any, ...],
    work: Callable[[background.Report], Any],
    *,
    button: str,
    label: str,
    place: "DeltaGenerator | None" = None,
) -> Any:  # noqa: ANN401 (what the work gives)
    """What `work` gives, where `key` is the last that was asked for at this slot; else a button, in `place` if
    one is given, asks."""
    if st.session_state.get(slot) != key:
        (place or st).button(button, key=f"{slot}_ask", on_click=_ask_at, args=(slot, key))
        return None
    return background.compute(key, work, label, height=200)


def _ask_at(slot: str, key: tuple[Any, ...]) -> None:
    st.session_state[slot] = key


def _ask(key: tuple[Any, ...]) -> None:
    st.session_state[ASKED].add(key)
    near.follow()
