"""Whatever is passed as ids, lengths and counts: text, or a ValueError. No other error, nor the death of Python."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.generation import Sampler, generate, greedy_batch
from core.generation.batch import sample_batch
from core.generation.beam import beam_search, best_of
from core.generation.branches import Story, extend, put
from core.generation.fast import Decoder, Reader, reader
from core.generation.speculative import speculate
from core.model import Cache, run_trace
from tests.core.model.models import SIZES, make

MODEL, DRAFT, SAMPLER = make("ours"), make("gpt2"), Sampler()
V, CONTEXT = SIZES["vocab_size"], SIZES["context_length"]

good = st.lists(st.integers(0, V - 1), min_size=1, max_size=CONTEXT)
entry = st.one_of(
    st.integers(0, V - 1), st.integers(-(2**70), 2**70), st.sampled_from([-1, V, 99_999, 2**31, 2**63]),
    st.floats(), st.booleans(), st.none(), st.text(max_size=2), st.lists(st.integers(0, 3), max_size=2),
)  # fmt: skip
anything = st.one_of(
    good,
    st.lists(entry, max_size=4),
    good.flatmap(lambda ids: st.tuples(st.just(ids), entry).map(lambda pair: [*pair[0], pair[1]])),
    st.lists(st.integers(0, V - 1), min_size=CONTEXT - 1, max_size=CONTEXT + 3),
    good.map(np.array),
    good.map(torch.tensor),
    good.map(lambda ids: np.array(ids, np.float32)),
    good.map(lambda ids: torch.tensor([ids])),
    st.sampled_from([None, 3, "ab", b"ab", np.array(3), np.zeros((2, 0), np.int64)]),
)
count = st.one_of(st.integers(-3, 30), st.sampled_from([2**40, 1.5, True, None, "7", np.int64(3)]))


def is_count(value, least=0):
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= least


def fits(ids, most=CONTEXT):
    """The rule in other words than the code's: each an integer of the vocabulary, and not too many."""
    array = np.array(ids.tolist() if hasattr(ids, "tolist") else ids, dtype=object)
    if isinstance(ids, bytes):
        array = np.array(list(ids), dtype=object)
    ints = all(isinstance(x, int | np.integer) and not isinstance(x, bool) and 0 <= x < V for x in array.ravel())
    return array.ndim == 1 and 1 <= array.size <= most and ints


def writes(call, ids, allowed):
    """What `call` gives, when it is allowed; a ValueError with words when not."""
    if allowed:
        return call()
    with pytest.raises(ValueError) as told:
        call()
    assert len(str(told.value)) > 10
    return None


WRITERS = {
    "generate": (0, lambda ids, n: [step.id for step in generate(MODEL, ids, SAMPLER, n, 1)]),
    "speculate": (0, lambda ids, n: [i for made in speculate(MODEL, DRAFT, ids, SAMPLER, n, 1) for i in made.ids]),
    "greedy_batch": (0, lambda ids, n: greedy_batch(MODEL, [ids], n)[0]),
    "sample_batch": (0, lambda ids, n: list(sample_batch(MODEL, ids, SAMPLER, [1], n)[0].ids)),
    "beam_search": (1, lambda ids, n: list(beam_search(MODEL, ids, 2, n).beams[0].ids)),
    "best_of": (1, lambda ids, n: [step.id for step in best_of(MODEL, ids, SAMPLER, 2, n, 1)[0][1]]),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=60)
@given(anything, count)
def test_what_writes_checks_ids_and_length_first(name, ids, n):
    least, call = WRITERS[name]
    allowed = fits(ids) and is_count(n, least)
    made = writes(lambda: call(ids, n), ids, allowed)
    if allowed:
        assert len(made) == min(int(n), CONTEXT + 1 - len(ids)) and all(0 <= id < V for id in made)


@pytest.mark.slow
@settings(max_examples=60)
@given(st.data(), count, count, count)
def test_the_other_counts_are_checked_too(data, a, b, seed):
    name = data.draw(st.sampled_from(["ahead", "width", "n", "seed", "seeds"]))
    small = (not isinstance(a, int)) or a < 40
    calls = {
        "ahead": (is_count(a, 1), lambda: list(speculate(MODEL, DRAFT, [1], SAMPLER, 3, 1, ahead=a))),
        "width": (is_count(a, 1) and is_count(b), lambda: beam_search(MODEL, [1], a, 2, shown=b)),
        "n": (is_count(a, 1), lambda: best_of(MODEL, [1], SAMPLER, a, 1, 0) if small else None),
        "seed": (is_count(seed), lambda: list(generate(MODEL, [1], SAMPLER, 2, seed))),
        "seeds": (is_count(seed), lambda: sample_batch(MODEL, [1], SAMPLER, [seed], 2)),
    }
    allowed, call = calls[name]
    writes(call, None, allowed)


@pytest.mark.slow
@pytest.mark.parametrize("make_reader", [Decoder, Reader, lambda model, n: reader(model, n)])
@settings(max_examples=60)
@given(data=st.data())
def test_a_reader_reads_what_there_is_room_for_and_else_nothing(make_reader, data):
    length = data.draw(count)
    text = writes(lambda: make_reader(MODEL, length), None, is_count(length, 1))
    for _ in range(3 if text else 0):
        before, ids, asked = text.cache.length, data.draw(anything), data.draw(count)
        room = min(int(length), CONTEXT) - before
        allowed = fits(ids, room) and is_count(asked, 1) and asked <= len(ids)
        rows = writes(lambda ids=ids, asked=asked: text.logits(ids, asked), ids, allowed)
        assert text.cache.length == before + (len(ids) if allowed else 0)
        assert rows is None or (rows.shape == (asked, V) and np.isfinite(rows).all())


@pytest.mark.slow
@settings(max_examples=60)
@given(anything, anything, st.booleans())
def test_a_story_takes_what_fits_and_else_stays_as_it_was(prompt, tokens, typed):
    prompt = tuple(prompt) if fits(prompt) else (1, 2)
    story, room = Story(prompt), CONTEXT + 1 - len(prompt)
    if typed:
        nothing = isinstance(tokens, list | str) and not len(tokens)
        writes(lambda: put(story, MODEL, SAMPLER, tokens), tokens, fits(tokens, room) or nothing)
        assert len(story.nodes) == (len(tokens) if fits(tokens, room) else 0)
    else:
        assert len(list(extend(story, MODEL, SAMPLER, 40, 0))) == room


@settings(max_examples=60)
@given(anything)
def test_a_trace_takes_what_fits(ids):
    trace = writes(lambda: run_trace(MODEL, ids), ids, fits(ids))
    assert trace is None or trace.ids.tolist() == list(map(int, ids))


def test_the_model_refuses_ids_that_are_no_whole_numbers_and_the_cache_of_another():
    with pytest.raises(ValueError, match="whole numbers"):
        MODEL(torch.tensor([[1.0, 2.0]]))
    other = make("llama")  # fewer key/value heads
    with pytest.raises(ValueError, match="another shape"):
        MODEL(torch.tensor([[1]]), cache=Cache(other.config))
    cache = Cache(MODEL.config, max_length=2)
    for tokens in (-1, 3):
        with pytest.raises(ValueError, match="do not fit"):
            cache.advance(tokens)
