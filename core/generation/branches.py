"""A text that forks: every token drawn, chosen or typed is a node, and a branch is a way down from the prompt."""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch

from core.generation.sampler import Sampler
from core.generation.streaming import Step, generate, step_of
from core.model import Transformer
from core.model.ids import checked_ids

Origin = Literal["drawn", "chosen", "typed"]
ROOT = 0


@dataclass(frozen=True)
class Node:
    """One token after its parent (ROOT: the prompt). A Step that nobody drew has a u that is not a number."""

    id: int
    parent: int
    step: Step
    origin: Origin


@dataclass(frozen=True)
class Segment:
    """Nodes in a row without a fork. depth: how many forks come before; the first segments have 0."""

    nodes: tuple[int, ...]
    depth: int


@dataclass
class Story:
    """A prompt and everything that was written after it. Owned by one visitor.

    cursor: the node after which writing goes on. names: what a visitor called the branch that begins with a node.
    A token that comes again in the same place is the same node, so that nothing is there twice.
    """

    prompt: tuple[int, ...]
    cursor: int = ROOT
    nodes: dict[int, Node] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    _children: dict[int, list[int]] = field(default_factory=dict)
    _latest: dict[int, int] = field(default_factory=dict)  # the child that was visited last: the way forward
    _next: int = 1

    def path(self, node: int | None = None) -> list[Node]:
        """The nodes from the prompt to this one (None: the cursor)."""
        way, at = [], self.cursor if node is None else node
        while at != ROOT:
            way.append(self.nodes[at])
            at = self.nodes[at].parent
        return way[::-1]

    def ids(self, node: int | None = None) -> list[int]:
        """The prompt and the tokens down to this node (None: the cursor)."""
        return [*self.prompt, *(step.step.id for step in self.path(node))]

    def children(self, node: int) -> list[int]:
        return self._children.get(node, [])

    def add(self, parent: int, step: Step, origin: Origin) -> int:
        """Puts a token after `parent`, moves the cursor to it and returns its node; the same token keeps its node."""
        for child in self.children(parent):
            if self.nodes[child].step.id == step.id:
                self.nodes[child] = Node(child, parent, step, origin)
                return self.go(child)
        node, self._next = self._next, self._next + 1
        self.nodes[node] = Node(node, parent, step, origin)
        self._children.setdefault(parent, []).append(node)
        return self.go(node)

    def go(self, node: int) -> int:
        """Moves the cursor; KeyError for a node that is not there."""
        for step in self.path(node):
            self._latest[step.parent] = step.id
        self.cursor = node
        return node

    def back(self) -> None:
        """One token back, to the prompt at most."""
        if self.cursor != ROOT:
            self.cursor = self.nodes[self.cursor].parent

    def ahead(self) -> list[Node]:
        """The tokens after the cursor on the way that was visited last."""
        found, at = [], self.cursor
        while at in self._latest:
            at = self._latest[at]
            found.append(self.nodes[at])
        return found

    def forward(self) -> None:
        """One token along that way."""
        self.cursor = self._latest.get(self.cursor, self.cursor)

    def delete(self, node: int) -> None:
        """Removes a node and everything after it; a cursor in there goes to its parent. KeyError as for `go`."""
        parent = self.nodes[node].parent
        if any(step.id == node for step in self.path()):
            self.cursor = parent
        siblings = self._children[parent]
        siblings.remove(node)
        if self._latest.get(parent) == node:
            self._latest.pop(parent)
            if siblings:
                self._latest[parent] = siblings[-1]
        doomed = [node]
        while doomed:
            gone = doomed.pop()
            doomed += self._children.pop(gone, [])
            del self.nodes[gone]
            self._latest.pop(gone, None)
            self.names.pop(gone, None)

    def segments(self) -> list[Segment]:
        """The tree as rows, each fork's branches below it in the order in which they were made."""
        rows: list[Segment] = []
        open_: list[tuple[int, int]] = [(child, 0) for child in reversed(self.children(ROOT))]
        while open_:
            first, depth = open_.pop()
            chain = [first]
            while len(self.children(chain[-1])) == 1:
                chain.append(self.children(chain[-1])[0])
            rows.append(Segment(tuple(chain), depth))
            open_ += [(child, depth + 1) for child in reversed(self.children(chain[-1]))]
        return rows


def extend(
    story: Story, model: Transformer, sampler: Sampler, count: int, seed: int, stop: Collection[int] = ()
) -> Iterator[Step]:
    """Writes `count` tokens after the cursor, each put into the story before it is yielded; as `generate` otherwise."""
    for step in generate(model, story.ids(), sampler, count, seed, stop=stop, prompt_length=len(story.prompt)):
        story.add(story.cursor, step, "drawn")
        yield step


def put(story: Story, model: Transformer, sampler: Sampler, tokens: Sequence[int], origin: Origin = "typed") -> None:
    """Puts tokens that nobody drew after the cursor, each with what the model and the sampler gave it.

    ValueError: they, or the text before them, do not fit the context or are not of the vocabulary.
    """
    before = story.ids()
    tokens = checked_ids(tokens, model.config, model.config.context_length + 1 - len(before), least=0)
    if not tokens:
        return
    before = checked_ids(before, model.config)
    with torch.inference_mode():
        logits = model(torch.tensor([[*before, *tokens[:-1]]]))[0, len(before) - 1 :].double().numpy()  # (tokens, V)
    for place, token in enumerate(tokens):
        stages = sampler.stages(logits[place], [*before, *tokens[:place]], len(story.prompt))
        story.add(story.cursor, step_of(place, token, math.nan, stages, None), origin)
