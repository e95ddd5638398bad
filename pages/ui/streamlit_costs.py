"""What every run of a page does inside Streamlit, at less cost; `streamlit_privates` puts it in its place. Written for
Streamlit 1.67."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import FunctionType
from typing import Any

from streamlit.cursor import Cursor, SparseList
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.runtime import Runtime
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState, Value

_log = logging.getLogger(__name__)


class AskedFor(Mapping[str, Any]):
    """The values of a session, each read when it is asked for.

    Streamlit puts all of them together, a hundred and more, for every text field and list that is drawn, to look at
    one: a seventh of the processor time of a page that was seen before.
    """

    def __init__(self, session: SafeSessionState) -> None:
        self._session = session

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 (whatever was kept)
        return value_of(self._session, key)

    def __iter__(self) -> Iterator[str]:
        with self._session._lock:
            return iter(self._session._state.filtered_state)

    def __len__(self) -> int:
        return len(list(iter(self)))


def value_of(session: SafeSessionState, key: str) -> Any:  # noqa: ANN401 (whatever was kept)
    """One of the values of a session. Streamlit looks each time whether the run is to stop, two hundred times a page;
    it looks at every element, too."""
    with session._lock:
        return session._state[key]


Presenter = Callable[[object, SessionState], object]


def plain_where_unused(make: Callable[..., Presenter]) -> Callable[..., Presenter]:
    """`make` of what shows a component's values, which shows them as they are where its visitor did not use it.

    Streamlit declares a class each time that one is looked at, thirty times a page, so that values could be written
    into what it shows; here nobody does.
    """

    def made(aggregator_id: str, *of: Any, **more: Any) -> Presenter:  # noqa: ANN401 (whatever `make` takes)
        merged = make(aggregator_id, *of, **more)

        def shown(held: object, session_state: SessionState) -> object:
            said = session_state._new_widget_state.states.get(aggregator_id)
            unused = said is None or (isinstance(said, Value) and not said.value)
            return dict(held) if unused and isinstance(held, dict) else merged(held, session_state)

        return shown

    return made


def copied(cursor: Cursor, _memo: dict[int, Any]) -> Cursor:
    """A cursor for the copy that each section keeps of where it stands. All that it holds are numbers and tuples of
    them, and which elements come and go; these are never changed once they are there."""
    new = object.__new__(type(cursor))
    coming = SparseList[Any]()
    coming._data.update(cursor._transient_elements._data)
    vars(new).update(vars(cursor), _transient_elements=coming)
    return new


Populate = Callable[[CustomThemeConfig, str], None]


def found_once(populate: Populate) -> Populate:
    """`populate` a message with a part of the theme, which is the same for all. Streamlit reads it from its settings
    for every run: a twentieth of the processor time of a page that was seen before."""
    known: dict[str, CustomThemeConfig] = {}

    def populated(msg: CustomThemeConfig, section: str = "theme") -> None:
        if section not in known:
            found = CustomThemeConfig()
            populate(found, section)
            known[section] = found
        if known[section].ByteSize():  # an empty one would stand for a theme of its own
            msg.MergeFrom(known[section])

    return populated


PLAIN = frozenset({int, float, str, bytes, bool, type(None)})
ValueKey = Callable[..., str]


def quickly(make_key: ValueKey) -> ValueKey:
    """`make_key` of the arguments of a cached function, at once where all of them are plain values and tuples of those.

    Streamlit hashes every token id by itself, and reads the function's signature for each argument: an eighth of the
    processor time of a page that was seen before. What is written in full here is as good a key.
    """

    def key(
        *,
        cache_type: object,
        func: FunctionType,
        func_args: Sequence[object],
        func_kwargs: dict[str, object],
        hash_funcs: object,
    ) -> str:
        names = func.__code__.co_varnames[: func.__code__.co_argcount]
        named = dict(zip(names, func_args, strict=False)) | func_kwargs if len(func_args) <= len(names) else {}
        if named and not hash_funcs and all(name[0] != "_" and _is_plain(value) for name, value in named.items()):
            return repr(sorted(named.items()))
        return make_key(
            cache_type=cache_type, func=func, func_args=func_args, func_kwargs=func_kwargs, hash_funcs=hash_funcs
        )

    return key


def _is_plain(value: object) -> bool:
    return type(value) in PLAIN or (
        type(value) is tuple and (PLAIN.issuperset(map(type, value)) or all(map(_is_plain, value)))
    )


Call = Callable[[], None]
CallSoon = Callable[[AppSession, Call], None]
EVENTS = "events_that_wait"  # the attribute of a session that holds them
_events = threading.Lock()


def together(call_soon: CallSoon) -> CallSoon:
    """`call_soon` on the thread that serves all, for the events of a run, in their order: those that come before it has
    got to the first are handled with that one.

    Streamlit wakes that thread for each, sixty times a page, and with each the interpreter's lock goes to and fro
    between it and the threads that draw. With eight visitors at a time it cost a fifth of the processor time.
    """

    def call(session: AppSession, handle: Call) -> None:
        with _events:
            waiting: deque[Call] = vars(session).setdefault(EVENTS, deque())
            waiting.append(handle)
            first = len(waiting) == 1
        if first:
            call_soon(session, partial(handle_all, waiting))

    def handle_all(waiting: deque[Call]) -> None:
        while waiting:
            handle = waiting[0]  # stands there meanwhile, so that nobody else is called for those behind it
            try:
                handle()
            except Exception:  # as the event loop: told, and no reason to leave out the others
                _log.exception("An event of a run was not handled")
            with _events:
                waiting.popleft()

    return call


def at_once(enqueued: Callable[[Runtime], None]) -> Callable[[Runtime], None]:
    """`enqueued`, which has the thread that serves all send what there is; that thread itself need not be woken."""

    def told(runtime: Runtime) -> None:
        shared = runtime._get_async_objs()
        if asyncio._get_running_loop() is shared.eventloop:
            shared.need_send_data.set()
        else:
            enqueued(runtime)

    return told
