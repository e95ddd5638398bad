"""What every run of a page does inside Streamlit costs less, and comes to the same."""

import asyncio
import importlib
import inspect
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.components.v2 import presentation
from streamlit.components.v2.bidi_component import main as bidi_component
from streamlit.cursor import LockedCursor, RunningCursor
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.runtime import Runtime
from streamlit.runtime.scriptrunner import ScriptRunner
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState

from pages.ui import streamlit_costs


def test_a_cache_tells_plain_arguments_apart_at_once_and_leaves_others_to_streamlit():
    asked = []

    def slowly(**what):
        asked.append(what)
        return "theirs"

    def f(x, y=None): ...
    def g(x, _y): ...

    make = streamlit_costs.quickly(slowly)

    def key(*args, func=f, **named):
        return make(cache_type=None, func=func, func_args=args, func_kwargs=named, hash_funcs=None)

    assert key(1, y=(2, 3)) == key(x=1, y=(2, 3)) == key(1, (2, 3))
    different = [
        (),
        (0,),
        (1,),
        (True,),
        (1.0,),
        ("1",),
        (b"1",),
        (None,),
        ((),),
        ((1,),),
        (((1,),),),
        (1, 2),
        ((1, 2),),
    ]
    plain = [key(*args) for args in different[1:]]
    assert len(set(plain)) == len(plain) and not asked
    for args, func in ((([1],), f), (({},), f), (((1, [2]),), f), ((1, object()), g), ((1, 2), g), ((), f)):
        assert key(*args, func=func) == "theirs"
    assert len(asked) == 6 and asked[0]["func_args"] == ([1],) and asked[0]["func"] is f


def test_a_session_s_values_are_read_when_asked_for_and_are_those_that_streamlit_puts_together():
    state = SessionState()
    state._old_state = {"kept": 1, "nothing": None, "$$ID-0a1b-None": 3, "$$ID-0a1b-mine": 4, "$$ID-0a1b-gone": 5}
    state._key_id_mapper["mine"] = "$$ID-0a1b-mine"
    state["kept"], state["new"] = 2, [7]
    whole = state.filtered_state
    asked = streamlit_costs.AskedFor(SafeSessionState(state, lambda: pytest.fail("this is no place to stop")))
    assert dict(asked) == whole == {"kept": 2, "nothing": None, "mine": 4, "new": [7]} and len(asked) == 4
    assert "nothing" in asked and asked["nothing"] is None and "other" not in asked
    assert streamlit_costs.value_of(asked._session, "new") == [7]
    assert "self._maybe_handle_execution_control_request()" in inspect.getsource(ScriptRunner._enqueue_forward_msg)
    for widgets in ("selectbox", "text_widgets", "slider"):
        source = inspect.getsource(importlib.import_module(f"streamlit.elements.widgets.{widgets}"))
        assert "session_state = get_session_state().filtered_state\n" in source


@given(
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=3) | st.none() | st.integers(),
    st.none() | st.lists(st.fixed_dictionaries({"event": st.text(max_size=3), "value": st.integers()}), max_size=3),
)
def test_what_a_component_holds_is_shown_as_streamlit_shows_it(value, said):
    theirs = presentation.make_bidi_component_presenter
    state = SessionState()
    if said is not None:
        state._new_widget_state.set_widget_metadata(
            WidgetMetadata("events", lambda v: v, lambda v: v, value_type="json_trigger_value")
        )
        state._new_widget_state.set_from_value("events", said)
    shown = streamlit_costs.plain_where_unused(theirs)("events", "mine", {"pin"})(value, state)
    assert shown == theirs("events", "mine", {"pin"})(value, state)
    assert not isinstance(value, dict) or shown is not value  # nobody writes into what is held
    assert "presenter = make_bidi_component_presenter(\n" in inspect.getsource(bidi_component)


@given(st.integers(0, 1), st.lists(st.integers(0, 9)).map(tuple), st.integers(0, 99), st.booleans(), st.booleans())
def test_a_cursor_is_copied_as_python_would(root, path, index, locked, transient):
    at = LockedCursor(root, path, index) if locked else RunningCursor(root, path)
    if transient:
        at.get_transient_cursor()
        at.transient_elements[3] = ["an element"]
    new, plain = streamlit_costs.copied(at, {}), object.__new__(type(at))
    vars(plain).update({name: deepcopy(value) for name, value in vars(at).items()})
    assert type(new) is type(at) and vars(new).keys() == vars(at).keys() and repr(new) == repr(plain)
    assert new.transient_elements is not at.transient_elements
    new.transient_elements[5] = ["another"]
    assert 5 not in at.transient_elements and new.delta_path == at.delta_path
    before = at.delta_path
    new.lock_element()  # moves a running one on
    assert at.delta_path == before and (new.delta_path == before) == locked


def test_the_theme_is_found_once_and_is_the_same():
    source = inspect.getsource(AppSession._create_new_session_message)
    assert "_populate_theme_msg(msg.new_session.custom_theme)\n" in source
    found = []

    def populate(msg, section):
        found.append(section)
        if section != "theme.sidebar":  # nothing is set there
            msg.text_color, msg.heading_font_sizes[:] = section, ["1rem"]

    populated, sent = streamlit_costs.found_once(populate), []
    for _ in range(2):
        theme = CustomThemeConfig()
        populated(theme)
        populated(theme.dark, "theme.dark")
        populated(theme.sidebar, "theme.sidebar")
        sent.append(theme)
    assert found == ["theme", "theme.dark", "theme.sidebar"] and sent[0] == sent[1]
    assert (theme.text_color, theme.dark.text_color) == ("theme", "theme.dark")
    assert theme.dark.heading_font_sizes == ["1rem"]
    assert theme.HasField("dark") and not theme.HasField("sidebar")


def in_a_loop(run):
    """In a thread of its own: another test may have left a browser's loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result(60)


def test_events_are_handled_together_in_their_order_and_none_is_lost():
    assert "self._event_loop.call_soon_threadsafe(callback)" in inspect.getsource(inspect.getmodule(AppSession))
    handled, woken = [], []

    async def run():
        loop = asyncio.get_running_loop()

        def call_soon(session, handle):
            woken.append(handle)
            loop.call_soon_threadsafe(handle)

        call, session = streamlit_costs.together(call_soon), SimpleNamespace()

        def broken():
            raise ValueError("of this one alone")

        def nested():
            handled.append("nested")
            call(session, lambda: handled.append("what it brought"))

        for event in (lambda: handled.append("first"), broken, nested, lambda: handled.append("last")):
            call(session, event)
        await asyncio.sleep(0.01)
        assert handled == ["first", "nested", "last", "what it brought"] and len(woken) == 1
        del handled[:]

        def much():
            for number in range(2000):
                call(session, lambda number=number: handled.append(number))

        await asyncio.to_thread(much)
        await asyncio.sleep(0.01)
        assert handled == list(range(2000)) and len(woken) >= 2

    in_a_loop(run)


def test_the_thread_that_serves_all_is_woken_by_others_alone():
    source = inspect.getsource(inspect.getmodule(Runtime))
    assert "async_objs.eventloop.call_soon_threadsafe(async_objs.need_send_data.set)" in source
    told = []

    async def run():
        shared = SimpleNamespace(eventloop=asyncio.get_running_loop(), need_send_data=asyncio.Event())
        runtime = SimpleNamespace(_get_async_objs=lambda: shared)
        at_once = streamlit_costs.at_once(told.append)
        await asyncio.to_thread(at_once, runtime)
        assert told == [runtime] and not shared.need_send_data.is_set()
        at_once(runtime)
        assert told == [runtime] and shared.need_send_data.is_set()

    in_a_loop(run)
