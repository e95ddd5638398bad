import pytest

from core.figures.palette import LIGHT, ROLES
from core.figures.sampling import before_after, drawn


def test_a_cut_token_is_grey_and_says_so_and_the_tail_is_in_words():
    figure = before_after(["·a", "<b>"], [0.6, 0.2], [1.0, 0.0], [True, False], (298, 0, 0.2, 0.0))
    assert list(figure.data[0].marker.color) == [LIGHT["muted"], LIGHT["line"]]
    assert [word.strip() for word in figure.data[2].text] == ["60 % → 100 %", "20 % → cut", "together 20 % → cut"]
    assert list(figure.layout.yaxis.ticktext) == ["·a", "&lt;b&gt;", "298 others"]


def test_no_row_for_others_when_every_token_is_shown():
    figure = before_after(["a"], [1.0], [1.0], [True], (0, 0, 0.0, 0.0))
    assert list(figure.layout.yaxis.ticktext) == ["a"]


@pytest.mark.parametrize(("chosen", "hit"), [(1, 1), (None, 2)])
def test_the_stretch_that_u_hits_is_coloured(chosen, hit):
    figure = drawn(["a", "b"], [0.5, 0.3], chosen, 0.7)
    assert sum(bar.x[0] for bar in figure.data) == pytest.approx(1)
    assert [bar.marker.color == ROLES["prediction"] for bar in figure.data] == [i == hit for i in range(3)]
