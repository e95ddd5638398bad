"""The data card of a corpus goes with every checkpoint that was trained on it, wherever that goes."""

import io
import json
import zipfile

import pytest

from core import jobs
from core.data.build import build
from core.data.card import CROISSANT, MARKDOWN
from core.data.plan import Choice, Plan, Source
from core.model import describe, load_checkpoint, save_pretrained
from core.model.description import CARDS
from core.runs import corpora
from core.runs.export import zip_run
from core.training import TrainConfig
from tests.core.conftest import TINY
from tests.waiting import wait_for


@pytest.mark.thorough
def test_from_the_corpus_through_a_run_to_what_is_taken_home(runs, tiny):
    """Each way out of the server: the run, its zip file, and a folder for transformers."""
    corpus = "corpus-0123456789abcdef"
    folder = corpora.corpus_folder(corpus)
    folder.mkdir(parents=True)
    build(folder, Plan(Source(pages=12), (Choice("extract"),)), lambda *_: None, lambda: False)
    text, _ = corpora.text_of(corpus, 5_000)
    data = {"kind": "text", "path": "corpus.txt"}
    shape = TINY | {"activation": "swiglu", "d_mlp": 16}
    config = TrainConfig(**vars(tiny) | {"data": data, "model": shape, "steps": 2})
    run = jobs.start(config, text=text, cards=corpora.cards_of(corpus))
    wait_for(lambda: jobs.status(run).state == "finished")

    checkpoint = load_checkpoint(describe(run).folder)
    save_pretrained(checkpoint, folder / "hf")
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_run(run)))) as zipped:
        for card in (MARKDOWN, CROISSANT):
            known = (folder / card).read_bytes()
            assert (checkpoint.folder / card).read_bytes() == (folder / "hf" / card).read_bytes() == known
            assert zipped.read(f"{run}/{card}") == known
    assert (folder / "hf" / "README.md").read_text().endswith((folder / MARKDOWN).read_text())
    assert "extract" in (folder / MARKDOWN).read_text() and json.loads((folder / CROISSANT).read_text())
    assert CARDS == (MARKDOWN, CROISSANT)
