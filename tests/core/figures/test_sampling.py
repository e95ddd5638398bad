import numpy as np
import pytest

from core.figures.palette import LIGHT, ROLES
from core.figures.sampling import before_after, drawn, stage_table
from core.generation import Sampler


def test_a_cut_token_is_grey_and_says_so_and_the_tail_is_in_words():
    raw, after = np.array([0.2, 0.6, 0.15, 0.05]), np.array([0.0, 1.0, 0.0, 0.0])
    figure = before_after(["·a", "<b>"], np.array([1, 0]), raw, after, after > 0)
    assert list(figure.data[0].marker.color) == [LIGHT["muted"], LIGHT["line"]]
    assert [word.strip() for word in figure.data[2].text] == ["60 % → 100 %", "20 % → cut", "together 20 % → cut"]
    assert list(figure.layout.yaxis.ticktext) == ["·a", "&lt;b&gt;", "2 others"]


def test_no_row_for_others_when_every_token_is_shown():
    one = np.array([1.0])
    assert list(before_after(["a"], np.array([0]), one, one, one > 0).layout.yaxis.ticktext) == ["a"]


def test_the_table_counts_what_each_stage_keeps():
    table = stage_table(Sampler(temperature=2.0, top_k=2).stages(np.log([0.5, 0.25, 0.125, 0.125])))
    assert table["Stage"] == ["the model", "temperature 2", "top k 2"]
    assert table["Tokens kept"] == ["4", "4", "2"]
    assert table["Model's probability kept"] == ["100 %", "100 %", "75 %"]
    assert table["Entropy"][0] == "1.21 nats" and table["Effective vocabulary"][0] == "3.4 tokens"  # 1.75 bits


@pytest.mark.parametrize(("chosen", "hit"), [(1, 1), (None, 2)])
def test_the_stretch_that_u_hits_is_coloured(chosen, hit):
    figure = drawn(["a", "b"], [0.5, 0.3], chosen, 0.7)
    assert sum(bar.x[0] for bar in figure.data) == pytest.approx(1)
    assert [bar.marker.color == ROLES["prediction"] for bar in figure.data] == [i == hit for i in range(3)]
