"""Every page test sees one tiny model called "tiny", in a runs folder of its own, and Streamlit's own test driver."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.testing.v1 import AppTest

from core.runs.records import Record, fingerprint, write_record
from core.text import Tokenizer, tinyland, train_bpe
from core.training import TrainConfig
from core.tuning.messages import write_jsonl
from pages.ui import background, near
from tests.navigation import INDEX
from tests.shaped import make_shaped_run

KEY = "k" * 43  # of the browser that owns the runs
TAUGHT = "run-20260102-0123456789ab"  # a run that has taught chats
YES = [(("user", f"Say {i}."), ("assistant", "Yes.")) for i in range(20)]
WORLDLY_STEPS = (0, 5, 40)


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.tiny import make_checkpoint

    folder = tmp_path_factory.mktemp("runs")
    make_checkpoint(folder / "tiny")
    return folder


@pytest.fixture(scope="session")
def components() -> BidiComponentManager:
    """The components of all pages. Left to itself each AppTest reads about every installed package, to find more."""
    return BidiComponentManager()


@pytest.fixture
def app(runs: Path, components: BidiComponentManager, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """app("attention", step="0") runs that page, all of its sections, as if opened by a link with those parameters."""
    monkeypatch.setenv("GLASSBOX_RUNS", str(runs))
    monkeypatch.setenv("GLASSBOX_MODEL", "tiny")
    st.cache_resource.clear()
    for (
        left
    ) in background._jobs.values():  # by an earlier test, whose model may be gone; what waits would be in the way
        left.future.cancel()
    background._jobs.clear()

    def open_page(page: str = "overview", **query: str) -> AppTest:
        at = AppTest.from_file(
            str(INDEX), default_timeout=300
        )  # UMAP compiles for a minute where nothing is kept of it
        at._bidi_component_manager = components
        near.have_all(at.session_state)
        for name, value in query.items():
            at.query_params[name] = value
        return (at if page == "overview" else at.switch_page(f"{page}.py")).run()

    return open_page


@pytest.fixture(scope="module")
def worldly(runs: Path) -> Iterator[Path]:
    """A model with three steps of life whose tokens hold towns, regions, numbers, names and animals."""
    import torch

    from core.model import ModelConfig, Transformer, save_checkpoint, save_snapshot

    world = tinyland.WORLD
    named = [*world.people[:30], *world.towns, *world.regions, *world.animals]
    text = [" " + " ".join([*map(str, named), *world.number_words, "she", "he"])] * 3
    tokenizer = Tokenizer.from_bpe(train_bpe(text, 1400), "worldly")
    shape = {"vocab_size": tokenizer.vocab_size, "context_length": 64, "n_layers": 2, "n_heads": 2, "d_model": 16}
    model = Transformer(ModelConfig(**shape))
    for step in WORLDLY_STEPS:
        generator = torch.Generator().manual_seed(step)
        with torch.no_grad():
            for weight in model.parameters():
                weight.normal_(0, 0.3, generator=generator)
        save_snapshot(runs / "worldly", step, model)
    card = {"name": "worldly", "steps": WORLDLY_STEPS[-1], "data": {"kind": "tinyland", "seed": 0}}
    save_checkpoint(runs / "worldly", model, tokenizer, card)
    yield runs / "worldly"
    shutil.rmtree(runs / "worldly")


@pytest.fixture(scope="module")
def chatty(runs: Path) -> Iterator[Path]:
    """A model of Tinyland with random weights that reads bytes, a long context, and was taught chats by its card."""
    import torch

    from core.model import ModelConfig, Transformer, save_checkpoint, save_snapshot

    tokenizer = Tokenizer.byte_tokenizer()
    shape = {"vocab_size": tokenizer.vocab_size, "context_length": 400, "n_layers": 1, "n_heads": 2, "d_model": 16}
    model = Transformer(ModelConfig(**shape))
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(0, 0.3, generator=torch.Generator().manual_seed(1))
    for step in (0, 5, 9):
        save_snapshot(runs / "chatty", step, model)
    stages = [{"name": "pretrain", "first_step": 0, "data": {"kind": "tinyland"}}, {"name": "sft", "first_step": 5}]
    data = {"kind": "tinyland", "seed": 0}
    save_checkpoint(runs / "chatty", model, tokenizer, {"name": "chatty", "steps": 9, "data": data, "stages": stages})
    yield runs / "chatty"
    shutil.rmtree(runs / "chatty")


@pytest.fixture(scope="module")
def taught_run(runs: Path) -> Iterator[Path]:
    """A run that has taught the tiny model to say Yes, from its step 10 on; it belongs to KEY."""
    folder = shutil.copytree(runs / "tiny", runs / TAUGHT)
    (folder / "chats.jsonl").write_text(write_jsonl(YES))
    (folder / "corpus.txt").write_text("Mia gave the red ball to Tom because she was tired. " * 60)
    parent = {"checkpoint": "tiny", "step": 10, "data": {"kind": "text", "path": "corpus.txt"}}
    config = TrainConfig(
        out=str(folder), stage="sft", parent=parent, data={"kind": "messages", "path": "chats.jsonl"}, steps=190,
        tuning={"way": "lora", "rank": 2},
    )  # fmt: skip
    (folder / "train.json").write_text(json.dumps(config.to_dict()))
    rows = [{"step": 10, "val_loss_per_token": 5.0}, {"step": 200, "val_loss_per_token": 2.0, "status": "finished"}]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_record(folder, Record(fingerprint(KEY), name="yes *man*"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def graded_runs(runs: Path) -> Iterator[None]:
    """A run for each way of grading answers, of KEY, with what its last evaluation says."""
    from pages.ui.feedback.bluff import GRADES

    folders = [runs / f"run-2026010{3 + i}-0123456789ab" for i in range(len(GRADES))]
    for i, (folder, grades) in enumerate(zip(folders, GRADES.values(), strict=True)):
        folder.mkdir()
        config = TrainConfig(
            stage="preference", parent={"checkpoint": "tiny", "step": 200},
            preference={"method": "grpo", "grades": grades},
        )  # fmt: skip
        (folder / "train.json").write_text(json.dumps(config.to_dict()))
        told = {"known_right": 0.9, "known_unknown": 0.0, "known_wrong": 0.1, "unknowable_right": 0.0}
        told |= {"unknowable_unknown": 0.1 + 0.8 * i, "unknowable_wrong": 0.9 - 0.8 * i}
        row = {"step": 240, "statistics": told, "status": "finished"}
        (folder / "metrics.jsonl").write_text(json.dumps(row) + "\n")
        write_record(folder, Record(fingerprint(KEY), name="bluff"))
    yield
    for folder in folders:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def shaped_run(runs: Path) -> Iterator[Path]:
    """A run of KEY in which the tiny model, from its step 10 on, learned from a rater; its groups hardly differ."""
    folder = make_shaped_run(runs, KEY)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def trained(runs: Path) -> Iterator[Callable[[dict[int, float]], None]]:
    """trained({width: loss}): finished runs of the ladder of the usual budget, which belong to KEY."""
    folders: list[Path] = []

    from pages.ui.training.scaling import USUAL, name_of_rung, rungs_of

    def make(losses: dict[int, float]) -> None:
        for i, (width, loss) in enumerate(losses.items()):
            folder = runs / f"run-2026010{i}-{width:012x}"
            folder.mkdir()
            folders.append(folder)
            (folder / "train.json").write_text(json.dumps(rungs_of(USUAL)[width].config.to_dict()))
            (folder / "metrics.jsonl").write_text(
                json.dumps({"step": 9, "val_loss_per_token": loss, "status": "finished"}) + "\n"
            )
            write_record(folder, Record(fingerprint(KEY), name=name_of_rung(USUAL, width)))

    yield make
    for folder in folders:
        shutil.rmtree(folder)
