"""Whenever a server finds the time to send what was drawn, the browser has the same in the end.

The browser is `Browser`: in a few lines what the front end does with what it is sent. It gets all of it twice, each
message as soon as it is there, and whenever chance will have it.
"""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from pages.ui.streamlit_privates import keeping

Path = tuple[int, ...]
DONE, FRAGMENTS_DONE = ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY


@dataclass
class Node:
    """What stands in a place: a word, or a block of places. `run` has drawn it, for the fragment `fragment`."""

    run: str
    fragment: str
    word: str = ""
    places: list["Node"] | None = None

    def shown(self) -> object:
        return self.word if self.places is None else [one.shown() for one in self.places]


@dataclass
class Browser:
    root: Node = field(default_factory=lambda: Node("", "", places=[]))
    run: str = ""

    def hear(self, message: ForwardMsg) -> None:
        kind, run = message.WhichOneof("type"), message.metadata.run
        if kind == "new_session":
            self.run = run.script_run_id
        elif kind == "delta":
            self._set(message)
        elif message.script_finished in (DONE, FRAGMENTS_DONE) and (run.fragment_ids or self.run == run.script_run_id):
            self.root.places = _alive(self.root, run.script_run_id, list(run.fragment_ids), inside=False)

    def _set(self, message: ForwardMsg) -> None:
        delta, (*above, place) = message.delta, message.metadata.delta_path
        node = self.root
        for index in above:
            node.run = self.run
            assert node.places is not None, "'setIn' cannot be called on an ElementNode"
            node = node.places[index]
        assert node.places is not None and place <= len(node.places), "a place that is not there"
        node.run, old = self.run, (node.places[place : place + 1] or [None])[0]
        new = Node(self.run, delta.fragment_id, delta.new_element.text.body)
        if delta.WhichOneof("type") == "add_block":
            new.places = old.places if old and old.places is not None else []
        node.places[place : place + 1] = [new]


def _alive(block: Node, run: str, fragments: list[str], inside: bool) -> list[Node]:
    """What is left in a block at the end of a run: what this run has drawn, and what was none of its business."""
    left = []
    for node in block.places or []:
        mine = node.run == run
        if not mine and (inside or not fragments):
            continue
        if node.places is not None:
            node.places = _alive(node, run, fragments, inside or (mine and node.fragment in fragments))
        left.append(node)
    return left


class Server:
    """Draws pages and sections, and sends what was drawn when `sends()` says so."""

    def __init__(self, sends) -> None:
        self.queue, self.browser, self.sends = ForwardMsgQueue(), Browser(), sends
        self.sections: dict[str, Path] = {}
        self.runs = 0

    def draw(self, items: list, section: str = "") -> None:
        """A run of the page, or of one of its sections."""
        self.runs += 1
        fragments = [section] if section else []
        self.queue.clear(True, fragments or None)
        start = ForwardMsg()
        start.new_session.name = "page"
        self._send(start, fragments)
        if section:
            within = f"{section}."
            path = self.sections[section]
            self.sections = {one: where for one, where in self.sections.items() if not one.startswith(within)}
            self._section(path, items)
        else:
            self.sections = {}
            self._items((), items, "")
        self._send(ForwardMsg(script_finished=FRAGMENTS_DONE if section else DONE), fragments)

    def _items(self, path: Path, items: list, fragment: str) -> None:
        for index, item in enumerate(items):
            where = (*path, index)
            if isinstance(item, str):
                message = self._delta(where, fragment)
                message.delta.new_element.text.body = item
                self._send(message)
            elif item[0] == "section":
                self._section(where, item[1])
            else:
                self._block(where, item[1], fragment)

    def _section(self, path: Path, items: list) -> None:
        name = ".".join(map(str, path))
        self.sections[name] = path
        self._block(path, items, name)

    def _block(self, path: Path, items: list, fragment: str) -> None:
        message = self._delta(path, fragment)
        message.delta.add_block.allow_empty = True
        self._send(message)
        self._items(path, items, fragment)

    def _delta(self, path: Path, fragment: str) -> ForwardMsg:
        message = ForwardMsg()
        message.metadata.delta_path[:] = path
        message.delta.fragment_id = fragment
        return message

    def _send(self, message: ForwardMsg, fragments: list[str] | None = None) -> None:
        if fragments is not None:
            message.metadata.run.script_run_id = str(self.runs)
            message.metadata.run.fragment_ids[:] = fragments
        self.queue.enqueue(message)
        if self.sends():
            self.flush()

    def flush(self) -> None:
        for message in self.queue.flush():
            self.browser.hear(message)


words = st.sampled_from("abc")
blocks = st.sampled_from(["section", "block"])
items = st.recursive(st.lists(words, max_size=3), lambda inner: st.lists(words | st.tuples(blocks, inner), max_size=4))
runs = st.lists(st.tuples(st.none() | st.integers(0, 9), items), min_size=1, max_size=6)


@pytest.mark.slow
@given(runs=runs, moments=st.randoms(use_true_random=False))
def test_the_browser_has_the_same_whenever_it_is_sent(runs, moments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ForwardMsgQueue, "clear", keeping(ForwardMsgQueue.clear))
        at_once, later = servers = Server(lambda: True), Server(lambda: moments.random() < 0.1)
        for number, drawn in [(None, ["a"]), *runs]:
            for server in servers:
                names = sorted(server.sections)
                server.draw(drawn, "" if number is None or not names else names[number % len(names)])
        later.flush()
    assert later.browser.root.shown() == at_once.browser.root.shown()
