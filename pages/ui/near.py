"""Which sections of a page are near the visible part, as its browser told, and which of them show what is true now.

`version` counts what changes a page beyond the place of the change. A section drawn at an older version is drawn again
when it comes near, or at once when it is near.
"""

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.ui import state

STAGE = "stage"  # the key of the fragment that holds a page's first view
SIDEBAR = "sidebar"  # that of what stands in the sidebar below the model
WAITING = -1  # instead of the version of a section that stands there without its content
_HERE, _ALL = "sections", "sections_all_near"


@dataclass
class Here:
    """The sections of the page `page`: those near, and the version that each was drawn at, in their order. `whole`:
    Streamlit's hash of the page, when its last run has come to its end."""

    page: str
    whole: str | None = None
    near: frozenset[str] = frozenset()
    version: int = 0
    drawn: dict[str, int] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    heights: dict[str, int] = field(default_factory=dict)


def here() -> Here:
    kept: Here = st.session_state[_HERE]
    return kept


def begin(page: str) -> None:
    """A run of the whole page begins. A page that is opened is opened at its top: nothing of it is near yet."""
    kept = st.session_state.get(_HERE)
    if kept is None or kept.page != page:
        kept = st.session_state[_HERE] = Here(page)
    kept.version += 1
    kept.whole = None
    kept.drawn, kept.titles, kept.heights = {}, {}, {}


def end() -> None:
    """A run of the whole page has come to its end."""
    context = get_script_run_ctx()
    here().whole = context.page_script_hash if context else None


def have_all(session_state: MutableMapping[str, object], on: bool = True) -> None:
    """Has every section of every page drawn in the session of this state: for tests, which have no screen."""
    session_state[_ALL] = on


def announce(anchor: str, title: str, height: int) -> None:
    """The run of the page has come to this section, which is drawn if it is near."""
    now = here()
    now.titles[anchor], now.heights[anchor] = title, height
    now.drawn[anchor] = now.version if _is_near(anchor) else WAITING


def is_drawn(anchor: str) -> bool:
    return here().drawn.get(anchor, WAITING) != WAITING


def report(page: object, near: object) -> None:
    """What the browser says is near. In a callback; runs the sections that must be drawn, and nothing else."""
    now = here()
    if page != now.page or not isinstance(near, list):
        return
    now.near = frozenset(anchor for anchor in now.drawn if anchor in near)
    _run([anchor for anchor in now.drawn if anchor in now.near and now.drawn[anchor] != now.version])


def update(**values: object) -> None:
    """Sets properties, in a callback, and has all that shows them drawn again."""
    state.update(**values)
    follow()


def whole(**values: object) -> None:
    """Sets properties, in a callback, that the sidebar shows too, or every section: runs all of the page."""
    state.update(**values)
    st.rerun()


def reread(**values: object) -> None:
    """Sets properties, in a callback, by which another text is read, or at another step of the model's life. Runs what
    a run of the whole page would change: the sidebar, the stage, what is near; and takes away what was drawn and is not
    near. All of the page where changes inside the model are on, since its banner speaks of the text; where its last run
    was broken off; and where another page, or all of this one, was asked for meanwhile."""
    state.update(**values)
    now, context = here(), get_script_run_ctx()
    if context is None or not context.fragment_ids_this_run:
        return  # all of it runs
    if state.get("interventions") or now.whole != context.page_script_hash:
        st.rerun()
    now.version += 1
    shown = [anchor for anchor in now.drawn if is_drawn(anchor)]
    for anchor in shown:
        now.drawn[anchor] = now.version if _is_near(anchor) else WAITING
    st.rerun([SIDEBAR, STAGE, *shown])


def follow(*only: str, stage: bool = True) -> None:
    """In a callback: what it changed is seen beyond its own fragment. Runs the stage and what is near now, the other
    sections when they come near; or just those named, as far as they are drawn."""
    now = here()
    if not now.titles:
        return
    if only:
        return _run([anchor for anchor in only if is_drawn(anchor)], stage)
    now.version += 1
    _run([anchor for anchor in now.drawn if is_drawn(anchor) and _is_near(anchor)], stage)


def _is_near(anchor: str) -> bool:
    return anchor in here().near or bool(st.session_state.get(_ALL, False))


def _run(anchors: Sequence[str], stage: bool = False) -> None:
    now = here()
    for anchor in anchors:
        now.drawn[anchor] = now.version
    if keys := [STAGE] * stage + list(anchors):
        st.rerun(keys)
