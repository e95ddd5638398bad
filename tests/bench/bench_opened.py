"""Models made elsewhere at their own size, with random weights: python -m tests.bench.bench_opened

GPT-2 (124 M): from a warm disk to a usable model; the distribution of the next token; a trace of 64 tokens; tokens per
second beside `generate` of transformers. Seconds of the processor, which on one thread (OMP_NUM_THREADS=1) are those of
a quiet machine.
"""

import resource
import tempfile
import time
from pathlib import Path
from statistics import median

import torch
from transformers import AutoModelForCausalLM, GPT2Config

from core.generation import Sampler, generate
from core.model import run_trace
from core.model.stock.config import read_config
from core.model.stock.load import read_stock_model

NEW = 24


def seconds(action, repeats=3):
    taken = []
    for _ in range(repeats):
        begun = time.process_time()
        action()
        taken.append(time.process_time() - begun)
    return median(taken)


def main() -> None:
    torch.manual_seed(0)
    theirs = AutoModelForCausalLM.from_config(GPT2Config()).eval()
    with tempfile.TemporaryDirectory() as name:
        theirs.save_pretrained(name)
        config = read_config(theirs.config.to_dict())
        ready = seconds(lambda: read_stock_model(Path(name), config), 3)
        model = read_stock_model(Path(name), config)
    ids = torch.randint(0, config.vocab_size, (64,)).tolist()
    with torch.inference_mode():
        following = seconds(lambda: model(torch.tensor([ids])))
        wanted, found = theirs(torch.tensor([ids])).logits, model(torch.tensor([ids]))
    traced = seconds(lambda: run_trace(model, ids))
    ours = seconds(lambda: list(generate(model, ids, Sampler(temperature=0), NEW, seed=0)), 3)
    batch = torch.tensor([ids])
    beside = seconds(
        lambda: theirs.generate(batch, max_new_tokens=NEW, min_new_tokens=NEW, do_sample=False, pad_token_id=0), 3
    )
    print(f"GPT-2, 124 M, {torch.get_num_threads()} threads; largest difference {(wanted - found).abs().max():.1e}")
    print(f"ready {ready:.2f} s (≤ 5)   next token after 64: {1000 * following:.0f} ms (≤ 250)")
    print(f"trace of 64: {1000 * traced:.0f} ms (≤ 1000)")
    print(f"decoding: {NEW / ours:.1f} tokens/s, transformers {NEW / beside:.1f}: {beside / ours:.2f}× (≥ 2)")
    print(f"largest resident set {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
