"""Stories that fork: against a plain list of texts, and every number against the model itself."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.generation import Sampler, generate
from core.generation.branches import ROOT, Story, extend, put
from core.generation.stages import softmax
from core.generation.streaming import Step
from tests.core.model.models import make

MODEL = make("ours")
PROMPT = (1, 5, 9)
SAMPLER = Sampler(temperature=1.3, top_k=20)


def made(id: int) -> Step:
    return Step(0, id, 0.5, 0.1, 0.1, 0, 1.0, (), (), None)


def texts(story: Story) -> set[tuple[int, ...]]:
    """Every text from the prompt to a node."""
    return {tuple(story.ids(node)) for node in story.nodes}


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 3)),
        st.tuples(st.sampled_from(["back", "forward"]), st.just(0)),
        st.tuples(st.sampled_from(["go", "delete"]), st.integers(0, 30)),
    ),
    max_size=40,
)


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(ACTIONS)
def test_a_story_is_a_set_of_texts_closed_under_beginnings(actions):
    """The reference keeps whole texts in a set and the cursor as a text."""
    story, known, cursor = Story(PROMPT), set(), PROMPT
    for action, number in actions:
        nodes = sorted(story.nodes)
        if action == "add":
            story.add(story.cursor, made(number), "drawn")
            cursor = (*cursor, number)
            known.add(cursor)
        elif action == "back":
            story.back()
            cursor = cursor[:-1] if cursor != PROMPT else cursor
        elif action == "forward":
            ahead = [node.step.id for node in story.ahead()]
            story.forward()
            cursor = (*cursor, *ahead[:1])
            assert not ahead or cursor in known
        elif nodes:
            node = nodes[number % len(nodes)]
            text = tuple(story.ids(node))
            if action == "go":
                story.go(node)
                cursor = text
            else:
                story.delete(node)
                known = {other for other in known if other[: len(text)] != text}
                cursor = text[:-1] if cursor[: len(text)] == text else cursor
        assert texts(story) == known and tuple(story.ids()) == cursor and len(story.nodes) == len(known)
        rows = story.segments()
        assert sorted(node for row in rows for node in row.nodes) == sorted(story.nodes)
        forks = [sum(len(story.children(step.parent)) > 1 for step in story.path(row.nodes[0])[1:]) for row in rows]
        assert [row.depth for row in rows] == forks


def test_extending_is_generating_and_coming_again_changes_nothing():
    story = Story(PROMPT)
    steps = list(extend(story, MODEL, SAMPLER, 8, 3))
    assert steps == list(generate(MODEL, PROMPT, SAMPLER, 8, 3))
    assert story.ids() == [*PROMPT, *(step.id for step in steps)]
    for _ in range(5):
        story.back()
    list(extend(story, MODEL, SAMPLER, 5, 3))
    assert len(story.nodes) == 8  # the same seed draws the same tokens: no second branch
    story.go(story.path()[2].id)
    list(extend(story, MODEL, SAMPLER, 5, 4))
    assert len(story.nodes) > 8 and len(story.segments()) == 3


def test_what_is_put_in_has_the_models_own_numbers():
    story = Story(PROMPT)
    list(extend(story, MODEL, SAMPLER, 3, 0))
    before = story.ids()
    put(story, MODEL, SAMPLER, [7, 7, 2], "typed")
    assert story.ids() == [*before, 7, 7, 2]
    for place, node in enumerate(story.path()[-3:]):
        ids = [*before, *[7, 7, 2][:place]]
        with torch.no_grad():
            logits = MODEL(torch.tensor([ids]))[0, -1].double().numpy()
        assert node.origin == "typed" and math.isnan(node.step.u)
        assert node.step.raw_probability == pytest.approx(softmax(logits)[node.step.id], rel=1e-4)
        assert node.step.probability == pytest.approx(SAMPLER.probs(logits, ids)[node.step.id], rel=1e-4)
        assert node.step.rank == int((logits > logits[node.step.id]).sum())
        assert np.isclose(sum(p for _, p in node.step.alternatives), sum(sorted(SAMPLER.probs(logits, ids))[-10:]))


def test_what_does_not_fit_is_refused_and_nothing_changes():
    story = Story(PROMPT)
    put(story, MODEL, SAMPLER, [])
    with pytest.raises(ValueError, match="room for 22"):
        put(story, MODEL, SAMPLER, [1] * 23)
    with pytest.raises(ValueError):
        put(story, MODEL, SAMPLER, [1, 37])
    assert not story.nodes and story.cursor == ROOT
    put(story, MODEL, SAMPLER, [1] * 22)  # the last one follows a full context
    assert len(story.ids()) == 25
    with pytest.raises(KeyError):
        story.go(99)


def test_deleting_takes_names_and_everything_after():
    story = Story(PROMPT)
    first = story.add(ROOT, made(1), "drawn")
    second = story.add(first, made(2), "drawn")
    story.go(first)
    other = story.add(first, made(3), "chosen")
    story.names |= {second: "the old one", other: "the new one"}
    story.delete(other)
    assert story.names == {second: "the old one"} and story.cursor == first
    assert [node.id for node in story.ahead()] == [second]  # forward leads to what is left
    story.delete(first)
    assert not story.nodes and not story.names and story.cursor == ROOT and story.segments() == []
