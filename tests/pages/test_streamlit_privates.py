"""What is changed inside Streamlit is still there to be changed, and the change does what it says."""

import asyncio
import importlib
import inspect
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from importlib.metadata import version
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit import delta_generator, env_util, net_util
from streamlit.commands import execution_control
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.config import get_option
from streamlit.cursor import LockedCursor, RunningCursor
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.caching import cache_utils
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.runtime import Runtime
from streamlit.runtime.scriptrunner import RerunData
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests, ScriptRequestType
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState
from streamlit.web.server import server_util

from pages.ui import streamlit_costs, streamlit_privates

ORIGINAL = AppSession.request_rerun  # or what another test's import of app.py has made of it


def test_the_files_name_the_installed_version():
    installed = f"Streamlit {'.'.join(version('streamlit').split('.')[:2])}."
    for file in (streamlit_privates, streamlit_costs):
        assert installed in " ".join(file.__doc__.split())


def test_what_is_changed_is_there():
    assert list(inspect.signature(ORIGINAL).parameters)[1:] == ["client_state"]
    assert {"page_script_hash", "fragment_id", "is_auto_rerun", "widget_states"} <= set(
        ClientState.DESCRIPTOR.fields_by_name
    )
    assert "net_util.get_external_ip" in inspect.getsource(server_util)  # by attribute: it finds the changed one
    assert "env_util.is_repl()" in inspect.getsource(delta_generator)  # by attribute, too
    assert "_new_fragment_id_queue(ctx, scope)" in inspect.getsource(execution_control.rerun)
    assert "_handle_scriptrunner_event_on_event_loop" in inspect.getsource(AppSession._on_scriptrunner_event)
    assert {"_queue", "_delta_index_map"} <= set(vars(ForwardMsgQueue()))
    assert "value_key = _make_value_key(" in inspect.getsource(cache_utils)
    requests = ScriptRequests()
    requests.request_rerun(RerunData(widget_states=None, fragment_id="f"))
    assert requests._state == ScriptRequestType.RERUN and requests._rerun_data.fragment_id_queue == ["f"]


def test_no_browser_is_told_to_take_what_it_may_no_longer_keep():
    assert get_option("global.minCachedMessageSize") > 1e12


def test_nobody_asks_the_internet_for_our_address(monkeypatch):
    asked = []
    monkeypatch.setattr(net_util, "_make_blocking_http_get", lambda *arguments, **named: asked.append(arguments))
    monkeypatch.setattr(net_util, "_external_ip", None)
    streamlit_privates.change()
    assert net_util.get_external_ip() is None
    assert not server_util.is_url_from_allowed_origins("http://elsewhere.example") and asked == []


def test_nobody_looks_for_the_source_of_every_module(monkeypatch):
    monkeypatch.setattr(inspect, "stack", lambda: pytest.fail("it was asked whether this is an interactive Python"))
    streamlit_privates.change()
    assert not env_util.is_repl()


@pytest.mark.parametrize(
    ("sent", "heard"),
    [
        # (page, fragment): a whole run says where the visitor is; a fragment of another page is not heard
        ([("a", ""), ("a", "f")], [0, 1]),
        ([("a", ""), ("b", ""), ("a", "f"), ("b", "f")], [0, 1, 3]),
        ([("a", "f")], [0]),  # before any whole run
        ([("a", ""), ("b", ""), ("a", ""), ("a", "f")], [0, 1, 2, 3]),
        ([("", ""), ("a", "f")], [0, 1]),  # the first run does not know its page
        ([None, ("a", "f"), None], [0, 1, 2]),
    ],
)
def test_what_comes_from_a_page_that_was_left_is_not_heard(sent, heard):
    states = [None if one is None else ClientState(page_script_hash=one[0], fragment_id=one[1]) for one in sent]
    session, got = SimpleNamespace(), []
    request = streamlit_privates.where_the_visitor_is(lambda _, __: got.append(place))
    for place, state in enumerate(states):  # noqa: B007 (what was heard says which)
        request(session, state)
    assert got == heard


def test_sessions_do_not_hear_for_one_another():
    got = []
    request = streamlit_privates.where_the_visitor_is(
        lambda session, state: got.append((session.name, state.fragment_id))
    )
    one, other = SimpleNamespace(name="one"), SimpleNamespace(name="other")
    request(one, ClientState(page_script_hash="a"))
    request(other, ClientState(page_script_hash="b"))
    request(one, ClientState(page_script_hash="a", fragment_id="f"))
    request(other, ClientState(page_script_hash="a", fragment_id="f"))
    assert got == [("one", ""), ("other", ""), ("one", "f")]


@pytest.mark.parametrize("timer", [True, False])
def test_a_timer_sets_no_control_back(timer):
    got = []
    request = streamlit_privates.where_the_visitor_is(lambda _, state: got.append(state))
    state = ClientState(page_script_hash="a", fragment_id="f", is_auto_rerun=timer)
    state.widget_states.widgets.add(id="tokenizer", string_value="what it was before")
    request(SimpleNamespace(), state)
    assert got == [state] and len(state.widget_states.widgets) == (not timer) and state.fragment_id == "f"


def known(**sections: str | None) -> SessionState:
    """What the server knows of controls, all "old", and of buttons, by the sections that they are in."""
    state = SessionState()
    for name, section in sections.items():
        same, kind = (lambda value: value), "json_trigger_value" if name.startswith("button") else "string_value"
        metadata = WidgetMetadata(name, deserializer=same, serializer=same, value_type=kind, fragment_id=section)
        state._set_widget_metadata(metadata)
        state._new_widget_state.set_from_value(name, None if kind == "json_trigger_value" else "old")
    return state


@pytest.mark.parametrize(
    ("named", "came", "asked"),
    [
        # (values of controls, buttons pressed) -> (section, buttons pressed with it)
        ("f", {"one": "old", "button": "pressed"}, [("f", ["button"])]),
        ("f", {"one": "old", "two": "new"}, [("f", [])]),  # its own
        ("f", {"one": "new", "button": "pressed"}, [("f", ["button"]), ("g", [])]),
        ("f", {"button_g": "pressed", "button_h": "pressed"}, [("f", ["button_g", "button_h"]), ("g", []), ("h", [])]),
        ("g", {"one": "new", "button": "pressed"}, [("g", ["button"]), ("f", [])]),
        ("f", {"page": "new", "button": "pressed"}, [("", ["button"])]),  # the page has all sections drawn
        ("f", {"one": "new", "button_page": "pressed"}, [("", ["button_page"])]),
        ("", {"one": "new", "button": "pressed"}, [("", ["button"])]),
        ("f", {"unheard of": "new"}, [("f", [])]),
    ],
)
def test_all_are_asked_for_that_something_came_from_in_one_moment(named, came, asked):
    sections = {"one": "g", "two": "f", "page": None, "button": "f", "button_g": "g", "button_h": "h"}
    sent, got = ClientState(page_script_hash="a", fragment_id=named), []
    for name, value in came.items():
        kind = "json_trigger_value" if name.startswith("button") else "string_value"
        sent.widget_states.widgets.add(id=name, **{kind: value})

    def heard(_, state):
        pressed = [one.id for one in state.widget_states.widgets if one.WhichOneof("value") == "json_trigger_value"]
        assert not got or not state.widget_states.widgets  # a callback may have set what was sent
        got.append((state.fragment_id, pressed))

    session = SimpleNamespace(session_state=known(**sections, button_page=None))
    streamlit_privates.of_all_that_came(heard)(session, sent)
    assert got == asked


@pytest.mark.parametrize(
    ("there", "came", "asked"),
    [
        (True, {"button": "pressed"}, "f"),
        (False, {"button": "pressed", "text": "old"}, ""),
        (False, {"text": "new"}, ""),
        (False, {"button of a section that is gone": "pressed"}, ""),
        (False, {"text": "old", "unheard of": "x"}, "f"),  # nothing was used
        (False, {"button of the $$ID-contents__near": "pressed"}, "f"),  # it says so again
    ],
)
def test_what_is_used_in_a_section_that_was_forgotten_has_the_whole_page_drawn(there, came, asked):
    sent, got = ClientState(page_script_hash="a", fragment_id="f"), []
    for name, value in came.items():
        sent.widget_states.widgets.add(
            id=name, **{"json_trigger_value" if name.startswith("button") else "string_value": value}
        )
    session = SimpleNamespace(session_state=known(button="f", text="f"), has_fragment=lambda _: there)
    request = streamlit_privates.where_its_section_is_gone(lambda _, state: got.append(state))
    request(session, sent)
    assert [state.fragment_id for state in got] == [asked] and len(got[0].widget_states.widgets) == len(came)


def test_the_observer_of_sections_is_known_by_its_name():
    assert streamlit_privates.OBSERVER in _make_trigger_id("$$ID-1-contents", "near")


def test_what_callbacks_have_set_is_still_new_when_a_callback_has_asked_for_the_run():
    state = SessionState()
    state._new_session_state["text"] = "cut"
    streamlit_privates.still_new(SessionState.on_script_will_rerun)(state, None, replay_trigger_states=None)
    assert state.is_new_state_value("text") and state["text"] == "cut"


@pytest.mark.parametrize(
    ("came", "taken"),
    [
        # the browser had last said of step "old"; then we set it to "ours"
        ({"step": "old", "button": "pressed"}, {"button"}),  # it does not know yet
        ({"step": "old", "text": "new"}, {"text"}),
        ({"step": "theirs", "button": "pressed"}, {"step", "button"}),  # its visitor has set it since
        ({"step": "ours", "button": "pressed"}, {"step", "button"}),  # it knows
        ({"step": "old", "text": "old"}, {"step", "text"}),  # it has nothing else to say: it was set back
        ({"step": "old", "text": "old", "just drawn": "x"}, {"step", "text", "just drawn"}),
    ],
)
def test_what_we_set_is_not_set_back_by_a_browser_that_was_not_told(came, taken):
    state = known(step=None, text="f", button="f")
    state._set_key_widget_mapping("step", "my step")
    state._set_key_widget_mapping("text", "my text")
    session, got = SimpleNamespace(session_state=state, _scriptrunner=None), []
    request = streamlit_privates.without_what_is_old(lambda _, sent: got.append(sent.widget_states))

    def says(values):
        sent = ClientState(page_script_hash="a", fragment_id="f")
        for name, value in values.items():
            kind = "json_trigger_value" if name.startswith("button") else "string_value"
            sent.widget_states.widgets.add(id=name, **{kind: value})
        request(session, sent)
        return {one.id for one in got[-1].widgets}

    prepare = streamlit_privates.still_new(SessionState.on_script_will_rerun)
    assert says({"step": "old", "text": "old"}) == {"step", "text"}
    prepare(state, got[-1])
    for key, value in {"my text": "old", "my step": "ours"}.items():  # what stays as it is was not set
        streamlit_privates.remembered(SessionState.__setitem__)(state, key, value)
    assert says(came) == taken
    prepare(state, got[-1])
    assert state["my step"] == (came["step"] if "step" in taken else "ours")
    assert state.is_new_state_value("my step") == ("step" not in taken)  # what is new is told to the browser
    if "step" not in taken:
        assert says({"step": "ours", "text": "old"}) == {"step", "text"}
        assert not state.is_new_state_value("my text")
        assert says({"step": "old", "text": "new"}) == {"step", "text"}  # it knew: this is its visitor's wish


def test_what_waits_for_its_turn_is_not_taken_for_old():
    state = known(step=None, button="f")
    state._set_key_widget_mapping("step", "my step")
    streamlit_privates.remembered(SessionState.__setitem__)(state, "my step", "ours")
    requests, got = ScriptRequests(), []
    session = SimpleNamespace(session_state=state, _scriptrunner=SimpleNamespace(_requests=requests))
    request = streamlit_privates.without_what_is_old(lambda _, sent: got.append(sent.widget_states))
    for pressed in ("", "pressed"):
        sent = ClientState(page_script_hash="a")
        sent.widget_states.widgets.add(id="step", string_value="theirs")
        sent.widget_states.widgets.add(id="button", json_trigger_value=pressed)
        request(session, sent)
        requests.request_rerun(RerunData(widget_states=got[-1]))
        streamlit_privates.remembered(SessionState.__setitem__)(state, "my step", "ours")
    assert [one.id for one in requests._rerun_data.widget_states.widgets] == ["step", "button"]


@pytest.mark.parametrize("section", ["", "g"])
def test_a_timer_takes_back_nothing_that_waits_for_its_turn(section):
    requests = ScriptRequests()

    def ask(_, state):
        requests.request_rerun(RerunData(widget_states=state.widget_states, fragment_id=state.fragment_id or None))

    said = ClientState(page_script_hash="a", fragment_id=section)
    said.widget_states.widgets.add(id="text", string_value="new")
    said.widget_states.widgets.add(id="button", trigger_value=True)
    session = SimpleNamespace(_scriptrunner=SimpleNamespace(_requests=requests))
    request = streamlit_privates.where_the_visitor_is(streamlit_privates.with_what_was_pressed(ask))
    request(session, said)
    request(session, ClientState(page_script_hash="a", fragment_id="f", is_auto_rerun=True))
    values = {one.id: getattr(one, one.WhichOneof("value")) for one in requests._rerun_data.widget_states.widgets}
    assert values == {"text": "new", "button": True}
    assert requests._rerun_data.fragment_id_queue == ([section, "f"] if section else [])


def test_the_app_has_changed_the_session():
    import app  # noqa: F401

    assert AppSession.request_rerun.__qualname__.startswith("where_the_visitor_is")


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
    for widgets in ("selectbox", "text_widgets", "slider"):
        source = inspect.getsource(importlib.import_module(f"streamlit.elements.widgets.{widgets}"))
        assert "session_state = get_session_state().filtered_state\n" in source


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


def test_the_theme_is_found_once_and_is_the_same(monkeypatch):
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
