from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.text import Tokenizer, tinyland
from core.text.tinyland import HELD_OUT_SEED
from core.training.config import TrainConfig
from core.training.data.batches import IGNORE, WIDTHS, pad_batches
from core.training.data.sources import TextData, TinylandData, make_data, make_tokenizer, read_text

BYTES = Tokenizer.byte_tokenizer()


def sequences_of(batches):
    """What the micro-batches hold, as (row in the batch, ids)."""
    for m in batches:
        assert (m.targets[len(m.rows) :] == IGNORE).all()
        for row, inputs, targets in zip(m.rows, m.inputs.tolist(), m.targets.tolist(), strict=False):
            length = sum(t != IGNORE for t in targets)
            assert all(t == IGNORE for t in targets[length:])
            assert inputs[1:length] == targets[: length - 1]
            yield row, [inputs[0], *targets[:length]]


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.integers(0, 99), min_size=2, max_size=40), min_size=1, max_size=40), st.integers(1, 200))
def test_every_sequence_is_there_once_with_its_own_targets(sequences, budget):
    batches = pad_batches(sequences, budget)
    assert dict(sequences_of(batches)) == dict(enumerate(sequences))
    assert all(m.inputs.numel() <= budget or len(m.rows) == 1 for m in batches)


def test_few_shapes_occur():
    lengths = np.random.default_rng(0).integers(2, 201, size=(50, 100))
    batches = [pad_batches([[0] * n for n in step], 1500, 256) for step in lengths]
    shapes = {tuple(m.inputs.shape) for batch in batches for m in batch}
    assert all(width % WIDTHS == 0 for _, width in shapes) and len(shapes) < 150


def test_steps_take_the_documents_of_the_stream_in_turn():
    data = TinylandData(BYTES, TrainConfig(data={"kind": "tinyland", "seed": 3}, documents_per_step=5), 10_000)
    eot = BYTES.eot
    for step in (0, 7):
        found = dict(sequences_of(data.batch(step)))
        texts = [d.text for d in tinyland.documents(3, 5 * step, 5 * step + 5)]
        assert found == {i: [eot, *BYTES.encode(t, special=True), eot] for i, t in enumerate(texts)}


def test_documents_beyond_the_context_are_left_out_and_counted():
    data = TinylandData(BYTES, TrainConfig(documents_per_step=50), 150)
    found = list(sequences_of(data.batch(0)))
    fitting = [d for d in tinyland.documents(0, 0, 50) if len(BYTES.encode(d.text, special=True)) < 150]
    assert 0 < len(found) == len(fitting) < 50 and data.too_long == 50 - len(found)


def test_held_out_documents_carry_their_truth():
    held_out = TinylandData(BYTES, TrainConfig(), 10_000).held_out(20)
    documents = list(tinyland.documents(HELD_OUT_SEED, 0, 20))
    assert held_out.kinds == [d.kind for d in documents]
    np.testing.assert_allclose(held_out.true_nats, [-d.log_prob for d in documents])
    decoded = {row: BYTES.decode(ids[1:-1]) for row, ids in sequences_of(held_out.micro_batches)}
    assert decoded == {i: d.text for i, d in enumerate(documents)}


def test_text_windows_come_from_the_training_part(tmp_path, tiny):
    path = tmp_path / "numbers.txt"
    path.write_text("".join(chr(33 + i % 90) for i in range(1000)))
    data = TextData(BYTES, replace(tiny, data={"kind": "text", "path": str(path)}), 32)
    ids = BYTES.encode(path.read_text())
    windows = [w for step in range(20) for _, w in sequences_of(data.batch(step))]
    assert len(data.train_ids) + len(data.held_out_ids) == 1000 and len(data.held_out_ids) == 100
    train = Counter(tuple(ids[i : i + 33]) for i in range(900 - 32))
    assert all(tuple(w) in train for w in windows)
    assert [w for _, w in sequences_of(data.batch(4))] == [w for _, w in sequences_of(data.batch(4))]
    assert [w for _, w in sequences_of(data.batch(4))] != [w for _, w in sequences_of(data.batch(5))]
    held = sorted(sequences_of(data.held_out(100).micro_batches))
    assert [w for _, w in held] == [ids[900 + 32 * i : 933 + 32 * i] for i in range(3)]


@pytest.mark.parametrize("text", ["", "ab"])
def test_too_short_a_text_is_refused(tmp_path, tiny, text):
    path = tmp_path / "short.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match="too short"):
        TextData(BYTES, replace(tiny, data={"kind": "text", "path": str(path)}), 32)


def test_a_trained_tokenizer_has_the_size_asked_for():
    tokenizer = make_tokenizer(TrainConfig(vocab_size=300, tokenizer_documents=100))
    assert tokenizer.vocab_size == 300
    text = next(d.text for d in tinyland.documents(0, weights={"chat": 1}))
    assert tokenizer.decode(tokenizer.encode(text, special=True)) == text


def test_a_mixture_gives_each_part_its_share(tmp_path, tiny, text_file):
    world = {"kind": "tinyland", "share": 3, "weights": {"list": 1.0}}
    parts = [world, {"kind": "text", "share": 1, "path": str(text_file)}]
    config = replace(tiny, data={"kind": "mixture", "parts": parts}, batch_tokens=8000)
    data = make_data(BYTES, config, 200)
    found = dict(sequences_of(data.batch(0)))
    assert sorted(found) == list(range(len(found)))  # every row has a number of its own
    documents = [ids for ids in found.values() if ids[0] == BYTES.eot]
    windows = [ids for ids in found.values() if ids[0] != BYTES.eot]
    assert sum(len(ids) - 1 for ids in documents) == pytest.approx(6000, rel=0.15)
    assert sum(len(w) - 1 for w in windows) == pytest.approx(2000, abs=200)
    assert dict(sequences_of(data.batch(0))) == found != dict(sequences_of(data.batch(1)))
    held = data.held_out(40)
    known = ~np.isnan(held.true_nats)
    assert set(np.array(held.kinds)[known]) == {"list"} and set(np.array(held.kinds)[~known]) == {"text"}
    assert len(held.kinds) == len(dict(sequences_of(held.micro_batches)))
    tokenizer = make_tokenizer(replace(config, tokenizer=None, vocab_size=300, tokenizer_documents=20))
    assert tokenizer.vocab_size == 300


def test_kind_weights_choose_the_documents():
    config = TrainConfig(data={"kind": "tinyland", "weights": {"arithmetic": 1.0}})
    assert set(make_data(BYTES, config, 10_000).held_out(10).kinds) == {"arithmetic"}


def test_a_text_in_the_folder_of_the_run_comes_first(tmp_path, tiny, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(tiny.out).mkdir()
    for folder, text in ((tmp_path, "outside " * 50), (Path(tiny.out), "inside " * 50)):
        (folder / "corpus.txt").write_text(text)
    config = replace(tiny, data={"kind": "text", "path": "corpus.txt"})
    assert read_text(config).startswith("inside")
    (Path(tiny.out) / "corpus.txt").unlink()
    assert read_text(config).startswith("outside")


def test_a_step_in_which_no_document_fits_reads_the_beginning_of_one():
    config = TrainConfig(documents_per_step=1)
    data = make_data(BYTES, config, 60)
    for step in range(200):
        ((_, ids),) = sequences_of(data.batch(step))
        assert 2 <= len(ids) <= 61 and ids[0] == BYTES.eot
    assert 0 < data.too_long < 200
    with pytest.raises(ValueError, match="fits a context of 2 tokens"):
        make_data(BYTES, config, 2).held_out(20)
