"""A model is fetched from a hub (one on loopback, spoken to by huggingface_hub itself): whole, broken off, again."""

import json

import pytest
import torch

from core.model import CheckpointError, load_pretrained
from core.model.stock import hub as hubs
from tests.core.model.stock.fake_hub import COMMIT, fake_hub
from tests.core.model.stock.small import write

NAME, WEIGHTS = "someone/small", "model.safetensors"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 10_000)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    write(tmp_path / "models" / "someone" / "small")
    with fake_hub(tmp_path / "models") as made:
        point(monkeypatch, made.address)
        yield made


def point(monkeypatch, address):
    """Let huggingface_hub ask there."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", address)
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


def of_weights(hub):
    """First byte and bytes of each answer with weights."""
    return [(begin, count) for name, begin, count in hub.sent if name == WEIGHTS]


def size(hub):
    return (hub.folder / NAME / WEIGHTS).stat().st_size


def test_what_is_fetched_is_what_the_hub_has_and_stays_in_its_cache(hub, tmp_path, monkeypatch):
    shares = []
    folder = hubs.fetch(NAME, report=lambda share, what: shares.append(share))
    assert folder.name == COMMIT and folder.is_relative_to(tmp_path / "cache")
    ids = torch.tensor([[1, 2, 3]])
    assert torch.equal(load_pretrained(NAME).model(ids), load_pretrained(hub.folder / NAME).model(ids))
    assert of_weights(hub) == [(0, size(hub))], "it comes once"
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == pytest.approx(1)
    point(monkeypatch, "http://127.0.0.1:9")  # nobody answers
    assert hubs.fetch(NAME) == folder, "what the cache holds needs no hub"


def test_what_was_cancelled_goes_on_where_it_stopped(hub):
    come = []
    with pytest.raises(hubs.Cancelled):
        hubs.fetch(NAME, report=lambda share, what: come.append(share), cancelled=lambda: bool(come) and come[-1] > 0.5)
    (part,) = (hub.folder.parent / "cache").rglob(f"*{hubs.PART}")
    here = part.stat().st_size
    assert 0 < here < size(hub)
    folder = hubs.fetch(NAME)
    assert of_weights(hub)[-1] == (here, size(hub) - here)
    assert (folder / WEIGHTS).read_bytes() == (hub.folder / NAME / WEIGHTS).read_bytes()
    assert not list((hub.folder.parent / "cache").rglob(f"*{hubs.PART}"))


def test_a_connection_that_breaks_is_taken_up_again(hub, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    hub.breaks = 50_000
    folder = hubs.fetch(NAME)
    begins = [begin for begin, _ in of_weights(hub)]
    assert len(begins) > 1 and begins == sorted(set(begins)), "no byte is asked for twice that was kept"
    assert (folder / WEIGHTS).read_bytes() == (hub.folder / NAME / WEIGHTS).read_bytes()


def test_what_comes_damaged_is_refused_and_fetched_anew(hub):
    hub.damages = True
    with pytest.raises(CheckpointError, match="came damaged"):
        hubs.fetch(NAME)
    hub.damages = False
    assert load_pretrained(hubs.fetch(NAME)).config.n_layers == 2


def test_what_cannot_be_had_is_told_before_the_weights_come(hub, monkeypatch):
    with pytest.raises(CheckpointError, match="someone/else cannot be fetched"):
        hubs.fetch("someone/else")
    for wrong in ("../etc", "a/b/c", "", "a b"):
        with pytest.raises(CheckpointError, match="not the id of a model"):
            hubs.fetch(wrong)
    config = hub.folder / NAME / "config.json"
    told = json.loads(config.read_text())
    config.write_text(json.dumps(told | {"model_type": "mamba"}))
    with pytest.raises(CheckpointError, match="mamba"):
        hubs.fetch(NAME)
    config.write_text(json.dumps(told | {"num_hidden_layers": 10**6}))
    with pytest.raises(CheckpointError):
        hubs.fetch(NAME)
    (hub.folder / NAME / WEIGHTS).rename(hub.folder / NAME / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="only as pickles"):
        hubs.fetch(NAME)
    assert of_weights(hub) == []
    point(monkeypatch, "http://127.0.0.1:9")
    with pytest.raises(CheckpointError, match=f"{NAME} cannot be fetched"):
        hubs.fetch(NAME)
