"""Every "Show code" of every page: what it gives when it is run is what the page shows."""

import ast
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.analysis.interventions.intervene import intervene
from core.analysis.limits import bias_inside, next_token, recall, rounding, untold
from core.data.passages.shard import build
from core.generation import Sampler
from core.generation.branches import extend
from core.jobs import lineage as indexes
from core.lab.matter import recorded, removed
from core.lab.matter.outcome import Outcome, Score
from core.lab.matter.reading import as_ids
from core.model import describe, load_checkpoint
from core.prompting import examples, injection, laboratory, life, words
from core.prompting import window as prompt_window
from core.runs.records import Record, fingerprint, write_record
from core.text import tinyland
from core.training import TrainConfig
from core.tuning.messages import write_jsonl
from core.uses import skills as uses_skills
from core.uses.conversation import Conversation
from pages.ui import background
from pages.ui.code import Code, Timed
from pages.ui.data import alike as data_alike
from pages.ui.data.cause import names_of
from pages.ui.finetuning.settings import OWN
from pages.ui.finetuning.settings import key as teaching
from pages.ui.sampling import compare, window
from pages.ui.tokenization import training as tokenization_training
from pages.ui.training.scaling import TRAINED
from tests.pages.conftest import KEY, TAUGHT, YES
from tests.pages.press import button
from tests.waiting import wait_for

PAGES = Path(__file__).parents[2] / "pages"
RUN = "run-20260101-0123456789ab"
Site = tuple[str, int]  # a file below pages/, and the line of a call of `truth`

# What has to be done on a page for all its figures to be there; without an entry: nothing.
CHANGED = {"interventions": "zero:L0M", "text": "the red ball"}
LINKS: dict[str, dict[str, str]] = {
    "overview": CHANGED,
    "sampling": CHANGED,
    "attention": CHANGED,
    "embeddings": CHANGED | {"model": "worldly", "text": " Abel lives in Banton.", "second": " Abel likes Banton"},
    "experiments": CHANGED | {"ablation": "mean"},
    "training": CHANGED | {"model": RUN, "run": RUN},
    "feedback": {"rater": "shorter", "compared": "20"},
    "finetuning": {"model": TAUGHT, "taught": TAUGHT, "task": OWN},
    "limits": {"model": "worldly", "text": "Anders lives in"},
    "prompting": {"model": "chatty", "shots": "1"},
    "data": {"crawl_pages": "300", "model": "worldly"},
    "uses": {"model": "chatty", "use": "translation"},
    "inside": CHANGED | {"block": "1", "cell": "mlp_pre.3"},
}
PRESSED: dict[str, tuple[str, ...]] = {
    "tokenization": ("Train",),
    "training": ("Show it",),
    "sampling": ("Measure on held-out documents", "Measure the cache", "Compare", "Measure 2 temperatures"),
    "prompting": (
        "Play the games",
        "It helps",
        "Try it",
        "Explain lookups",
        "Ask about stories",
        "Hide instructions",
        "Play at every step",
        "Switch the heads off",
    ),
    "uses": ("Measure the four uses",),
    "limits": (
        "Ask for the birthdays",
        "Ask about people",
        "Ask the grammar",
        "Round the weights",
        "Take it out, and measure again",
        "Take the direction out",
    ),
    "experiments": ("Measure the skills", "Find the strength at which it breaks"),
}


SMALL: dict[ModuleType, dict[str, object]] = {  # what would take long is done on fewer cases
    data_alike: {"PAGES": 60, "BOOKS": 6},
    tokenization_training: {"DOCUMENTS": 30, "HELD_OUT": 3},
    window: {"DOCUMENTS": 24, "QUESTIONS": 3, "FILLERS": (0, 2)},
    recall: {"EACH": 2},
    untold: {"LEAST": 0.5},  # hardly any beginning is followed
    next_token: {"DOCUMENTS": 2},
    bias_inside: {"TEXTS": 2},
    rounding: {"DOCUMENTS": 4, "CASES": 2},
    examples: {"MOST": 2, "ORDERED": 2, "GAMES": 3},
    life: {"COUNTS": (0, 1), "GAMES": 3},
    laboratory: {"CASES": 2, "REPEATS": 2, "NEW_TOKENS": 3},
    words: {"LOOKUPS": 2, "does_right": lambda *_: True},
    prompt_window: {"COUNTS": (0, 1), "STORIES": 2},
    injection: {"CASES": 2},
    removed: {"OTHERS": 8, "CONTROLS": 5, "MATCHED": 4},
    uses_skills: {"CASES": 2, "DRAWN": 1},
    compare: {"DOCUMENTS": 3, "TOKENS": 12, "TEMPERATURES": (0.0, 1.0)},
}


@pytest.fixture
def lived(runs, trained) -> Iterator[None]:
    """A run on a text, which is a model too, and the runs of a ladder, all of KEY."""
    folder = shutil.copytree(runs / "tiny", runs / RUN)
    text = "Mia gave the red ball to Tom because she was tired. " * 30
    (folder / "corpus.txt").write_text(text)
    data = {"kind": "text", "path": "corpus.txt"}
    model = {"context_length": 64, "n_layers": 2, "n_heads": 2, "d_model": 16}
    config = TrainConfig(out=str(folder), data=data, model=model, steps=400)
    (folder / "train.json").write_text(json.dumps(config.to_dict()))
    rows = [{"step": 0, "val_loss_per_token": 5.0, "sample": "x"}, {"step": 10, "loss_per_token": 3.0},
            {"step": 200, "val_loss_per_token": 2.0, "sample": "Tom gave the red", "status": "finished"}]  # fmt: skip
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_record(folder, Record(fingerprint(KEY), name="mine"))
    trained(dict(zip(TRAINED, (2.4, 2.1, 1.9, 1.8), strict=True)))
    yield
    shutil.rmtree(folder)


READ = tinyland.generate(0, 4).text[:120]  # of a text that the worldly model has read


@pytest.fixture
def paired(app, runs, worldly, tmp_path, monkeypatch) -> Iterator[None]:
    """Two runs that have finished, one of which has not read what READ stands in; and recorded pairs of other ones."""
    folders = [runs / f"run-2026012{i}-0123456789ab" for i in range(2)]
    for folder, name in zip(folders, names_of(READ).values(), strict=True):
        shutil.copytree(worldly, folder)
        (folder / "train.json").write_text(json.dumps(TrainConfig(steps=40).to_dict()))
        (folder / "metrics.jsonl").write_text(json.dumps({"step": 40, "status": "finished"}) + "\n")
        ids = as_ids(describe("worldly").tokenizer, [READ, *["It."] * 10], ["Mia ran.", "Tom sat."])
        (folder / "corpus.txt").write_text(ids)
        write_record(folder, Record(fingerprint(KEY), name=name))
    monkeypatch.setattr(indexes, "EACH", 40)
    build(indexes.folder_of(describe("worldly")) / "00000", [(d.text, d.claims) for d in tinyland.documents(0, 0, 40)])
    monkeypatch.setattr(recorded, "PATH", tmp_path / "matter.json")
    rates = {"1": 0.1, "2": 0.2, "4": 0.3, "8": 0.4, "16": 0.5, "32": 0.6}
    recorded.write({"duplicates": [Outcome(i, Score(rates, 2.0 + i), Score(rates, 2.5)) for i in range(3)]})
    yield
    for folder in folders:
        shutil.rmtree(folder)


def look_up(at: AppTest) -> None:
    """What the model has read, by the browser whose runs they are."""
    at.session_state["training_key"], at.session_state["origin_text"] = KEY, READ
    at.run()


def open_run(at: AppTest) -> None:
    """The run on the stage, ticked in the table, as its owner sees it."""
    at.session_state["training_key"], at.session_state["training_overlay"] = KEY, [RUN]
    at.run()


def write_story(at: AppTest) -> None:
    """Four tokens after the text, as a press of "Write" would put them there."""
    story = next(iter(at.session_state["stories"].values()))
    list(extend(story, intervene(load_checkpoint("tiny"), "zero:L0M").model, Sampler(), 4, seed=0))
    at.run()


def open_edges(at: AppTest) -> None:
    """The box in which edges are cut."""
    at.session_state["edges_open"] = True
    at.run()


def own_chats(at: AppTest) -> None:
    """Chats that the tiny model is long enough for."""
    at.session_state[teaching("chats")] = write_jsonl(YES)
    at.run()


def answered(at: AppTest) -> None:
    """A conversation with one question and its answer."""
    at.session_state["uses_chat"] = Conversation("Answer in one word.").say("Hi.").answer("No.")
    at.run()


def with_key(at: AppTest) -> None:
    """The browser whose runs they are."""
    at.session_state["training_key"] = KEY
    at.run()


BEFORE: dict[str, Callable[[AppTest], None]] = {
    "feedback": with_key,
    "data": look_up,
    "finetuning": own_chats,
    "uses": answered,
    "sampling": write_story,
    "training": open_run,
    "experiments": open_edges,
}


def sites() -> list[Site]:
    """Every call of `truth` on the pages."""
    return [
        (str(path.relative_to(PAGES)), node.lineno)
        for path in sorted(PAGES.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "truth"
    ]


def page_of(site: Site) -> str:
    """pages/inside.py and pages/ui/inside/… are of the page "inside"."""
    parts = Path(site[0]).with_suffix("").parts
    return parts[1] if parts[0] == "ui" else parts[0]


@pytest.fixture(scope="module")
def seen() -> dict[Site, Code]:
    """The code that was last shown at each call of `truth`."""
    return {}


@pytest.fixture
def shown(
    seen, app, worldly, chatty, lived, taught_run, graded_runs, shaped_run, paired, monkeypatch
) -> Callable[[Site], Code]:
    """The code at a site, once its page has shown all that it has. Nothing is left to the background."""
    monkeypatch.setattr(background, "PATIENCE", 120)
    for module, sizes in SMALL.items():
        for name, size in sizes.items():
            monkeypatch.setattr(module, name, size)
    monkeypatch.setattr("core.analysis.embeddings.words.training_texts.__defaults__", (40,))
    half = property(lambda found: np.arange(len(found.names)) % 2 == 0)  # random weights hardly are
    monkeypatch.setattr(recall.Recall, "right_date", half)
    give = Code.text.func

    def text(code: Code) -> str:
        asker, caller = sys._getframe(1), sys._getframe(2)
        if asker.f_code.co_name == "truth":
            seen[str(Path(caller.f_code.co_filename).relative_to(PAGES)), caller.f_lineno] = code
        return give(code)

    monkeypatch.setattr(Code, "text", property(text))

    def open_page(site: Site) -> Code:
        if site in seen:
            return seen[site]
        page = page_of(site)
        at = app(page, **LINKS.get(page, {}))
        if page in BEFORE:
            BEFORE[page](at)
        for label in PRESSED.get(page, ()):
            button(at, label).click().run()
        wanted = [other for other in sites() if page_of(other) == page]
        with suppress(AssertionError):
            wait_for(lambda: at.run() and all(other in seen for other in wanted), 60)
        assert not at.exception and not [error.value for error in at.error]
        return seen[site]

    return open_page


@cache
def compiled(text: str) -> tuple[object, object]:
    """A program but for its last expression, and that expression."""
    tree = ast.parse(text)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr), "the last line is the value"
    return compile(tree, "code", "exec"), compile(ast.Expression(last.value), "code", "eval")


def run(text: str) -> object:
    names: dict[str, object] = {}
    program, value = compiled(text)
    exec(program, names)
    return eval(value, names)


def check(found: object, shown: object) -> None:
    """That both are the same, however deep, numbers up to rounding."""
    if shown is None or isinstance(shown, str | bytes | bool):
        assert found == shown
    elif isinstance(shown, Timed):
        assert isinstance(found, float) and 0 < found < float("inf")
    elif is_dataclass(shown):
        check([getattr(found, f.name) for f in fields(shown)], [getattr(shown, f.name) for f in fields(shown)])
    elif isinstance(shown, Mapping):
        assert list(found) == list(shown)
        check(list(found.values()), list(shown.values()))
    elif isinstance(shown, Iterable) and not hasattr(shown, "shape"):
        found, shown = list(found), list(shown)
        assert len(found) == len(shown)
        for one, other in zip(found, shown, strict=True):
            check(one, other)
    else:
        found, shown = np.asarray(found), np.asarray(shown)
        assert found.shape == shown.shape
        np.testing.assert_allclose(found, shown, rtol=1e-4, atol=1e-5)


@pytest.mark.thorough
@pytest.mark.parametrize("site", sites(), ids=lambda site: f"{site[0]}:{site[1]}")
def test_the_code_of_a_figure_gives_what_the_page_shows(shown, site):
    code = shown(site)
    value = code.value() if callable(code.value) else code.value
    assert value is not None and (not isinstance(value, Sized) or len(value))
    check(run(code.text), value)
