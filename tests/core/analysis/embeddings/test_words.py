"""Which tokens are on the map, and the table at every step."""

import numpy as np

from core.analysis.embeddings.words import FEW, tables, words
from core.model import load_checkpoint
from core.text import Tokenizer, train_bpe
from tests.tiny import STEPS, make_checkpoint

WORLD = "red blue green pink dog cat fox owl hen cow ball kite drum doll park bread jam tea see saw find Mia Tom Ada"


def test_words_are_whole_and_in_tinyland():
    tokenizer = Tokenizer.from_bpe(train_bpe([f" {WORLD}", "of that with " * 9] * 4, 400), "words")
    found = words(tokenizer)
    assert set(found.texts) <= set(WORLD.split()) and len(found.texts) >= FEW
    assert [tokenizer.decode([id]) for id in found.ids] == [f" {text}" for text in found.texts]
    assert dict(zip(found.texts, found.groups, strict=True))["dog"] == "animals"
    assert {found.groups[i] for i in found.known} <= set(found.groups) - {"other"}


def test_the_words_of_another_text_are_that_texts():
    """It has every word that Tinyland has here, and ten times as many of its own."""
    own = [f"{a}{b}{c}{d}" for a in "kmpt" for b in "aiou" for c in "lnrs" for d in "aeio"]  # 256, none of Tinyland's
    text = " ".join(["", *own, *WORLD.split()])
    tokenizer = Tokenizer.from_bpe(train_bpe([text] * 4, 3000), "own")
    found = words(tokenizer)
    assert set(own) <= set(found.texts) and set(WORLD.split()) <= set(found.texts)


def test_a_tokenizer_without_words_still_has_a_map():
    found = words(Tokenizer.byte_tokenizer())
    assert len(found.ids) >= FEW and set(found.groups) == {"other"} and len(found.known) == 0


def test_tables_are_those_of_every_step(tmp_path):
    make_checkpoint(tmp_path / "tiny")
    checkpoint = load_checkpoint(tmp_path / "tiny", 10)
    heard = []
    found = tables(checkpoint, lambda share, doing: heard.append(share))
    for at, step in enumerate(STEPS):
        expected = load_checkpoint(tmp_path / "tiny", step).model.embed.weight.numpy()
        np.testing.assert_array_equal(found[at], expected)
    assert found.dtype == np.float32 and heard == [0, 1 / 3, 2 / 3]
