"""Speed of generating, one thread: python -m tests.bench.bench_generation

Greedy tokens per second beside Hugging Face's `generate` with the same weights and identical tokens (interleaved runs,
medians of processor time); thirty readers at once, each in a thread; and in Chromium the first token after a click and
the sampler's sliders with 50,257 tokens.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import shutil
import statistics
import threading
import time
from collections.abc import Callable

import numpy as np
import torch
from playwright.sync_api import sync_playwright

from core.generation import ORDER, STAGES, Sampler, generate
from core.model import ModelConfig, Tap, Transformer, load_checkpoint
from pages.ui import components, scripts, state
from pages.ui.sampling.stage import stage_header
from tests.bench.bench_app import show
from tests.core.generation.twins import gpt2_twin, greedy, qwen3_twin
from tests.modules import ADDRESS, with_modules
from tests.serving import serving

NEW = 120
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu"]


def gpt2_size(seed: int = 0) -> Transformer:
    """GPT-2's smallest size, 124 million random weights, as ours."""
    ours = Transformer(ModelConfig(
        vocab_size=50257, context_length=1024, n_layers=12, n_heads=12, d_model=768, norm="layernorm",
        position="learned", activation="gelu_tanh", bias=True, qk_norm=False, tie_embeddings=True,
    ), seed=seed)  # fmt: skip
    with torch.no_grad():
        generator = torch.Generator().manual_seed(seed)
        for name, weight in ours.named_parameters():
            if weight.dim() == 2:
                weight.normal_(0, 0.08, generator=generator)
            elif "bias" in name:
                weight.normal_(0, 0.02, generator=generator)
    return ours.eval()


def seconds(work: Callable[[], object]) -> float:
    """Of this thread on a processor: what it waited while others had the machine does not count."""
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


@torch.inference_mode()
def beside_hugging_face(
    name: str, ours: Transformer, theirs: torch.nn.Module, prompt: list[int], new: int, repeats: int = 9
) -> None:
    same: Tap = lambda site, tensor: tensor  # noqa: E731  a tap that changes nothing: the model itself, token by token
    likeliest, drawn = Sampler(temperature=0), Sampler(temperature=0.9, top_p=0.95)
    ways: dict[str, Callable[[], list[int]]] = {
        "Hugging Face generate": lambda: greedy(theirs, prompt, new),
        "generate": lambda: [step.id for step in generate(ours, prompt, likeliest, new, 0)],
        "generate with a tap": lambda: [step.id for step in generate(ours, prompt, likeliest, new, 0, tap=same)],
    }
    texts = [work() for work in ways.values()]  # warms up and compares
    print(f"{name}: tokens identical: {texts[0] == texts[1] == texts[2]}")
    ways["generate, temperature 0.9, top-p 0.95"] = lambda: [s.id for s in generate(ours, prompt, drawn, new, 0)]
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(repeats):
        for way, work in ways.items():
            times[way].append(seconds(work))
    base = statistics.median(times["Hugging Face generate"])
    for way, taken in times.items():
        median = statistics.median(taken)
        print(f"  {way:40s} {new / median:9,.0f} tokens/s   {base / median:5.2f} ×")


def thirty_at_once(model: Transformer, prompt: list[int]) -> None:
    """As the page writes: one token, then moments of 30 ms, each asked for by a browser 20 ms after the last."""
    first, whole, begun = [], [], time.perf_counter()

    def reader(seed: int) -> None:
        until = 0.0
        for step in generate(model, prompt, Sampler(temperature=0.9, top_p=0.95), 40, seed):
            if step.index == 0:
                first.append(time.perf_counter() - begun)
            if time.perf_counter() > until:
                time.sleep(0.02)
                until = time.perf_counter() + 0.03
        whole.append(time.perf_counter() - begun)

    threads = [threading.Thread(target=reader, args=(seed,)) for seed in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slowest, end = 1000 * max(first), 1000 * max(whole)
    print(f"thirty generators at once: the slowest first token {slowest:.0f} ms, all 1,200 tokens {end:.0f} ms")


MOVE = """([name, value]) => new Promise(done => {
  const slider = document.querySelector(`.stage[data-name=${name}] input[type=range]`);
  const begun = performance.now();
  slider.value = value;
  slider.dispatchEvent(new Event('input'));
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - begun)));
})"""
WORK = """([name, value]) => {
  const slider = document.querySelector(`.stage[data-name=${name}] input[type=range]`);
  let job; const wait = window.requestAnimationFrame;
  window.requestAnimationFrame = f => { job = f; return 0; };
  slider.value = value;
  slider.dispatchEvent(new Event('input'));
  window.requestAnimationFrame = wait;
  const begun = performance.now(); job(); document.body.offsetHeight; return performance.now() - begun;
}"""

MOUNT = """async ([address, bytes]) => (await import(address)).default(
  {data: new Uint8Array(bytes), parentElement: document.body, setTriggerValue() {}})"""


def sliders(size: int) -> None:
    """Milliseconds from a slider's move to the drawn page: the work itself, and until the frame after it."""
    logits = (np.random.default_rng(0).normal(size=size) * 3).astype("<f4")
    values = {name: state.PROPERTIES[name].default for name in ORDER}
    values |= {"temperature": 0.9, "top_p": 0.95, "min_p": 0.01, "typical_p": 0.98}
    settings = {"values": values, "order": list(ORDER), "off": []}
    ids = list(range(2500 if size > 2500 else size))
    header = {
        "key": "k", "label_ids": ids, "labels": [f"·t{i}" for i in ids], "context": ids[:60], "actual": 5, "u": 0.4,
        "stages": [stage_header(row) for row in STAGES], "settings": settings, "revision": 1,
    }  # fmt: skip
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        body, css = ((scripts.FOLDER / "sampler" / f"sampler.{kind}").read_text() for kind in ("html", "css"))
        with_modules(page, f"<style>{css}</style>{body}")
        page.evaluate(MOUNT, [f"{ADDRESS}sampler/sampler.js", list(components.pack(header, logits.tobytes()))])
        for title, program in (("work", WORK), ("to the next frame", MOVE)):
            times = [page.evaluate(program, ["temperature", 0.5 + (i % 30) * 0.05]) for i in range(60)]
            times += [page.evaluate(program, ["top_p", 0.5 + (i % 30) * 0.015]) for i in range(60)]
            p50, p95 = np.percentile(times, [50, 95])
            print(f"slider, {size:,} tokens, {title}: {p50:.1f} / {p95:.1f} ms (p50 / p95)")
        browser.close()


# Presses Write and waits for the first new token to stand in the document.
CLICK = """() => new Promise(done => {
  const host = [...document.querySelectorAll('*')].find(e => e.shadowRoot?.querySelector('.write'));
  const text = host.shadowRoot.querySelector('.text'), count = () => text.querySelectorAll('button').length;
  const before = count(), begun = performance.now();
  new MutationObserver((_, self) => {
    if (count() > before) { self.disconnect(); done(performance.now() - begun); }
  }).observe(text, {childList: true});
  host.shadowRoot.querySelector('.write').click();
})"""


def first_token(rounds: int = 30) -> None:
    """Milliseconds from the click on Write to the first token in the page, on the shipped model."""
    text = "One+day,+Brigid+and+Suki+were+in+the+park."
    with serving() as server, sync_playwright() as driver:
        page = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS).new_page()
        page.goto(f"{server.address}/sampling?v=1&new_tokens=4&text={text}")
        write, drop = page.locator(".write"), page.get_by_role("button", name="Delete this branch")
        write.wait_for(timeout=60_000)
        page.wait_for_timeout(5000)  # the rest of the page, and what is compiled at the first start
        times = []
        for _ in range(rounds):
            times.append(page.evaluate(CLICK))
            write.get_by_text("Write on").wait_for()
            page.wait_for_timeout(300)
            drop.first.click()
            page.locator(".tree .row").wait_for(state="detached")
            page.wait_for_timeout(300)
        show("click to the first token", times)


def main() -> None:
    torch.set_num_threads(1)
    checkpoint = load_checkpoint("tinyland")
    prompt = [checkpoint.tokenizer.eot, *checkpoint.tokenizer.encode("One day, Brigid and Suki were in the park.")]
    model = checkpoint.model.eval()
    beside_hugging_face("the shipped model", model, qwen3_twin(model), prompt, NEW)
    thirty_at_once(model, prompt)
    first_token()
    sliders(2048)
    sliders(50_257)
    large = gpt2_size()
    beside_hugging_face("GPT-2 size, random weights", large, gpt2_twin(large), list(range(100, 116)), 24, repeats=3)


if __name__ == "__main__":
    main()
