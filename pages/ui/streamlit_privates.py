"""What Glassbox changes inside Streamlit, which has no setting for it. Written for Streamlit 1.67.

tests/pages/test_streamlit_privates.py fails when an upgrade moves any of it away.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cache
from typing import Any

from streamlit import env_util, net_util
from streamlit.commands import execution_control
from streamlit.components.v2.bidi_component import main as bidi_component
from streamlit.cursor import Cursor
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime import app_session
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.caching import cache_utils
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.fragment import MemoryFragmentStorage
from streamlit.runtime.runtime import Runtime
from streamlit.runtime.scriptrunner import ScriptRunner, script_runner
from streamlit.runtime.scriptrunner_utils.script_requests import (
    ScriptRequestType,
    _coalesce_widget_states,
    _has_active_trigger_value,
)
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext, ThreadState
from streamlit.runtime.state.common import WidgetMetadata, unpack_widget_state_value
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import (
    STREAMLIT_INTERNAL_KEY_PREFIX,
    Serialized,
    SessionState,
    Value,
)

from pages.ui.streamlit_costs import (
    AskedFor,
    at_once,
    copied,
    found_once,
    plain_where_unused,
    quickly,
    together,
    value_of,
)
from pages.ui.turns import in_turn

Request = Callable[[AppSession, ClientState | None], None]
WAITING = "requests_that_wait"  # the attribute of a session that holds them
LAST_SENT = "last_sent"  # that of what its browser last said of its controls
ADDRESS = "address"  # the key of the fragment that has the address in a browser follow: pages/ui/sidebar.py
OBSERVER = "-contents__"  # of sections, in the names of what it says: its key in pages/ui/sections.py
SET_HERE = f"{STREAMLIT_INTERNAL_KEY_PREFIX}_SET_HERE"  # the key, in a session's values, of the controls set by us


@cache
def change() -> None:
    """Makes all changes, once for the process."""
    # For an unknown origin Streamlit asks a server on the internet for our address; nothing here may. Public issue:
    # streamlit/streamlit#7721, closed without a setting.
    net_util.get_external_ip = lambda: None
    # Before the first element Streamlit asks, once, whether it runs in an interactive Python, and finds the source of
    # every module for that: 60 ms of the first visitor's time.
    env_util.is_repl = lambda: False
    # Each run puts the folder of pages before where modules are looked for, and takes it away. An import that goes
    # through that list meanwhile, for another visitor, passes over one of its folders: "No module named …", once in
    # some thousand answers of a server that has just started. Nothing here is imported from that folder. No public
    # issue found.
    runner: Any = script_runner
    runner.modified_sys_path = nullcontext
    session: Any = AppSession
    request = when_all_is_sent(where_its_section_is_gone(with_what_was_pressed(session.request_rerun)))
    session.request_rerun = where_the_visitor_is(without_what_is_old(of_all_that_came(request)))
    session._handle_scriptrunner_event_on_event_loop = then_what_waits(session._handle_scriptrunner_event_on_event_loop)
    ForwardMsgQueue.clear = keeping(ForwardMsgQueue.clear)  # type: ignore[method-assign]
    SessionState.on_script_will_rerun = still_new(SessionState.on_script_will_rerun)  # type: ignore[method-assign]
    SessionState.__setitem__ = remembered(SessionState.__setitem__)  # type: ignore[method-assign]
    rerun: Any = execution_control
    rerun._new_fragment_id_queue = with_what_else_was_asked_for(rerun._new_fragment_id_queue)
    storage: Any = MemoryFragmentStorage
    storage.order_fragment_ids = with_the_address(storage.order_fragment_ids)
    caching: Any = cache_utils
    caching._make_value_key = quickly(caching._make_value_key)
    SafeSessionState.__getitem__ = value_of  # type: ignore[method-assign]
    SafeSessionState.filtered_state = property(AskedFor)  # type: ignore[assignment, method-assign]
    Cursor.__deepcopy__ = copied  # type: ignore[attr-defined]
    component: Any = bidi_component
    component.make_bidi_component_presenter = plain_where_unused(component.make_bidi_component_presenter)
    session._call_soon_on_event_loop = together(session._call_soon_on_event_loop)
    runtime: Any = Runtime
    runtime._enqueued_some_message = at_once(runtime._enqueued_some_message)
    ScriptRunner._run_script = in_turn(ScriptRunner._run_script)  # type: ignore[method-assign]
    theme: Any = app_session
    theme._populate_theme_msg = found_once(theme._populate_theme_msg)


def where_the_visitor_is(request: Request) -> Request:
    """`request`, unless it comes from a page that was left; a timer says nothing of controls.

    A view may report while its visitor goes to another page: Streamlit would return to the old one, and leave the
    screen blank. What a timer asks for comes without the values of controls: it has no news, and what it says of a
    control that the server has just set would set it back. No public issues found.
    """

    def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
        if client_state and not client_state.fragment_id:
            vars(session)["page_asked_for"] = client_state.page_script_hash
        elif client_state and vars(session).get("page_asked_for") not in (None, "", client_state.page_script_hash):
            return
        if client_state and client_state.is_auto_rerun:
            client_state.ClearField("widget_states")
        request(session, client_state)

    return request_rerun


# ---- a busy server loses nothing of what was drawn ----
# A browser that is sent an element for a place that it does not have stops for good ("'setIn' cannot be called on an
# ElementNode"). tests/browser/test_held_up.py has each way to it.


def keeping(clear: Callable[..., None]) -> Callable[..., None]:
    """`clear` of the messages to a browser, which keeps them all when a run of sections begins.

    Streamlit drops what these sections had drawn and was not sent. But what is inside them, in a fragment of its own,
    is still sent, without the container that it stands in; and where it is the whole page that was not sent, the
    browser at its end removes the sections, and all below them move to other places.
    """

    def kept(
        queue: ForwardMsgQueue, retain_lifecycle_msgs: bool = False, fragment_ids_this_run: list[str] | None = None
    ) -> None:
        if retain_lifecycle_msgs and fragment_ids_this_run is not None:
            queue._delta_index_map = {}  # what follows comes after, not in the place of what is there
        else:
            clear(queue, retain_lifecycle_msgs, fragment_ids_this_run)

    return kept


def when_all_is_sent(request: Request) -> Request:
    """`request`, for a section, when all is on its way that was drawn by a run that has just ended.

    Streamlit starts the next at once, and then drops what it had not yet heard of the last (its issue #9921 is one
    case).
    """

    def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
        waiting = vars(session).setdefault(WAITING, [])
        runner = session._scriptrunner
        ended = runner is not None and runner._requests._state == ScriptRequestType.STOP
        if waiting or (ended and client_state and client_state.fragment_id):
            waiting.append(client_state)
        else:
            request(session, client_state)

    return request_rerun


def then_what_waits(handle: Callable[..., None]) -> Callable[..., None]:
    """`handle` of an event of a run; behind the last one it makes the requests that waited for it."""

    def handled(session: AppSession, *event: object, **more: object) -> None:
        handle(session, *event, **more)
        if session._scriptrunner is None:
            for client_state in vars(session).pop(WAITING, []):
                session.request_rerun(client_state)

    return handled


# ---- and nothing of what was pressed ----


def with_what_was_pressed(request: Request) -> Request:
    """`request` with what still waits for its turn, where Streamlit forgets it: what was pressed, when the whole page
    is asked for; and the values of controls, for a request that says nothing of them."""

    def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
        runner = session._scriptrunner
        if runner and client_state and runner._requests._state == ScriptRequestType.RERUN:
            waiting = runner._requests._rerun_data.widget_states
            if not client_state.fragment_id:
                both = _coalesce_widget_states(waiting, client_state.widget_states)
                if both:
                    client_state.widget_states.CopyFrom(both)
            elif waiting and not client_state.widget_states.widgets:
                values = [one for one in waiting.widgets if not _has_active_trigger_value(one)]
                client_state.widget_states.widgets.extend(values)
        request(session, client_state)

    return request_rerun


def where_its_section_is_gone(request: Request) -> Request:
    """`request` of the whole page for what was used in a section that the server does not have at the moment.

    A run of the page that is broken off forgets the sections that it had not come to. They are still on the screen, and
    what comes from them until the next run has come to them Streamlit drops ("The fragment with id … does not exist
    anymore"). What the observer of sections says is no reason to begin anew: it says it again by itself.
    """

    def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
        if client_state and client_state.fragment_id and not session.has_fragment(client_state.fragment_id):
            used = [one for one in client_state.widget_states.widgets if OBSERVER not in one.id]
            if any(_has_active_trigger_value(one) or _differs(session.session_state, one) for one in used):
                client_state.fragment_id = ""
        request(session, client_state)

    return request_rerun


def of_all_that_came(request: Request) -> Request:
    """`request` of every section that something came from, or of the whole page.

    What comes from several places of a page within a moment (a slow browser's moment is long: a text that is left for a
    button, or a section that comes near meanwhile) a browser sends at once, and names only one section: "Unexpected
    state: Multiple different fragmentIds detected in a single batch" is all that it says, to its console. The callbacks
    of the others would run, and nothing of what they did be seen.
    """

    def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
        if client_state is None:
            return request(session, None)
        others = _other_sections(session.session_state, client_state)
        if None in others:
            client_state.fragment_id = ""
            others = set()
        request(session, client_state)
        for other in sorted(filter(None, others)):
            again = ClientState()
            again.CopyFrom(client_state)
            again.fragment_id = other
            again.ClearField("widget_states")  # they came with the first, whose callbacks may have set others by now
            request(session, again)

    return request_rerun


def _other_sections(known: SessionState, client_state: ClientState) -> set[str | None]:
    """The sections, None for the page around them, of what was pressed or changed outside the one that is named."""
    found: set[str | None] = set()
    for state in client_state.widget_states.widgets if client_state.fragment_id else ():
        metadata = known.get_widget_metadata(state.id)
        if metadata and metadata.fragment_id != client_state.fragment_id and _is_news(known, state, metadata):
            found.add(metadata.fragment_id or None)
    return found


def _differs(known: SessionState, state: WidgetState) -> bool:
    metadata = known.get_widget_metadata(state.id)
    return metadata is not None and _is_news(known, state, metadata)


def _is_news(known: SessionState, state: WidgetState, metadata: WidgetMetadata[Any]) -> bool:
    kind = state.WhichOneof("value")
    if kind is None or "trigger" in kind or kind == "chat_input_value":
        return _has_active_trigger_value(state)
    had = known._new_widget_state.states.get(state.id)  # read as it stands: a run may be at work on it
    if key := known._key_id_mapper.id_key_mapping.get(state.id):
        had = Value(known._new_session_state[key]) if key in known._new_session_state else had
    if had is None:
        had = Value(known._old_state[state.id]) if state.id in known._old_state else Serialized(state)
    was = had.value if isinstance(had, Value) else metadata.deserializer(unpack_widget_state_value(had.value))
    return bool(metadata.deserializer(unpack_widget_state_value(state)) != was)


# ---- nor of what was set here ----


def remembered(set_item: Callable[..., None]) -> Callable[..., None]:
    """`set_item` of a value of the session, which remembers what controls it changed: their browser does not know."""

    def set_value(state: SessionState, user_key: str, value: object) -> None:
        widget = state._key_id_mapper.get_id_from_key(user_key, None)
        had = state[user_key] if widget and user_key in state else None
        set_item(state, user_key, value)
        if widget and had != value:
            state._old_state.setdefault(SET_HERE, set()).add(widget)

    return set_value


def without_what_is_old(request: Request) -> Request:
    """`request` without the values of controls that the browser sent before it was told that they have others.

    It is told when the page has been drawn. If it reports something else meanwhile, such as a section that came near,
    each control still has the value that it had when the browser last spoke, and Streamlit would set it back.
    """

    def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
        if client_state and client_state.widget_states.widgets:
            last = vars(session).get(LAST_SENT, ClientState())
            vars(session)[LAST_SENT] = now = ClientState()
            now.CopyFrom(client_state)
            old = _without_news(session, client_state, last)
            kept = [one for one in client_state.widget_states.widgets if one.id not in old]
            client_state.widget_states.ClearField("widgets")
            client_state.widget_states.widgets.extend(kept)
        request(session, client_state)

    return request_rerun


def _without_news(session: AppSession, sent: ClientState, last: ClientState) -> set[str]:
    """The controls that were set here, and of which the browser says what it said before. Where this is all that it
    says, its visitor has set the control back."""
    known = session.session_state
    set_here: set[str] = known._old_state.get(SET_HERE, set())
    before = {one.id: one for one in last.widget_states.widgets}
    same = {one.id: one for one in sent.widget_states.widgets if one == before.get(one.id)}
    changed = any(one.id not in same and one.id in before for one in sent.widget_states.widgets)
    pressed = any(map(_has_active_trigger_value, sent.widget_states.widgets))
    old = {one for one in set_here & same.keys() if _differs(known, same[one])}
    if not (changed or pressed or sent.page_script_hash != last.page_script_hash):
        old = set()
    set_here.intersection_update(old)  # of the others it knows, or has news
    runner = session._scriptrunner
    if runner and runner._requests._state == ScriptRequestType.RERUN and runner._requests._rerun_data.widget_states:
        old -= {one.id for one in runner._requests._rerun_data.widget_states.widgets}  # what waits is not forgotten
    return old


def still_new(prepare: Callable[..., None]) -> Callable[..., None]:
    """`prepare` of the values for a run, where those that were set here are still new if the browser says nothing of
    them: Streamlit takes them for old, and the browser is not told that its control has another."""

    def prepared(state: SessionState, fresh_widget_states: WidgetStates | None, **replayed: object) -> None:
        new = dict(state._new_session_state)
        if fresh_widget_states is not None:
            said = {one.id for one in fresh_widget_states.widgets}
            untold = state._old_state.get(SET_HERE, set()) - said
            to_id = state._key_id_mapper.get_id_from_key
            new = {key: value for key, value in new.items() if to_id(key, None) in untold}
        prepare(state, fresh_widget_states, **replayed)
        state._new_session_state.update(new | state._new_session_state)

    return prepared


Queue = Callable[[ScriptRunContext, str | Sequence[str]], list[str]]


def with_what_else_was_asked_for(queue: Queue) -> Queue:
    """`queue` of the sections that a callback has named, and those from which something came at the same time.

    Of two presses in two sections while the server was busy Streamlit makes one run. If the callback of one names what
    is to be drawn, it would be all that is drawn, and the other press would have no effect.
    """

    def fragment_ids(ctx: ScriptRunContext, scope: str | Sequence[str]) -> list[str]:
        named = queue(ctx, scope)
        if scope in ("app", "fragment"):
            return named
        own = ThreadState.get().fragment_id
        others = [one for one in ctx.fragment_ids_this_run or [] if one not in (own, *named)]
        return [*others, *named]

    return fragment_ids


Order = Callable[[MemoryFragmentStorage, list[str]], list[str]]


def with_the_address(order: Order) -> Order:
    """`order` of the sections of a run, and behind them what has the address in the browser follow, so that a reload
    keeps what was set in any of them. Streamlit's own (`st.query_params`) takes a step in the history each time."""

    def ordered(storage: MemoryFragmentStorage, fragment_ids: list[str]) -> list[str]:
        found = order(storage, fragment_ids)
        return [*found, *(one for one in storage._ids_by_target_key.get(ADDRESS, ()) if one not in found)]

    return ordered
