"""Models that have learned nothing at all: every page still draws, with a picture or a sentence, and no NaN."""

import shutil
import warnings

import pytest

from core.model import ModelConfig, Transformer, save_checkpoint, save_snapshot
from core.text import Tokenizer, train_bpe
from pages.ui import background
from tests.navigation import PAGES
from tests.tiny import SENTENCES

TOKENIZER = Tokenizer.from_bpe(train_bpe(SENTENCES, 270), "least")
SHAPES = {
    "all zero": dict(n_layers=2, n_heads=2, d_model=8),
    "all alike": dict(n_layers=1, n_heads=1, d_model=4, position="learned", norm="layernorm", activation="gelu"),
    "one number": dict(n_layers=1, n_heads=1, d_model=2, context_length=8, activation="swiglu", tie_embeddings=False),
}


@pytest.fixture(scope="module", params=SHAPES)
def least(request, runs):
    """A model whose weights are all the same number, or a single one of which is not."""
    name = request.param.replace(" ", "-")
    config = ModelConfig(**({"vocab_size": TOKENIZER.vocab_size, "context_length": 32} | SHAPES[request.param]))
    model = Transformer(config).requires_grad_(False)
    for weight in model.parameters():
        weight.fill_(1.0 if request.param == "all alike" else 0.0)
    if request.param == "one number":
        model.embed.weight[0, 0] = 1e4
    for step in (0, 5):
        save_snapshot(runs / name, step, model)
    save_checkpoint(runs / name, model, TOKENIZER, {"name": name, "steps": 5})
    yield name
    shutil.rmtree(runs / name)


@pytest.mark.thorough
@pytest.mark.parametrize("page", PAGES)
def test_every_page_draws(app, least, page, monkeypatch):
    monkeypatch.setattr(background, "PATIENCE", 300)
    visits = [{"text": "x"}, {"cursor": "0", "block": "0"}]
    if page == "embeddings":
        visits += [{"projection": "UMAP"}, {"projection": "t-SNE", "cursor": "1"}]
    for visit in visits:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # a division by zero on the way
            at = app(page, model=least, **visit)
        assert not at.exception, visit
        assert [e.value for e in at.error] == [], visit
