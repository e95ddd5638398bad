"""The attention page: what a link may say, what of a long text travels, and what is told of heads."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.analysis.heads.causes import HeadCause
from core.analysis.heads.measurements import Measurements
from core.analysis.heads.scores import HeadScore
from pages.ui import state
from pages.ui.attention import roles
from pages.ui.attention import stage as attention_stage
from tests.pages.press import button
from tests.pages.truths import captions
from tests.waiting import wait_for


@pytest.fixture
def session(monkeypatch):
    """The properties of a session, as a dict to fill."""
    values: dict = {}
    monkeypatch.setattr(state, "get", lambda name: values.get(name, state.PROPERTIES[name].default))
    return values


def view(layers=3, heads=4, cursor=None, length=10, d_head=8):
    config = SimpleNamespace(n_layers=layers, n_heads=heads, d_head=d_head)
    return SimpleNamespace(description=SimpleNamespace(config=config), cursor=cursor, ids=tuple(range(length)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ([(1, 2)], False)),
        ("none", ([], False)),
        ("alone", ([(1, 2)], True)),
        ("0.3 1.2", ([(0, 3), (1, 2)], False)),
        ("0.3 2.2", ([(1, 2)], False)),  # left over from another head: the open one is not among them
        ("9.9 1.2 0.77 1.2", ([(1, 2)], False)),  # no heads of this model, and one twice
        ("<b>.1.2.3 ", ([(1, 2)], False)),
        ("１.２", ([(1, 2)], False)),
    ],
)
def test_open_heads_of_a_link(session, text, expected):
    session.update(layer=1, head=2, open_heads=text)
    assert attention_stage.open_heads(view()) == expected


def test_heads_beyond_the_model_are_brought_back(session):
    session.update(layer=200, head=200)
    assert attention_stage.open_heads(view()) == ([(2, 3)], False)


@pytest.mark.parametrize(
    ("cursor", "also", "expected"),
    [
        (None, "4: 1 2", []),
        (4, "", [4]),
        (4, "4: 1 2", [1, 2, 4]),
        (5, "4: 1 2", [5]),  # the cursor has moved since: those pins were of another
        (4, "4: 99 4 2 2 x", [2, 4]),
        (12, "12: 1", []),  # not among the tokens that are shown
    ],
)
def test_pinned_tokens_of_a_link(session, cursor, also, expected):
    session["also_pinned"] = also
    assert attention_stage.pins(view(cursor=cursor), 10) == expected


def test_a_text_too_long_for_all_heads_is_shown_in_part():
    assert attention_stage.shown_tokens(view(4, 5, length=256, d_head=32)) == 256
    shown = attention_stage.shown_tokens(view(12, 12, length=1024, d_head=64))
    numbers = lambda T: 144 * (T * (T + 1) // 2 + 4 * T * 64)  # noqa: E731
    assert numbers(shown) <= attention_stage.MOST_NUMBERS < numbers(shown + 1)


def told(at) -> str:
    return " ".join([*(element.value for element in at.markdown), captions(at)])


@pytest.mark.slow
def test_roles_and_lives_are_told_when_they_are_measured(app):
    at = app("attention", text="the red ball", layer="1", head="1")
    wait_for(
        lambda: ("Proved roles" in told(at.run()) or "has a proved role" in told(at)) and "Layer 1, head 1" in told(at)
    )
    assert not at.exception and not at.error
    assert "Layer 1, head 1: **" in told(at)
    assert "100 random sequences" in told(at) and "above 30 %" in told(at)
    assert "40 cases of copying" in told(at) and "95 % of the other heads" in told(at)


def score(name: str, mean: list[list[float]]) -> HeadScore:
    """Measured so well that the interval has no width."""
    values = np.array(mean)
    return HeadScore(name, values, values, values, 100, np.zeros_like(values), values)


def test_the_best_head_of_each_role_is_named_even_where_it_is_too_little_for_a_label():
    scores = {
        "previous": score("previous", [[0.1, 0.2], [0.81, 0.3]]),
        "referent": score("referent", [[0, 0.27]] * 2),
        "naming": score("naming", [[0.5, 0.27]] * 2),
        "induction": score("induction", [[0, 0], [0.2, 0]]),
        "first": score("first", [[0, 0], [0, 0.9]]),
    }
    grown = np.array([[0.1, 0.2], [0.81, 0.3]])
    causes = {skill: HeadCause(skill, grown, grown, grown, 1.0, 40) for skill in ("copying", "reference")}
    said = roles.best_in_words(Measurements(scores, causes)).splitlines()
    assert said == [
        "- previous token: **L1H0**, 81 %",
        "- referent (pronoun): **L0H1**, 27 %, too little for a label",
        "- referent (name): **L0H0**, 50 %, but not proved",
        "- induction: **L1H0**, 20 %, too little for a label (it is a previous-token head)",
        "- first token: **L1H1**, 90 %, which serves no skill",
    ]


@pytest.mark.slow
def test_hostile_links(app):
    at = app("attention", open_heads="[[0,0]] 77.77 <img>", also_pinned="2: -1 9999999 3", cursor="2", first_aside="5")
    assert not at.exception
    assert at.session_state["first_aside"] == 0
    assert any("first aside" in warning.value for warning in at.sidebar.warning)


def test_both_numbers_are_told_of_a_head():
    looks = {"induction": score("induction", [[0.72, 0.4]]), "first": score("first", [[0.1, 0.1]])}
    low, grown = np.array([[1.0, -0.3]]), np.array([[1.25, -0.2]])
    measured = Measurements(looks, {"copying": HeadCause("copying", grown, low, grown + 0.1, 0.5, 40)})
    proved, seeming = roles._verdict(measured, 0, 0), roles._verdict(measured, 0, 1)
    assert proved.startswith("**induction head**") and "72 %" in proved
    assert "the loss of copying grows (+1.2 nats per token, more than without 100 % of the other heads)" in proved
    assert seeming.startswith("**no proved role**. It looks like an induction head") and "40 %" in seeming
    assert "does not clearly grow (−0.2 nats per token, more than without 0 % of the other heads)" in seeming


@pytest.mark.slow
def test_what_would_take_long_is_measured_when_somebody_asks(app, monkeypatch):
    monkeypatch.setattr(roles, "AT_ONCE", 0.0)
    at = app("attention")
    assert not at.exception
    assert any("It takes about 1 s on this machine" in one.value for one in at.info)
    button(at, "Measure its heads").click().run()
    wait_for(lambda: any("Layer 0, head 0" in one.value for one in at.run().markdown))
    assert not at.exception and "Measure its heads" not in [one.label for one in at.button]
