"""The page Inside on the tiny model: what it opens, refuses, and claims about its own sums."""

import ast
import re

import pytest

from pages.ui.inside.lens import came_up
from tests.pages.truths import captions, codes
from tests.tiny import CONTEXT


def sums(at) -> tuple[float, float]:
    found = re.search(r"parts sum to ([+−\d.]+);.* the model's logit is ([+−]\d+\.\d+)", captions(at))
    assert found
    return tuple(float(number.replace("−", "-")) for number in found.groups())


@pytest.mark.slow
@pytest.mark.parametrize("query", [{}, {"cursor": "0"}, {"cursor": "5", "answer": " the", "against": " dog"}])
def test_the_page_shows_that_the_parts_sum_to_the_logit(app, query):
    at = app("inside", text="the red ball and the brown dog", **query)
    assert not at.exception
    total, logit = sums(at)
    assert total == pytest.approx(logit, abs=2e-4)


@pytest.mark.slow
def test_an_open_block_and_a_kept_cell_are_in_the_link(app):
    at = app("inside", text="the red ball", block="1", cell="mlp_pre.7", cursor="2")
    assert not at.exception
    steps = at.table[0].value
    assert steps["step"].iloc[-1] == "the model's own number"
    results = [float(x.replace("−", "-")) for x in steps["result"]]
    assert results[-2] == pytest.approx(results[-1], abs=1e-4)
    at.button(key="cell_close").click().run()
    assert at.session_state["cell"] == "" and not at.table


@pytest.mark.slow
@pytest.mark.parametrize(
    "query",
    [
        {"block": "9"},
        {"block": "1", "cell": "q.0"},
        {"block": "1", "cell": "pattern.0.40"},
        {"block": "1", "cell": "<b>.1"},
        {"cell": "mlp_pre.7"},
        {"neuron": "7.1"},
        {"neuron": "x"},
        {"answer": "no such token at all"},
        {"answer": "a", "against": "a"},
    ],
)
def test_what_the_model_does_not_have_is_left_out(app, query):
    at = app("inside", text="the red ball", **query)
    assert not at.exception
    assert not at.table
    warned = " ".join(w.value for w in at.warning)
    assert ("not one token" in warned) == (query.get("answer") == "no such token at all")


@pytest.mark.slow
def test_every_colour_of_the_lens_and_every_order_of_the_neurons(app):
    at = app("inside", text="the red ball", lens="rank", strongest="effect")
    for lens, strongest in (("entropy", "activation"), ("divergence", "writes")):
        assert not at.exception
        at.session_state["lens"], at.session_state["strongest"] = lens, strongest
        at.run()
    assert not at.exception


@pytest.mark.slow
def test_a_text_longer_than_the_window(app):
    at = app("inside", text="the red ball " * 30, cursor=str(CONTEXT - 20), block="0", cell="pattern.1.3")
    assert not at.exception
    assert len(at.table) == 1


@pytest.mark.slow
def test_every_show_code_runs(app):
    """The Python behind each "Show code", word for word; its last line is a value."""
    at = app("inside", text="the red ball", block="1", cell="mlp_post.3", cursor="2", answer=" the", against=" dog")
    shown = dict.fromkeys(codes(at))
    assert len(shown) >= 12
    for code in shown:
        *before, last = ast.parse(code).body
        assert isinstance(last, ast.Expr), code
        scope: dict = {}
        exec(compile(ast.Module(before, []), "<code>", "exec"), scope)
        value = eval(compile(ast.Expression(last.value), "<code>", "eval"), scope)
        assert value is not None, code


@pytest.mark.slow
def test_interventions_that_are_on_are_a_part_of_their_own(app):
    """Attention switched off after its heads have been computed: the heads still count, so the page names the rest."""
    at = app("inside", text="the red ball", interventions="zero:L1A", block="1", cell="attn_out.2")
    assert not at.exception
    total, logit = sums(at)
    added = re.search(r"your changes inside the model add ([+−\d.]+)", captions(at))
    assert added and total + float(added[1].replace("−", "-")) == pytest.approx(logit, abs=3e-4)
    assert abs(total - logit) > 0.01
    assert "your changes inside the model" in captions(at)


@pytest.mark.parametrize(
    ("rank", "words"),
    [
        ([900, 30, 0, 0], "first comes up as the likeliest next token **after block 1**, and stays so to the end."),
        ([0, 5, 0], "**before any block**, but not for good"),
        ([900, 3, 4], "after no block; its best rank is 4."),
    ],
)
def test_where_the_answer_first_comes_up(rank, words):
    assert words in came_up("·*had*", rank) and "*had*" not in came_up("·*had*", rank)
