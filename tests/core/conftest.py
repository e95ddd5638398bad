from collections.abc import Iterator
from pathlib import Path

import pytest

from core import jobs
from core.jobs import processes, queue, server
from core.text import Tokenizer
from core.training import TrainConfig

TINY = {
    "context_length": 32, "n_layers": 1, "n_heads": 2, "d_model": 32, "norm": "rmsnorm", "position": "rotary",
    "activation": "relu2", "tie_embeddings": True, "bias": False, "qk_norm": True,
}  # fmt: skip


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.txt"
    path.write_text("the cat sat on the mat. the dog sat on the log. " * 20)
    return path


@pytest.fixture
def tiny(tmp_path: Path, text_file: Path) -> TrainConfig:
    """A run on plain text that takes about a second: one layer, bytes as tokens."""
    tokenizer = tmp_path / "tokenizer.json"
    Tokenizer.byte_tokenizer().save(tokenizer)
    return TrainConfig(
        out=str(tmp_path / "run"), model=TINY, data={"kind": "text", "path": str(text_file)}, tokenizer=str(tokenizer),
        steps=12, warmup_steps=2, batch_tokens=128, micro_batch_tokens=64, eval_every=4, log_every=1, threads=1,
    )  # fmt: skip


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A runs folder of this test's own, and no process of it is left afterwards. None gives way: a test that waits for
    it would wait until no other test needs the machine."""
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path / "runs"))
    start = processes.start
    taking_turns = lambda module, given, log: start(module, [word for word in given if word != "--give-way"], log)  # noqa: E731
    monkeypatch.setattr(processes, "start", taking_turns)
    yield
    for run_id in jobs.list_runs():
        queue.leave(jobs.run_folder(run_id))
        server._local.kill(jobs.run_folder(run_id))
