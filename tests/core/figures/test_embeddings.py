"""The map of words: who is on it, where the points are, and the share of words beside their own kind."""

import numpy as np
import pytest

from core.figures import embeddings
from core.figures.embeddings import Words
from core.text import Tokenizer, train_bpe

WORDS = Words((7, 3, 9), ("Mia", "dog", "<b>"), ("people", "animals", "other"))
WORLD = "red blue green pink dog cat fox owl hen cow ball kite drum doll park bread jam tea see saw find Mia Tom Ada"


def test_words_are_whole_and_in_tinyland():
    tokenizer = Tokenizer.from_bpe(train_bpe([f" {WORLD}", "of that with " * 9] * 4, 400), "words")
    words = embeddings.words(tokenizer)
    assert set(words.texts) <= set(WORLD.split()) and len(words.texts) >= embeddings.FEW
    assert [tokenizer.decode([id]) for id in words.ids] == [f" {text}" for text in words.texts]
    assert dict(zip(words.texts, words.groups, strict=True))["dog"] == "animals"


def test_a_tokenizer_without_words_still_has_a_map():
    words = embeddings.words(Tokenizer.byte_tokenizer())
    assert len(words.ids) >= embeddings.FEW and set(words.groups) == {"other"}


def test_same_group_counts_the_nearest():
    names = ["people", "animals"] * 10 + ["other"]
    kinds = np.array([[1.0, 0.0], [0.0, 1.0]] * 10 + [[1.0, 0.0]])
    assert embeddings.same_group(kinds @ kinds.T, names) == (1.0, pytest.approx(9 / 19))
    assert embeddings.same_group(-kinds @ kinds.T, names)[0] == 0
    assert embeddings.same_group(kinds[:3] @ kinds[:3].T, names[:3]) is None


@pytest.mark.parametrize("dims", [2, 3])
def test_every_word_is_drawn_at_its_point(dims):
    points = np.arange(3.0 * dims).reshape(3, dims)
    figure = embeddings.word_map(points, WORDS, {3: "dog", 9: "<b>"}, 9, np.array([[-1.0, 9.0]] * dims))
    *groups, ring = figure.data
    drawn = {
        row[0]: [trace[axis][i] for axis in "xyz"[:dims]] for trace in groups for i, row in enumerate(trace.customdata)
    }
    assert drawn == {id: list(point) for id, point in zip(WORDS.ids, points, strict=True)}
    assert list(ring.text) == ["dog", "<b>&lt;b&gt;</b>"]


def test_neighbours_keep_their_order_and_signs():
    figure = embeddings.neighbours(["·a", "·b"], ["people", "other"], [0.9, -0.25])
    assert list(figure.data[0].x) == [0.9, -0.25] and figure.layout.xaxis.range[0] <= -0.25
