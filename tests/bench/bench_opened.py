"""Models made elsewhere at their own size, with random weights: python -m tests.bench.bench_opened

GPT-2 (124 M): from a warm disk to a usable model; the distribution of the next token; a trace of 64 tokens. Then tokens
per second beside `generate` of transformers, held in float32, bfloat16 and int8, and beside a bare reading of the
float32 weights, which no decoder of one text can outrun: interleaved. Medians, by the clock and by the processor.
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
from core.model.precision import PRECISIONS
from core.model.stock.config import read_config
from core.model.stock.load import read_stock_model

NEW = 64


def medians(ways, repeats=7):
    """Seconds by the clock and by the processor, each by way: interleaved."""
    times = {way: [] for way in ways}
    for repeat in range(repeats + 1):
        for way, action in ways.items():
            begun, worked = time.perf_counter(), time.process_time()
            action()
            if repeat:  # the first warms up
                times[way].append((time.perf_counter() - begun, time.process_time() - worked))
    return [{way: median(pair[i] for pair in pairs) for way, pairs in times.items()} for i in (0, 1)]


def taken(action, repeats=7):
    """How long one way takes, in words."""
    clock, work = (found[""] for found in medians({"": action}, repeats))
    return f"{1000 * clock:.0f} ms, {1000 * work:.0f} of work"


def decoding(ways):
    clock, work = medians(ways)
    for way in ways:
        beside = (
            f"{clock['transformers'] / clock[way]:.2f}× by the clock, {work['transformers'] / work[way]:.2f}× by work"
        )
        print(f"  {way:14s} {NEW / clock[way]:5.1f} tokens/s, {1000 * work[way] / NEW:5.1f} ms of work each: {beside}")


def main() -> None:
    torch.manual_seed(0)
    theirs = AutoModelForCausalLM.from_config(GPT2Config()).eval()
    with tempfile.TemporaryDirectory() as name:
        theirs.save_pretrained(name)
        config = read_config(theirs.config.to_dict())
        ready = taken(lambda: read_stock_model(Path(name), config), 3)
        models = {precision: read_stock_model(Path(name), config, precision) for precision in PRECISIONS}
    model = models["float32"]
    ids = torch.randint(0, config.vocab_size, (64,)).tolist()
    with torch.inference_mode():
        following = taken(lambda: model.last_logits(torch.tensor([ids])))
        wanted, found = theirs(torch.tensor([ids])).logits, model(torch.tensor([ids]))
    print(f"GPT-2, 124 M, {torch.get_num_threads()} threads; largest difference {(wanted - found).abs().max():.1e}")
    print(f"ready: {ready} (≤ 5 s)\nnext token after 64: {following} (≤ 250)")
    print(f"trace of 64: {taken(lambda: run_trace(model, ids))} (≤ 1000)")
    batch = torch.tensor([ids[:16]])
    options = {"max_new_tokens": NEW, "min_new_tokens": NEW, "do_sample": False, "pad_token_id": 0}
    ways = {"transformers": lambda: theirs.generate(batch, attention_mask=torch.ones_like(batch), **options)}
    for precision, held in models.items():
        ways[precision] = lambda held=held: list(generate(held, ids[:16], Sampler(temperature=0), NEW, seed=0))
    numbers = torch.ones(sum(weight.numel() for weight in model.parameters()))
    ways["only reading"] = lambda: [numbers.sum() for _ in range(NEW)]
    decoding(ways)
    print(f"largest resident set {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
