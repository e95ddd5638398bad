"""Writing on the sampling page: the visitor's stories, what the buttons of the component do, and what it is shown.

The server never writes for long. It writes for a moment, shows what it has, and the browser asks for more until all is
written or the visitor stops; so nobody waits for a longer text of somebody else.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.text.errors import TokenizerError
from core.text.stock import StockTokenizer
from pages.ui import cache, components, presses, state
from pages.ui.literal import literal
from pages.ui.sampling.settings import chosen_sampler
from pages.ui.text import Chip, chips
from pages.ui.view import View

if TYPE_CHECKING:
    from core.generation import Step
    from core.generation.branches import Node, Story
    from core.text.chat_template import Frame

STORIES, NODES = 6, 3000  # what a session keeps
MOMENT = 0.03  # seconds of writing before the text is shown, ...
LEAST, MOST = 4, 12  # ... but at least and at most so many tokens, after the first: it should be seen to be written
ENDS = {"stop": "The document has ended.", "length": "All tokens are written.", "context": "The context is full."}
_story = components.component("story")


@dataclass
class Job:
    """Tokens that are still to be written, for one story."""

    number: int
    story: "Story"
    steps: Iterator["Step"]
    left: int
    begun: bool = False


@dataclass(frozen=True)
class Scene:
    """What a story is about: the view, the prompt it starts from, and how typed text is put into tokens."""

    view: View
    prompt: tuple[int, ...]
    chat: bool
    frame: "Frame | None" = None  # of the chat template of a model made elsewhere

    @property
    def stop(self) -> set[int]:
        tokenizer = self.view.tokenizer
        if not self.chat:
            return set(tokenizer.stops)
        from core.tuning.messages import answer_stops

        return set(answer_stops(tokenizer))

    def tokens_of_typed(self, text: str, so_far: Sequence[int]) -> list[int]:
        """The tokens of what a visitor typed; in a chat, between the tokens that mark whose turn it is."""
        ids, special = self.view.tokenizer.encode(text), self.view.tokenizer.special_tokens
        if not self.chat:
            return ids
        if self.frame is not None:
            return self._by_template(self.frame, text, so_far)
        before = [] if so_far[-1] == special["<|end|>"] else [special["<|end|>"]]
        return [*before, special["<|user|>"], *ids, special["<|end|>"], special["<|assistant|>"]]

    def _by_template(self, frame: "Frame", text: str, so_far: Sequence[int]) -> list[int]:
        """What follows the last token, as the template writes it."""
        tokenizer, said = self.view.tokenizer, f"{text.strip()}{frame.closing}"
        if len(so_far) == len(self.prompt):  # nobody has said anything yet
            return tokenizer.encode(frame.opening + said, special=True)[len(so_far) :]
        ids = tokenizer.encode(frame.between + said, special=True)
        return ids[1:] if ids[0] == so_far[-1] else ids  # the answer may have written its end itself


def story(scene: Scene, *, key: str) -> "list[Node]":
    """Draws the story that belongs to the scene, lets it be continued, and returns its tokens."""
    kept = _story_of(scene)

    def on_act(event: components.Event) -> None:
        for press in presses.unseen(event, "story_seen"):
            st.session_state["story_job"], st.session_state["story_error"] = None, ""
            try:
                _act(scene, kept, press)
            except ValueError as error:
                st.session_state["story_error"] = str(error)
            except (KeyError, TypeError):
                st.session_state["story_error"] = "That token is no longer there."

    job = _write(kept)
    _story(key=key, data=components.pack(_header(scene, kept, job)), on_act_change=on_act)
    return kept.path()


def ask(scene: Scene, text: str) -> None:
    """In a callback: as if the visitor had typed and sent this."""
    st.session_state["story_job"], st.session_state["story_error"] = None, ""
    try:
        _act(scene, _story_of(scene), {"do": "type", "text": text})
    except ValueError as error:
        st.session_state["story_error"] = str(error)


def _story_of(scene: Scene) -> "Story":
    from core.generation.branches import Story

    stories: OrderedDict[tuple[Any, ...], Story] = st.session_state.setdefault("stories", OrderedDict())
    key = (scene.view.name, scene.view.step, cache.stamp(scene.view.name), scene.prompt)
    if key not in stories:
        stories[key] = Story(scene.prompt)
    stories.move_to_end(key)
    while len(stories) > STORIES:
        stories.popitem(last=False)
    return stories[key]


def _act(scene: Scene, kept: "Story", action: dict[str, Any]) -> None:
    """What one press of the visitor does. ValueError with words for people; KeyError for what is no longer there."""
    from core.generation.branches import put

    what, node, model = action["do"], int(action.get("node") or 0), scene.view.checkpoint.model
    if len(kept.nodes) > NODES and what in ("write", "choose", "type", "forward"):
        raise ValueError(f"This tree has {len(kept.nodes):,} tokens: delete a branch first.")
    if what == "back":
        kept.back()
    elif what == "forward" and kept.ahead():
        kept.forward()
    elif what == "forward":
        _begin(scene, kept, 1)
    elif what == "go":
        kept.go(node)
    elif what == "delete":
        kept.delete(node)
    elif what == "name" and node in kept.nodes:
        kept.names[node] = state.clean(str(action["text"]))[:60].strip()
    elif what == "choose":
        kept.go(kept.nodes[node].parent)
        put(kept, model, chosen_sampler(), [int(action["token"])], "chosen")
        _begin(scene, kept, state.get("new_tokens"))
    elif what == "type":
        put(kept, model, chosen_sampler(), scene.tokens_of_typed(state.clean(str(action["text"]))[:400], kept.ids()))
        if scene.chat:
            _begin(scene, kept, state.get("new_tokens"))
    elif what == "write":
        _begin(scene, kept, state.get("new_tokens"))


def _why_ended(scene: Scene, kept: "Story") -> str:
    """Why nothing can follow the caret, or nothing at all."""
    ids = kept.ids()
    if len(ids) > scene.view.description.config.context_length:
        return ENDS["context"]
    if kept.path() and ids[-1] in scene.stop:
        return "The answer has ended: it is your turn." if scene.chat else ENDS["stop"]
    return ""


def _begin(scene: Scene, kept: "Story", count: int) -> None:
    from core.generation.branches import extend

    if _why_ended(scene, kept):
        return
    steps = extend(kept, scene.view.checkpoint.model, chosen_sampler(), count, state.get("seed"), scene.stop)
    st.session_state["story_jobs"] = st.session_state.get("story_jobs", 0) + 1
    st.session_state["story_job"] = Job(st.session_state["story_jobs"], kept, steps, count)


def _write(kept: "Story") -> Job | None:
    """Goes on with the job of this story for a moment, one token at least; None when there is nothing to do."""
    job: Job | None = st.session_state.get("story_job")
    if job is None or job.story is not kept:
        return None
    least, most = (LEAST, MOST) if job.begun else (1, 1)  # the first token is shown by itself
    count, until = 0, time.perf_counter() + MOMENT
    while job.left and (count < least or (count < most and time.perf_counter() < until)):
        step, count = next(job.steps, None), count + 1
        job.left = 0 if step is None or step.finish else job.left - 1
    job.begun = True
    if not job.left:
        st.session_state["story_job"] = None
    return job


# ---- what the component is shown ----


def _header(scene: Scene, kept: "Story", job: Job | None) -> dict[str, Any]:
    tokenizer, path, ahead = scene.view.tokenizer, kept.path(), kept.ahead()
    st.session_state["story_serial"] = serial = st.session_state.get("story_serial", 0) + 1
    ended = _why_ended(scene, kept)
    shown = [_token(node) for node in (*path, *ahead)]
    named = sorted({id for token in shown for id, _, _ in token["alternatives"]} | {token["id"] for token in shown})
    names = dict(zip(named, chips(tokenizer, named), strict=True))
    for token in shown:
        token |= {"label": names[token["id"]].label, "special": names[token["id"]].special}
    return {
        "serial": serial,
        "seen": presses.last_seen("story_seen"),
        "job": job.number if job else 0,
        "left": job.left if job else 0,
        "prompt": [_piece(chip) for chip in chips(tokenizer, scene.prompt)],
        "path": shown[: len(path)],
        "ahead": shown[len(path) :],
        "labels": {id: chip.label for id, chip in names.items()},
        "branches": [_branch(scene, kept, segment.nodes, segment.depth) for segment in kept.segments()],
        "can": {"write": not ended, "back": bool(path)},
        "status": f"{len(path):,} tokens" if job and job.left else ended,
        "error": st.session_state.get("story_error", ""),
        "verb": "Write" if not path else "Write on",
        "invitation": "Say something" if scene.chat else "Go on with words of your own",
        "add": "Send" if scene.chat else "Add",
    }


def _piece(chip: Chip) -> dict[str, Any]:
    return {"label": chip.label, "special": chip.special}


def _token(node: "Node") -> dict[str, Any]:
    """One token and its numbers; surprise and entropy in bits, alternatives as [id, the model's, after the sampler]."""
    step = node.step
    raw, after = dict(step.raw_alternatives), dict(step.alternatives)
    raw.setdefault(step.id, step.raw_probability)
    after.setdefault(step.id, step.probability)
    return {
        "node": node.id,
        "id": step.id,
        "origin": node.origin,
        "u": None if math.isnan(step.u) else _short(step.u),
        "rank": step.rank,
        "raw": _short(step.raw_probability),
        "after": _short(step.probability),
        "surprise": _short(-math.log2(max(step.raw_probability, 1e-300))),
        "entropy": _short(step.entropy / math.log(2)),
        "alternatives": [[id, _short(p), _short(after.get(id, 0)) or None] for id, p in raw.items()],
    }


def _short(number: float) -> float:
    """Five digits: what is shown has fewer, and the whole text travels with every few tokens."""
    return float(f"{number:.5g}")


def _branch(scene: Scene, kept: "Story", nodes: tuple[int, ...], depth: int) -> dict[str, Any]:
    steps = [kept.nodes[node].step for node in nodes]
    bits = [-math.log2(max(step.raw_probability, 1e-300)) for step in steps]
    on = {node.id for node in kept.path()}
    return {
        "first": nodes[0],
        "last": nodes[-1],
        "depth": depth,
        "name": kept.names.get(nodes[0], ""),
        "text": scene.view.tokenizer.decode([step.id for step in steps[:40]]).strip() or "·",
        "count": len(nodes),
        "mean": sum(bits) / len(bits),
        "here": nodes[0] in on,
    }


# ---- what it is about ----

STYLES = ("Answer in a full sentence.", "Answer in one word.", "Answer, then ask a question back.")


def choose_scene(view: View, end: int) -> Scene | None:
    """The controls of writing, and the scene that they make; None where it would not fit. end: tokens of the text."""
    left, middle, right = st.columns([4, 2, 4], gap="medium", vertical_alignment="bottom")
    names = ("<|system|>", "<|user|>", "<|assistant|>", "<|end|>")
    special = view.tokenizer.special_tokens
    chats = view.tokenizer.chat_template is not None if isinstance(view.tokenizer, StockTokenizer) else all(
        name in special for name in names)  # fmt: skip
    options = ("The text", "A chat") if chats else ("The text",)
    kind = left.segmented_control(
        "Continue", options, default=options[0], key="scene", required=True, persist_state="session", wrap=True
    )
    middle.number_input("Seed", help="The same seed draws the same numbers u.", **state.control("seed"))
    right.slider("New tokens", **state.control("new_tokens"))
    if kind != "A chat":
        return Scene(view, view.ids[:end], chat=False)
    if isinstance(view.tokenizer, StockTokenizer):
        return _by_its_template(view, view.tokenizer)
    style = st.selectbox("System prompt", STYLES, key="scene_style", persist_state="session", accept_new_options=True)
    ids = [
        view.tokenizer.eot,
        special["<|system|>"],
        *view.tokenizer.encode(state.clean(style or "")[:400]),
        special["<|end|>"],
    ]
    return _fitting(view, ids, None)


def _by_its_template(view: View, tokenizer: StockTokenizer) -> Scene | None:
    """A chat as the template of a model made elsewhere writes it, with what the system asks for where it has a place
    for that."""
    style = st.text_input("System prompt (may be empty)", key="scene_system", persist_state="session", max_chars=400)
    try:
        frame = tokenizer.frame(state.clean(style or "").strip())
    except TokenizerError as error:
        st.warning(f"The chat template of this model does not take that: {literal(str(error))}.")
        return None
    return _fitting(view, tokenizer.encode(frame.opening.rstrip(" "), special=True) or [tokenizer.eot], frame)


def _fitting(view: View, ids: list[int], frame: "Frame | None") -> Scene | None:
    if len(ids) > view.description.config.context_length // 2:
        st.warning("That is longer than half of what this model can read: make it shorter.")
        return None
    return Scene(view, tuple(ids), chat=True, frame=frame)
