"""A page is a stage and sections below it; a section is computed when it comes near the visible part, not before.

    page_header("Which earlier words does this word look at?")
    stage(views.stage)
    section("How does a weight come about?", "weights", views.weights)

A section keeps its height while it is far away: assets/components/sections watches what is near, and draws the rail of
contents. What the browser says arrives in pages/ui/near.py.
"""

from collections.abc import Callable
from functools import cache, lru_cache

import streamlit as st

from pages.ui import near
from pages.ui.components import Event, component, pack
from pages.ui.spent import for_the_visit

_sections = component("sections")
Body = Callable[[], None]


def stage(body: Body) -> None:
    """The first view of a page, always computed; a fragment, which runs again alone when something in it is used."""
    st.fragment(for_the_visit(body), key=near.STAGE)()


def section(title: str, anchor: str, body: Body, height: int = 400, mark: str = "") -> None:
    """A heading, and `body` below it when it is near. `anchor` is the address of the section within the page; `height`
    is about the least that it takes, in pixels, until it was measured in the browser; `mark` (Markdown) stands before
    the title."""
    near.announce(anchor, title, height)
    with st.container(key=f"section-{anchor}"):
        st.header(f"{mark} {title}".strip(), anchor=anchor)
        _fragment(anchor)(anchor, body)


@cache  # as many as there are sections
def _fragment(anchor: str) -> Callable[[str, Body], None]:
    drawn: Callable[[str, Body], None] = st.fragment(_draw, key=anchor)
    return drawn


def _draw(anchor: str, body: Body) -> None:
    if near.is_drawn(anchor):
        for_the_visit(body)()
    else:
        st.skeleton(160)


@st.fragment
def contents() -> None:
    """The rail of contents, and the observer. It stands behind the last section."""
    now = near.here()
    if not now.titles:
        return
    entries = tuple((anchor, title, now.heights[anchor]) for anchor, title in now.titles.items())

    def on_near(event: Event) -> None:
        near.report(event.get("page"), event.get("near"))

    _sections(key="contents", data=_header(now.page, entries), on_near_change=on_near)


@lru_cache(maxsize=64)
def _header(page: str, entries: tuple[tuple[str, str, int], ...]) -> bytes:
    listed = [{"anchor": anchor, "title": title, "height": height} for anchor, title, height in entries]
    return pack({"page": page, "sections": listed})
