"""What is changed inside Streamlit is still there to be changed, and the change does what it says."""

import inspect
import sys
from importlib.metadata import version
from types import SimpleNamespace

import pytest
from streamlit import delta_generator, env_util, net_util
from streamlit.commands import execution_control
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.config import get_option
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.caching import cache_utils
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.fragment import MemoryFragmentStorage
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner, script_runner
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests, ScriptRequestType
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.runtime.state.session_state import SessionState
from streamlit.web.server import server_util

from pages.ui import streamlit_costs, streamlit_privates

ORDER = MemoryFragmentStorage.order_fragment_ids
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
    assert "_fragment_storage.order_fragment_ids(" in inspect.getsource(ScriptRunner._run_script)
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


def test_a_run_does_not_move_where_another_looks_for_modules(tmp_path):
    """The list of folders is gone through while it changes: what follows a folder that is taken away is not seen."""
    streamlit_privates.change()
    assert "modified_sys_path(self._main_script_path)" in inspect.getsource(ScriptRunner._run_script)
    before, seen = list(sys.path), []
    folders = iter(sys.path)
    with script_runner.modified_sys_path(str(tmp_path / "index.py")):
        seen.append(next(folders))
    assert [*seen, *folders] == before == sys.path


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


@pytest.mark.parametrize(
    ("asked", "run"),
    [
        (["section"], ["section", "link"]),
        (["inner", "section"], ["section", "inner", "link"]),
        (["link", "section"], ["link", "section"]),
    ],
)
def test_the_address_follows_what_any_section_runs_for(asked, run):
    storage = MemoryFragmentStorage()
    for name, parent in (("section", None), ("inner", "section"), ("link", None)):
        key = streamlit_privates.ADDRESS if name == "link" else None
        storage.register(name, lambda: None, parent_fragment_id=parent, target_key=key)
    ordered = streamlit_privates.with_the_address(ORDER)
    assert ordered(storage, asked) == run
    storage.delete("link")
    assert ordered(storage, asked[-1:]) == asked[-1:]


def test_the_app_has_changed_the_session():
    import app  # noqa: F401

    assert AppSession.request_rerun.__qualname__.startswith("where_the_visitor_is")
