"""The true distribution of the next token: against all documents of a small world, and against whole probabilities."""

import math
from collections import defaultdict

import pytest

from core.text import Tokenizer, tinyland, train_bpe
from core.text.tinyland import ahead
from core.text.tinyland.ahead import Foresight
from core.text.tinyland.stream import Stream


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.from_bpe(train_bpe([d.text for d in tinyland.documents(5, stop=300)], 600), "small")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["translation", "birthday"])
def test_in_a_small_world_it_is_what_all_documents_say(tokenizer, kind):
    """Every document of a small world, cut into tokens: the masses of what follows each beginning are counted."""
    stream = Stream(0, {kind: 1.0}, tinyland.small_world(), None)
    following: dict[tuple[int, ...], dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for found in stream.rules.derivations(kind):
        ids = (*tokenizer.encode(found.text), tokenizer.eot)
        for k, id in enumerate(ids):
            following[ids[:k]][id] += math.exp(found.log_prob)
    foresight = Foresight(tokenizer, stream)
    beginnings = sorted(following)
    for ids in beginnings[:: max(1, len(beginnings) // 40)]:
        total = sum(following[ids].values())
        known = foresight.after(ids)
        assert known.open == 0
        assert known.probs == pytest.approx({id: p / total for id, p in following[ids].items()})


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["arithmetic", "entry", "list", "code"])
def test_the_product_over_the_tokens_is_the_probability_of_the_document(tokenizer, kind):
    stream = Stream(11, {kind: 0.7, "translation": 0.3}, tinyland.WORLD, None)
    document = next(d for d in map(stream.document, range(50)) if d.kind == kind)
    foresight, nats = Foresight(tokenizer, stream), 0.0
    ids = [*tokenizer.encode(document.text), tokenizer.eot]
    for k, id in enumerate(ids):
        known = foresight.after(ids[:k])
        nats -= math.log(known.probs[id] * (1 - known.open))
    assert nats == pytest.approx(-document.log_prob, abs=1e-6)


@pytest.mark.slow
def test_what_cannot_be_listed_is_left_open(tokenizer):
    foresight = Foresight(tokenizer, Stream(0, {"once": 1.0}, tinyland.WORLD, None))
    with pytest.raises(ValueError, match="listed"):
        foresight.after(tokenizer.encode("Far away lies the island of"))
    with pytest.raises(ValueError, match="begins so"):
        foresight.after(tokenizer.encode("Xylophone!!"))


def test_a_limit_on_the_ways(tokenizer, monkeypatch):
    monkeypatch.setattr(ahead, "MOST_WAYS", 10)
    with pytest.raises(ahead.TooManyWays):
        Foresight(tokenizer, Stream(0, {"story": 1.0}, tinyland.WORLD, None)).after([])
