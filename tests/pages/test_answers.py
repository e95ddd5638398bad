"""The answers to the experiments say what the model on the screen does: their numbers, computed here anew."""

import math
import re

import pytest
import torch

from core.analysis.stream.attribution import attribute
from core.figures.labels import percent
from core.model import load_checkpoint, run_trace
from pages.ui.attention.experiments import followers
from tests.tiny import CONTEXT

pytestmark = pytest.mark.slow


def answer(at, key: str) -> str:
    """Begins the experiment, makes a guess, and returns everything that the page then says."""
    at.button(key=f"{key}_begin").click().run()
    assert not at.exception
    at.button(key=f"{key}_tell").click().run()
    assert not at.exception
    return " ".join(element.value for element in at.markdown)


def traced(at, runs):
    """This step of the tiny model, and its trace of as much of the text in the box as it reads."""
    checkpoint = load_checkpoint(runs / "tiny", at.session_state["step"])
    ids = checkpoint.tokenizer.encode(at.session_state["text"])[: CONTEXT - 1]
    return checkpoint, run_trace(checkpoint.model, [checkpoint.tokenizer.eot, *ids])


def test_overview_without_training(app, runs):
    at = app("overview", text="the red ball")
    told = answer(at, "overview_try_0")
    assert at.session_state["step"] == 0
    checkpoint, trace = traced(at, runs)
    size = checkpoint.tokenizer.vocab_size
    loss = -trace.logits[:-1].log_softmax(-1).gather(1, trace.ids[1:, None]).mean()
    assert f"If all {size} tokens were equally likely, each would get {percent(1 / size)}" in told
    assert f"the likeliest now has {percent(float(trace.probs[-1].max()))}" in told
    assert f"ln({size}) = {math.log(size):.1f}" in told and f"this one has {loss:.1f} on your text" in told


def test_overview_she_and_he(app, runs):
    at = app("overview", step="0")
    told = answer(at, "overview_try_1")
    checkpoint, trace = traced(at, runs)
    she, he = (percent(float(trace.probs[-1, checkpoint.tokenizer.encode(word)[0]])) for word in (" she", " he"))
    assert f"*she* gets **{she}** and *he* **{he}**" in told


def test_overview_names_a_town_only_where_the_model_does(app):
    assert "does not name a town of Tinyland" in answer(app("overview"), "overview_try_2")
    told = answer(app("overview", model="tinyland"), "overview_try_2")
    town, share = re.search(r"It names a town, \*\*(\w+)\*\*, and gives it ([\d.]+) %", told).groups()
    checkpoint = load_checkpoint("tinyland")
    ids = [checkpoint.tokenizer.eot, *checkpoint.tokenizer.encode("Darius comes from")]
    wanted = checkpoint.tokenizer.encode(f" {town}")
    probs = run_trace(checkpoint.model, [*ids, *wanted]).probs
    chance = math.prod(float(probs[len(ids) - 1 + i, id]) for i, id in enumerate(wanted))
    assert 100 * chance == pytest.approx(float(share), rel=0.06)


def test_where_a_copying_head_would_look():
    #                  start a  b  c  a  b  b
    assert followers((9, 1, 2, 3, 1, 2, 2)) == ([4, 5, 6], [2, 3, 6])
    assert followers((9, 1, 9)) == ([], [])  # the start token is no repetition


def test_attention_names_the_head_that_copies_most(app, runs):
    at = app("attention", step="10")
    told = answer(at, "attention_twice")
    _, trace = traced(at, runs)
    ids, best = trace.ids.tolist(), (0.0, "")
    for layer in range(2):
        for head in range(2):
            given = [
                float(trace.pattern[layer, head, i, max(j for j in range(1, i) if ids[j] == ids[i]) + 1])
                for i in range(2, len(ids))
                if ids[i] in ids[1:i]
            ]
            best = max(best, (sum(given) / len(given), f"**layer {layer}, head {head}** comes nearest"))
    assert best[1] in told and f"that place {percent(best[0])} of its attention" in told
    at.sidebar.text_area[0].set_value("abc").run()
    assert "repeats no token" in " ".join(element.value for element in at.markdown)


def test_inside_divides_the_logit_between_heads_and_mlps(app, runs):
    at = app("inside")
    told = answer(at, "inside_name")  # its names are no tokens of this model, which explains its own answer then
    number = r"([+−\d.]+)"
    found = re.search(
        rf"\*\*{number}\*\* that .* heads add {number} .*head \d\) {number}; the MLPs add {number}\.", told
    )
    assert found
    lead, heads, strongest, mlps = (float(x.replace("−", "-")) for x in found.groups())
    assert f"all heads together add **{heads:+.2f}**".replace("-", "−") in told
    assert f"all MLPs **{mlps:+.2f}**".replace("-", "−") in told
    checkpoint, trace = traced(at, runs)
    parts = attribute(checkpoint.model, trace, len(trace.ids) - 1, int(trace.logits[-1].argmax()))
    wanted = [parts.logit, parts.heads.sum(), parts.heads.max(), parts.mlps.sum()]
    assert [lead, heads, strongest, mlps] == pytest.approx(wanted, abs=6e-3)


def test_inside_says_that_nothing_is_written_only_where_that_is_so(app):
    assert "the blocks do write something" in answer(
        app("inside"), "inside_start"
    )  # the tiny model begins with weights
    assert "attention and the MLPs write nothing" in answer(app("inside", model="tinyland"), "inside_start")
    first = load_checkpoint("tinyland", 0)
    trace = run_trace(first.model, [first.tokenizer.eot, 5, 6])
    assert torch.equal(trace.resid_post[-1], trace.embed)
