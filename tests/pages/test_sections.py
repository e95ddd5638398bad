"""What is computed of a page: its stage, and the sections near the visible part; nothing else."""

import contextlib
from types import SimpleNamespace

import pytest
from streamlit.runtime.scriptrunner import RerunException

from pages.ui import near
from tests.navigation import PAGES
from tests.pages.pipelines import finish


def scrolled(at, *anchors: str):
    """The page once its browser has said that these sections are near, and it was run as a whole."""
    near.have_all(at.session_state, False)
    at.session_state["sections"].near = frozenset(anchors)
    return at.run()


def drawn(at) -> dict[str, bool]:
    return {anchor: version != near.WAITING for anchor, version in at.session_state["sections"].drawn.items()}


KINDS = ("bidi_component", "markdown")  # what every page shows in its sections, and in its stage


def count(at) -> list[int]:
    """How many elements of each kind the page has."""
    return [len(at.get(kind)) for kind in KINDS]


@pytest.mark.thorough
@pytest.mark.parametrize("page", PAGES)
def test_a_section_out_of_sight_is_not_computed_and_one_in_sight_is(app, page):
    at = app(page, **({"crawl_pages": "300"} if page == "data" else {}))
    if page == "data":
        finish(at)
    every = count(at)
    anchors = list(drawn(at))
    assert len(anchors) >= 3 and all(drawn(at).values())
    assert len({heading.value for heading in at.header}) >= len(anchors)
    scrolled(at)
    nothing = count(at)
    assert not any(drawn(at).values()) and len(at.get("skeleton")) == len(anchors)
    assert all(few < many for few, many in zip(nothing, every, strict=True))
    at.sidebar.text_area[0].set_value("the brown dog").run()
    assert not any(drawn(at).values())
    for anchor in anchors:
        scrolled(at, anchor)
        assert not at.exception
        assert [name for name, there in drawn(at).items() if there] == [anchor]
        assert len(at.get("skeleton")) == len(anchors) - 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "anchor", "kind", "key", "value"),
    [
        ("sampling", "compare", "slider", "compare_count", 8),
        ("tokenization", "learn", "radio", "own_source", "A text you paste"),
    ],
)
def test_a_section_that_was_out_of_sight_comes_back_as_its_visitor_left_it(app, page, anchor, kind, key, value):
    at = scrolled(app(page), anchor)
    getattr(at, kind)(key=key).set_value(value).run()
    scrolled(at)
    at.sidebar.text_area[0].set_value("the brown dog").run()
    assert getattr(scrolled(at, anchor), kind)(key=key).value == value


@pytest.mark.slow
def test_a_page_is_opened_at_its_top(app):
    at = scrolled(app("attention"), "life")
    assert drawn(at)["life"]
    at.switch_page("inside.py").run()
    at.switch_page("attention.py").run()
    assert not any(drawn(at).values())


@pytest.fixture
def session(monkeypatch):
    """A session whose page has three sections, all waiting; and what is run again, as it is asked for."""
    ran: list[list[str]] = []

    def rerun(keys="all"):
        ran.append(keys)
        raise RerunException(None)

    monkeypatch.setattr(near, "st", SimpleNamespace(session_state={}, rerun=rerun))
    near.begin("page")
    for anchor in ("one", "two", "three"):
        near.announce(anchor, anchor.title(), 100)
    return ran


def told(call, *args, **kwargs) -> None:
    with contextlib.suppress(RerunException):
        call(*args, **kwargs)


def test_what_comes_near_is_run_once(session):
    told(near.report, "page", ["two", "one"])
    told(near.report, "page", ["two", "one"])  # sent again: nothing is behind
    told(near.report, "page", ["two", "three", "<b>", 7])
    told(near.report, "page", ["one"])  # it was drawn and nothing has changed since
    assert session == [["one", "two"], ["three"]]
    assert near.here().near == {"one"}


def test_what_another_page_or_nobody_says_is_not_heard(session):
    for page, anchors in (("other", ["one"]), ("page", None), ("page", "one"), (None, ["one"])):
        told(near.report, page, anchors)
    assert session == [] and near.here().near == frozenset()


def test_a_change_is_followed_by_what_is_near_and_later_by_the_rest(session):
    told(near.report, "page", ["one", "two"])
    told(near.report, "page", ["two"])
    told(near.follow)
    assert session[1:] == [["stage", "two"]]
    told(near.report, "page", ["two", "one"])
    assert session[2:] == [["one"]]  # it came near again, and shows what was before the change
    told(near.report, "page", ["two", "one", "three"])
    assert session[3:] == [["three"]]


def test_only_the_sections_named_follow(session):
    told(near.report, "page", ["one", "two"])
    told(near.follow, "two", "three", stage=False)
    told(near.follow, "three", stage=False)
    told(near.follow, "one")
    assert session[1:] == [["two"], ["stage", "one"]]


def test_a_run_of_the_whole_page_draws_what_is_near(session):
    told(near.report, "page", ["two"])
    near.begin("page")
    for anchor in ("one", "two"):
        near.announce(anchor, anchor, 100)
    assert [near.is_drawn(anchor) for anchor in ("one", "two", "three")] == [False, True, False]


def test_another_text_is_read_by_what_shows_it(session, monkeypatch):
    asked = SimpleNamespace(page_script_hash="p", fragment_ids_this_run=["the sidebar"])
    monkeypatch.setattr(near, "get_script_run_ctx", lambda: asked)
    changes = {"interventions": ""}
    monkeypatch.setattr(near.state, "get", changes.get)
    told(near.reread)  # the run of the page has not come to its end
    near.end()
    told(near.report, "page", ["one", "two"])
    told(near.report, "page", ["two"])
    told(near.reread)
    assert session == ["all", ["one", "two"], ["sidebar", "stage", "one", "two"]]
    assert [near.is_drawn(anchor) for anchor in ("one", "two", "three")] == [False, True, False]
    del session[:]
    changes["interventions"] = "off head 0 0"
    told(near.reread)  # the banner above the stage shows it
    changes["interventions"], asked.page_script_hash = "", "another"
    told(near.reread)
    asked.fragment_ids_this_run = None
    told(near.reread)  # the whole page runs in any case
    assert session == ["all", "all"]
