"""Figures of the embeddings page: what is drawn is what was given."""

from core.analysis.embeddings import words
from core.figures import embeddings
from tests.core.figures.examples import drawn


def test_groups_have_the_colours_of_the_legend():
    assert tuple(words.GROUPS) == embeddings.GROUPS


def test_neighbours_keep_their_order_and_signs():
    figure = drawn(embeddings.neighbours(["·a", "·b"], ["people", "other"], [0.9, -0.25], cosine=True))
    assert list(figure.data[0].x) == [0.9, -0.25] and figure.layout.xaxis.range[0] <= -0.25
    far = drawn(embeddings.neighbours(["·a", "·b"], ["people", "other"], [3.0, 5.0], cosine=False))
    assert far.layout.xaxis.range[0] == 0 and far.layout.xaxis.range[1] > 5
