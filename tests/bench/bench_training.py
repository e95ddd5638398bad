"""Our trainer beside the plain loop of tests/bench/plain_gpt.py: python -m tests.bench.bench_training

1. Tokens per second at the shipped shape, the same batch, eager, then ours compiled: interleaved, medians, ratios.
2. The held-out loss a minute after the start, start-up included, on the same documents with the same tokenizer at about
   the same number of parameters; the plain loop gets the best of several learning rates, each with a minute of its own.
   --corpus docstrings: on the English of the documentation inside the installed NumPy, SciPy and PyTorch (12 MB).
3. How long the program for a shape takes to make, and to find again on disk in another process.
4. How long until the first point of the curve: for the command line, and after a click on Train, for which a process
   that has loaded PyTorch is ready.
"""

import argparse
import ast
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch

from core import jobs
from core.model import ModelConfig, Transformer, load_checkpoint
from core.training.compute import Workers
from core.training.config import TrainConfig, preset
from core.training.costs.measure import working_dtype
from core.training.data.batches import IGNORE, HeldOut, pad_batches
from core.training.data.sources import make_data, make_tokenizer
from core.training.disk.rows import read_rows
from core.training.learner import Learner
from core.training.losses import token_losses
from tests.bench.plain_gpt import PlainGPT, make_adamw, step, train_for

ROOT = Path(__file__).parents[2]
ROUNDS = 5
RATES = (1e-3, 3e-3, 1e-2)
END = 4.0  # seconds of a run that are not training
LOADING = 10.0  # seconds in which a process has loaded PyTorch
ROWS, LENGTH = 32, 256  # 8,192 tokens an update


def throughput(rounds: int) -> None:
    config = preset("tinyland")
    shape = ModelConfig.from_dict({**config.model, "vocab_size": 2048})
    ids = torch.randint(2048, (ROWS, LENGTH + 1))
    batch = pad_batches(ids.tolist(), config.micro_batch_tokens)
    ours = Transformer(shape, seed=0)
    workers = Workers(ours, config.threads, working_dtype(config.precision))
    learner = Learner(ours, config, workers)
    plain = PlainGPT(2048, LENGTH, shape.n_layers, shape.n_heads, shape.d_model)
    optimizer = make_adamw(plain, 1e-3)
    seconds: dict[str, list[float]] = {"ours": [], "plain": [], "ours, compiled": [], "plain beside it": []}

    def pair(mine: str, theirs: str) -> None:
        for _ in range(rounds + 1):
            torch.set_num_threads(1)  # our workers are threads of one core each
            begun = time.perf_counter()
            learner.update(batch, config.rates(1.0))
            seconds[mine].append(time.perf_counter() - begun)
            torch.set_num_threads(config.threads)
            begun = time.perf_counter()
            step(plain, optimizer, ids[:, :-1], ids[:, 1:])
            seconds[theirs].append(time.perf_counter() - begun)

    pair("ours", "plain")
    workers.compile()
    assert workers.compiling is not None
    workers.compiling.join()
    pair("ours, compiled", "plain beside it")
    workers.close()
    medians = {name: statistics.median(times[1:]) for name, times in seconds.items()}
    for name, median in medians.items():
        print(
            f"{name:15} {ROWS * LENGTH / median:8.0f} tokens/s   ({1000 * median:.0f} ms an update of {ROWS * LENGTH})"
        )
    print(
        f"ratio           {medians['plain'] / medians['ours']:.2f} eager, "
        f"{medians['plain beside it'] / medians['ours, compiled']:.2f} compiled"
    )


COMPILE = """
import time
from core.model import ModelConfig
from core.training.compiled import compiled_losses
from core.training.config import preset
from core.training.costs.measure import working_dtype
config = preset("tinyland")
begun = time.perf_counter()
compiled_losses(ModelConfig.from_dict({**config.model, "vocab_size": 2048}), working_dtype(config.precision))
print(time.perf_counter() - begun)
"""


def compiling() -> None:
    with tempfile.TemporaryDirectory() as kept:
        environment = os.environ | {"TORCHINDUCTOR_CACHE_DIR": kept, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-c", COMPILE]
        cold, warm = (
            float(subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True).stdout)
            for _ in range(2)
        )
    print(f"the program     {cold:.0f} s to make, {warm:.0f} s to find again in another process", flush=True)


def held_out_loss(model: torch.nn.Module, held_out: HeldOut) -> float:
    """Nats per token, every document from its first token."""
    nats, tokens = 0.0, 0
    with torch.no_grad():
        for micro in held_out.micro_batches:
            nats += float(token_losses(model, micro).sum())
            tokens += int((micro.targets != IGNORE).sum())
    return nats / tokens


def docstrings() -> str:
    """Every docstring of three installed packages, each once, in the order of their files."""
    found: dict[str, None] = {}
    for package in ("numpy", "scipy", "torch"):
        for path in sorted((Path(torch.__file__).parents[1] / package).rglob("*.py")):
            try:
                tree = ast.parse(path.read_bytes())
            except SyntaxError:  # a test of a later Python
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
                    found[text] = None
    return "\n\n".join(found)


def after_a_minute(name: str, corpus: str, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "ours")
        config = preset(name, out=out, steps=100_000, threads=2)
        if corpus == "docstrings":
            (text := Path(folder) / "corpus.txt").write_text(docstrings(), encoding="utf-8")
            config = replace(config, data={"kind": "text", "path": str(text)})
        tokenizer = make_tokenizer(config)
        tokenizer.save(path := Path(folder) / "tokenizer.json")
        config = replace(config, tokenizer=str(path))
        shape = ModelConfig.from_dict({**config.model, "vocab_size": tokenizer.vocab_size})
        data = make_data(tokenizer, config, shape.context_length)
        held_out = data.held_out(400)
        if held_out.true_nats is not None:
            tokens = sum(int((m.targets != IGNORE).sum()) for m in held_out.micro_batches)
            print(f"floor  {held_out.true_nats.sum() / tokens:.3f} nats per token: nobody can be below")
        run, first = ours(config, seconds)
        loss = held_out_loss(run, held_out)
        print(f"ours   {loss:.3f} nats per token after {seconds:.0f} s; first point on the curve after {first:.1f} s")
        os.environ["GLASSBOX_RUNS"] = str(Path(folder) / "runs")
        first, anew = first_after_click(config), first_after_click(replace(config, tokenizer=None))
        print(f"ours   first point {first:.1f} s after a click on Train, {anew:.1f} s with a tokenizer to train before")
        best = min(plain_loss(shape, data, held_out, lr, seconds) for lr in RATES)
        print(f"plain  {best:.3f} nats per token with the best of its rates; ours is {best - loss:.2f} below")


def ours(config: TrainConfig, seconds: float) -> tuple[Transformer, float]:
    """The model of a run that has `seconds` from the command to its end, and when its first row came."""
    path = Path(config.out).with_suffix(".json")
    path.write_text(json.dumps(replace(config, seconds=seconds - END, final_eval_documents=20).to_dict()))
    begun, first = time.monotonic(), None
    command = [sys.executable, "-m", "core.training", "--out", config.out, "--config", str(path), "--quiet"]
    process = subprocess.Popen(command, cwd=ROOT)
    while process.poll() is None:
        if first is None and read_rows(Path(config.out) / "metrics.jsonl"):
            first = time.monotonic() - begun
        time.sleep(0.02)
    took = time.monotonic() - begun
    assert process.returncode == 0
    print(f"ours   {took:.1f} s from the command to its end, {END:.0f} s of them kept for the start and the end")
    return load_checkpoint(Path(config.out)).model, first or took


def first_after_click(config: TrainConfig) -> float:
    """Seconds from `jobs.start` to the first row of the run, where the process that it takes has loaded PyTorch."""
    jobs.warm()
    time.sleep(LOADING)
    begun = time.monotonic()
    run_id = jobs.start(config)
    while not read_rows(jobs.run_folder(run_id) / "metrics.jsonl"):
        assert jobs.status(run_id).state in ("queued", "running")
        time.sleep(0.02)
    took = time.monotonic() - begun
    jobs.stop(run_id)
    return took


def plain_loss(shape: ModelConfig, data, held_out: HeldOut, lr: float, seconds: float) -> float:
    """The plain loop of about our size; only its updates are on the clock, its start-up is a gift."""
    torch.manual_seed(0)
    torch.set_num_threads(2)
    ids = torch.tensor([token for sequence in data.sequences(3_000_000) for token in sequence[:-1]])
    model = PlainGPT(shape.vocab_size, shape.context_length, shape.n_layers, shape.n_heads, shape.d_model)
    until = time.monotonic() + seconds
    done = train_for(model, ids, lr=lr, until=until, rows=2048 // shape.context_length, length=shape.context_length)
    loss = held_out_loss(model, held_out)
    print(f"plain  {loss:.3f} nats per token at learning rate {lr:g} ({done} updates)", flush=True)
    return loss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of training for each run of the second part")
    parser.add_argument("--preset", choices=("live", "tinyland"), default="live", help="of the second part")
    parser.add_argument("--corpus", choices=("tinyland", "docstrings"), default="tinyland", help="of the second part")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    throughput(options.rounds)
    compiling()
    after_a_minute(options.preset, options.corpus, options.seconds)


if __name__ == "__main__":
    main()
