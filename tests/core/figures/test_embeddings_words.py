"""What the figures of single words draw is what they were given."""

import numpy as np
import pytest

from core.figures import embeddings, embeddings_words
from tests.core.figures.examples import drawn


def test_success_draws_every_share_with_its_interval():
    shares = [(0.5, 0.4, 0.7), (0.1, 0.0, 0.3)]
    figure = drawn(embeddings_words.success(["a → <b>", "c → d"], shares, shares[::-1], shares, [0.2, 1.0]))
    arithmetic, nearest, of_kind, chance = figure.data
    np.testing.assert_allclose(arithmetic.x, [50, 10])
    np.testing.assert_allclose(nearest.x, [10, 50])
    np.testing.assert_allclose(of_kind.error_x.array, [20, 20])
    np.testing.assert_allclose(of_kind.error_x.arrayminus, [10, 10])
    np.testing.assert_allclose(chance.x, [20, 100])
    assert figure.layout.yaxis.ticktext[0] == "a → &lt;b&gt;"


def test_candidates_say_which_is_given_and_which_expected():
    figure = drawn(embeddings_words.candidates(["·a", "·b", "·c"], [0.9, 0.5, -0.1], ["given", "expected", ""]))
    assert list(figure.data[0].text) == ["0.90  given", "0.50  expected", "-0.10"]
    assert len(set(figure.data[0].marker.color)) == 3


def test_paths_begin_where_the_word_begins():
    points = np.arange(12.0).reshape(2, 3, 2)
    figure = drawn(embeddings_words.paths(points, ("one", "two")))
    for line, way in zip(figure.data, points, strict=True):
        np.testing.assert_array_equal(line.x, way[:, 0])
        np.testing.assert_array_equal(line.y, way[:, 1])
        assert list(line.text) == ["0", "1", "2"]


def test_a_word_alone_in_its_sentence_has_no_yardstick():
    figure = drawn(embeddings_words.layers(np.array([1.0, 0.5]), np.array([np.nan, np.nan])))
    assert figure.layout.yaxis.range[0] <= 0 and list(figure.data[0].y) == [1, 0.5]


def test_norms_keep_the_named_among_very_many():
    counts = np.arange(embeddings.MOST * 3)
    lengths = counts / 2
    labels, groups = [f"t{i}" for i in counts], ["other"] * len(counts)
    figure = drawn(embeddings.norms(counts, lengths, labels, groups, [7, 7, 11]))
    cloud, named = figure.data
    assert len(cloud.x) <= embeddings.MOST + 2 and {7, 11} <= set(np.asarray(cloud.x).tolist())
    assert list(named.text) == ["t7", "t11"] and list(named.y) == [3.5, 5.5]
    never = drawn(embeddings.norms(np.zeros(3, int), np.ones(3), ["a"] * 3, ["other"] * 3, [0]))
    assert list(never.data[0].x) == [0.5] * 3


@pytest.mark.parametrize("at", [0, 2])
def test_silhouettes_mark_the_step_on_the_screen(at):
    chance = np.array([[-0.2, 0.1]] * 3)
    figure = drawn(embeddings.silhouettes([0, 10, 500], np.array([0, 0.2, 0.4]), {"animals": np.ones(3)}, chance, at))
    band, animals, mean = figure.data
    assert list(band.y) == [0.1] * 3 + [-0.2] * 3 and list(mean.y) == [0, 0.2, 0.4] and animals.name == "animals"
    assert figure.layout.shapes[0].x0 == at and list(figure.layout.xaxis.ticktext) == ["0", "10", "500"]


def test_predictions_and_surprises_stand_side_by_side():
    bars = drawn(embeddings_words.predictions(["·a", "·b"], [0.5, 0.25], [0.125, 0.001]))
    assert [list(bar.x) for bar in bars.data] == [[0.5, 0.25], [0.125, 0.001]]
    assert bars.data[1].text[1] == "0.10 %"
    figure = drawn(embeddings_words.surprises(["start", "·a", "·b"], np.array([1.0, 2]), np.array([3.0, 4])))
    assert list(figure.data[0].x) == [1, 2] and list(figure.data[1].y) == [3, 4]
    assert list(figure.layout.xaxis.ticktext) == ["·a", "·b"]
