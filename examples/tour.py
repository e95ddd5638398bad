# %% [markdown]
# # A tour of core
# Everything that the pages show is a call of `core`. This file is a script and, in an editor that knows `# %%`
# (VS Code, PyCharm, Spyder, Jupytext), a notebook: run it cell by cell, or `python -m examples.tour` from the root.

# %% A model, as it was at the end of its life
from pathlib import Path
from tempfile import mkdtemp

from core import figures
from core.analysis import intervene, logit_lens
from core.generation import Sampler, generate
from core.model import load_checkpoint, run_trace, save_gguf, save_pretrained
from core.training import preset, train
from core.tuning.messages import write_jsonl

checkpoint = load_checkpoint("tinyland")  # step=19 for an early one; load_pretrained(folder) for GPT-2 or Llama
tokenizer = checkpoint.tokenizer
print(checkpoint)

# %% [markdown]
# ## Trace
# One pass, with every tensor kept. Whom does "she" mean? The model has to decide before it writes the next word.

# %%
text = "Mara gave the ball to Tom because she"
ids = [tokenizer.eot, *tokenizer.encode(text)]
labels = [tokenizer.decode([token]).replace(" ", "·") for token in ids]
trace = run_trace(checkpoint.model, ids)
print(trace)
best = trace.probs[-1].topk(3)  # (V,) -> (3,)
for probability, token in zip(best.values, best.indices, strict=True):
    print(f"{tokenizer.decode([int(token)])!r}: {probability:.1%}")

# %% [markdown]
# ## Plot
# A figure is a plain dict in plotly's schema; `show` makes plotly's own object of it, which a notebook draws.

# %%
layer, head = 1, 3
figures.show(figures.attention.pattern(trace.pattern[layer, head].numpy(), labels))

# %%
lens = logit_lens(checkpoint.model, trace)  # what the model would say after each block
print([tokenizer.decode([int(token)]) for token in lens.top[:, -1]])  # at the last token, a row for each depth

# %% [markdown]
# ## Intervene
# The same weights, seen through a change: here one head gives nothing. `cut:L0A:7>4` hides one token from another.

# %%
changed = intervene(checkpoint, f"zero:L{layer}H{head}")
after = run_trace(changed.model, ids)
moved = (after.probs[-1] - trace.probs[-1]).abs().sum() / 2
print(f"without this head {moved:.1%} of the probability lies elsewhere")

# %% [markdown]
# ## Sample
# The same seed draws the same numbers u, so two settings can be compared token by token.

# %%
for sampler in (Sampler(temperature=0.0), Sampler(temperature=1.0, min_p=0.05)):
    steps = list(generate(checkpoint.model, ids, sampler, max_new_tokens=12, seed=0))
    print(sampler, "->", tokenizer.decode([step.id for step in steps]))

# %% [markdown]
# ## Train
# A small model on Tinyland, in this process. Each `Progress` holds a row of the curve; the folder is a model as any
# other. `preset("live")` as it stands trains for 75 seconds and speaks in sentences afterwards.

# %%
folder = Path(mkdtemp(prefix="glassbox-"))
shape = {"context_length": 128, "n_layers": 2, "n_heads": 2, "d_model": 32, "activation": "swiglu"}
config = preset(
    "live", out=str(folder / "small"), model=shape, tokenizer=str(checkpoint.folder / "tokenizer.json"), steps=30,
    documents_per_step=8, eval_every=15, eval_documents=8, final_eval_documents=8,
)  # fmt: skip
rows = [progress.row for progress in train(config)]
losses = [row["val_loss_per_token"] for row in rows if "val_loss_per_token" in row]
print("held-out loss in nats per token:", [round(loss, 2) for loss in losses])

# %% [markdown]
# ## Tune
# The shipped model learns a chat of our own by LoRA: only what the assistant says counts in the loss.

# %%
chats = folder / "chats.jsonl"
chat = (("user", "Who are you?"), ("assistant", "I am a small model."))
chats.write_text(write_jsonl([chat] * 10))
config = preset(
    "sft", out=str(folder / "tuned"), parent={"checkpoint": "tinyland"}, data={"kind": "messages", "path": str(chats)},
    tuning={"way": "lora", "rank": 4}, optimizer="adamw", adamw_lr=0.01, replay=0.0, steps=12, documents_per_step=4,
    eval_every=12, eval_documents=1, final_eval_documents=1, warmup_steps=2,
)  # fmt: skip
rows = [progress.row for progress in train(config)]
tuned = load_checkpoint(folder / "tuned")
asked = tokenizer.encode("<|endoftext|><|user|>Who are you?<|end|><|assistant|>", special=True)
end = tokenizer.special_tokens["<|end|>"]
for one in (checkpoint, tuned):
    steps = list(generate(one.model, asked, Sampler(temperature=0.0), max_new_tokens=12, seed=0, stop=(end,)))
    print(one.name, "->", tokenizer.decode([step.id for step in steps]))

# %% [markdown]
# ## Take it home
# The small model as a Hugging Face folder (its shape is that of a stock class), which
# `transformers.AutoModelForCausalLM.from_pretrained` opens, and as one GGUF file for llama.cpp.

# %%
save_pretrained(load_checkpoint(folder / "small"), folder / "for-transformers")
print(sorted(path.name for path in (folder / "for-transformers").iterdir()))
save_gguf(load_checkpoint(folder / "small"), folder / "small.gguf")
