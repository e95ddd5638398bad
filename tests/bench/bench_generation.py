"""Speed of generating, one thread: python -m tests.bench.bench_generation

Greedy tokens per second beside Hugging Face's `generate` with the same weights and identical tokens (interleaved runs,
medians); thirty readers at once, each in a thread; and the sampler's sliders in Chromium with 50,257 tokens.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import json
import shutil
import statistics
import threading
import time
from collections.abc import Callable

import numpy as np
import torch
from playwright.sync_api import sync_playwright
from transformers import GPT2Config, GPT2LMHeadModel, Qwen3Config, Qwen3ForCausalLM
from transformers.models.arcee.modeling_arcee import ArceeMLP

from core.generation import ORDER, Sampler, generate
from core.generation.fast import Decoder
from core.model import ModelConfig, Transformer, load_checkpoint
from pages.ui import components, state
from pages.ui.sampling.settings import WORDS
from pages.ui.theme import THEME

REPEATS, NEW = 7, 120


def hugging_face_twin(model: Transformer) -> Qwen3ForCausalLM:
    """Our family as transformers has it: Qwen3 (RMSNorm, rotary, QK-norm) with Arcee's MLP (ReLU²)."""
    c = model.config
    config = Qwen3Config(
        vocab_size=c.vocab_size, hidden_size=c.d_model, intermediate_size=c.d_mlp, num_hidden_layers=c.n_layers,
        num_attention_heads=c.n_heads, num_key_value_heads=c.n_kv_heads, head_dim=c.d_head, hidden_act="relu2",
        max_position_embeddings=c.context_length, rms_norm_eps=c.norm_eps, tie_word_embeddings=c.tie_embeddings,
        rope_parameters={"rope_type": "default", "rope_theta": c.rope_theta}, bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    config.mlp_bias = False
    twin = Qwen3ForCausalLM(config)
    for layer in twin.model.layers:
        layer.mlp = ArceeMLP(config)
    names = {"embed.weight": "model.embed_tokens.weight", "ln_final.weight": "model.norm.weight",
             "unembed.weight": "lm_head.weight"}  # fmt: skip
    parts = {"ln1": "input_layernorm", "attn.wq": "self_attn.q_proj", "attn.wk": "self_attn.k_proj",
             "attn.wv": "self_attn.v_proj", "attn.wo": "self_attn.o_proj", "attn.q_norm": "self_attn.q_norm",
             "attn.k_norm": "self_attn.k_norm", "ln2": "post_attention_layernorm", "mlp.w_in": "mlp.up_proj",
             "mlp.w_out": "mlp.down_proj"}  # fmt: skip
    for i in range(c.n_layers):
        names |= {f"blocks.{i}.{ours}.weight": f"model.layers.{i}.{theirs}.weight" for ours, theirs in parts.items()}
    weights = {names[name]: tensor for name, tensor in model.state_dict().items() if name in names}
    missing, unexpected = twin.load_state_dict(weights, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    return twin.eval()


def gpt2_pair(seed: int = 0) -> tuple[Transformer, GPT2LMHeadModel]:
    """GPT-2's smallest size, 124 million random weights, in both libraries."""
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
    theirs = GPT2LMHeadModel(GPT2Config(bos_token_id=None, eos_token_id=None)).eval()
    own = ours.state_dict()
    put = {"transformer.wte.weight": own["embed.weight"], "transformer.wpe.weight": own["pos_embed.weight"],
           "transformer.ln_f.weight": own["ln_final.weight"],
           "transformer.ln_f.bias": own["ln_final.bias"]}  # fmt: skip
    for i in range(12):
        for kind in ("weight", "bias"):
            block, h = f"blocks.{i}.", f"transformer.h.{i}."
            fused = torch.cat([own[f"{block}attn.{w}.{kind}"] for w in ("wq", "wk", "wv")])
            for name, tensor in ((f"{h}attn.c_attn", fused), (f"{h}attn.c_proj", own[f"{block}attn.wo.{kind}"]),
                                 (f"{h}mlp.c_fc", own[f"{block}mlp.w_in.{kind}"]),
                                 (f"{h}mlp.c_proj", own[f"{block}mlp.w_out.{kind}"])):  # fmt: skip
                put[f"{name}.{kind}"] = tensor.T.contiguous() if kind == "weight" else tensor
            put |= {f"{h}{ln.replace('ln', 'ln_')}.{kind}": own[f"{block}{ln}.{kind}"] for ln in ("ln1", "ln2")}
    missing, unexpected = theirs.load_state_dict(put, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    return ours.eval(), theirs


def seconds(work: Callable[[], list[int]]) -> tuple[float, list[int]]:
    begun = time.perf_counter()
    ids = work()
    return time.perf_counter() - begun, ids


@torch.inference_mode()
def beside_hugging_face(name: str, ours: Transformer, theirs: torch.nn.Module, prompt: list[int], new: int) -> None:
    decoder = Decoder(ours)
    options = {"max_new_tokens": new, "min_new_tokens": new, "do_sample": False, "pad_token_id": 0}
    ways: dict[str, Callable[[], list[int]]] = {
        "Hugging Face generate": lambda: theirs.generate(torch.tensor([prompt]), **options)[0, len(prompt) :].tolist(),
        "generate (every number kept)": lambda: [s.id for s in generate(ours, prompt, Sampler(temperature=0), new, 0)],
        "compiled decoder": lambda: list(decoder.greedy(prompt, new)),
    }
    texts = [work() for work in ways.values()]  # warms up and compares
    print(f"{name}: tokens identical: {texts[0] == texts[1] == texts[2]}")
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(REPEATS):
        for way, work in ways.items():
            times[way].append(seconds(work)[0])
    base = statistics.median(times["Hugging Face generate"])
    for way, taken in times.items():
        median = statistics.median(taken)
        print(f"  {way:30s} {new / median:9,.0f} tokens/s   {base / median:5.2f} ×")


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


def sliders(size: int) -> None:
    """Milliseconds from a slider's move to the drawn page: the work itself, and until the frame after it."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    logits = (np.random.default_rng(0).normal(size=size) * 3).astype("<f4")
    values = {name: state.PROPERTIES[name].default for name in ORDER}
    values |= {"temperature": 0.9, "top_p": 0.95, "min_p": 0.01, "typical_p": 0.98}
    settings = {"values": values, "order": list(ORDER), "off": []}
    rows = {name: state.PROPERTIES[name] for name in ORDER}
    ids = list(range(2500 if size > 2500 else size))
    header = {
        "key": "k", "label_ids": ids, "labels": [f"·t{i}" for i in ids], "context": ids[:60], "actual": 5, "u": 0.4,
        "words": WORDS, "settings": settings, "revision": 1,
        "bounds": {name: [row.low, row.high, row.step] for name, row in rows.items()},
    }  # fmt: skip
    files = [components.FOLDER / f for f in ("shared.js", "sampler/draw.js", "sampler/stages.js", "sampler/sampler.js")]
    script = f"const THEME = {json.dumps(THEME)};\n" + "".join(f.read_text() for f in files)
    script = script.replace("export default function", "window.mount = function")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        body = (components.FOLDER / "sampler" / "sampler.html").read_text()
        page.set_content(f"<style>{(components.FOLDER / 'sampler' / 'sampler.css').read_text()}</style>{body}")
        page.add_script_tag(content=script)
        mount = "bytes => mount({data: new Uint8Array(bytes), parentElement: document.body, setTriggerValue() {}})"
        page.evaluate(mount, list(components.pack(header, logits.tobytes())))
        for title, program in (("work", WORK), ("to the next frame", MOVE)):
            times = [page.evaluate(program, ["temperature", 0.5 + (i % 30) * 0.05]) for i in range(60)]
            times += [page.evaluate(program, ["top_p", 0.5 + (i % 30) * 0.015]) for i in range(60)]
            p50, p95 = np.percentile(times, [50, 95])
            print(f"slider, {size:,} tokens, {title}: {p50:.1f} / {p95:.1f} ms (p50 / p95)")
        browser.close()


def main() -> None:
    torch.set_num_threads(1)
    checkpoint = load_checkpoint("tinyland")
    prompt = [checkpoint.tokenizer.eot, *checkpoint.tokenizer.encode("Brigid and Xenia were in the park.")]
    model = checkpoint.model.eval()
    beside_hugging_face("the shipped model", model, hugging_face_twin(model), prompt, NEW)
    thirty_at_once(model, prompt)
    sliders(2048)
    sliders(50_257)
    beside_hugging_face("GPT-2 size, random weights", *gpt2_pair(), list(range(100, 116)), 24)


if __name__ == "__main__":
    main()
