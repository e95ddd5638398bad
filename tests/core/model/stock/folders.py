"""Small random models of every family in Hugging Face's layout, made by `transformers`, and tokenizers for them."""

import json
from functools import cache
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config

VOCAB = 301  # no multiple of 8
TEXTS = ["Mia gave the red ball to Tom. It's 4172, naïve – and  so on.\n", "Größe, 数学, привет, emoji 🙂."] * 3
GPT2 = dict(vocab_size=VOCAB, n_positions=64, n_embd=32, n_layer=2, n_head=4)
LLAMA = dict(
    vocab_size=VOCAB, hidden_size=32, intermediate_size=56, num_hidden_layers=2, num_attention_heads=6,
    num_key_value_heads=2, head_dim=8, max_position_embeddings=64,
)  # fmt: skip
PLAIN = {key: value for key, value in LLAMA.items() if key != "head_dim"} | {"num_attention_heads": 4}


def rope(**scaling):
    return {"rope_parameters": {"rope_theta": 10_000.0} | scaling}


CONFIGS = {
    "gpt2": lambda: GPT2Config(**GPT2),
    "gpt2, its own unembedding, exact GELU": lambda: GPT2Config(
        **GPT2, tie_word_embeddings=False, n_inner=50, activation_function="gelu"
    ),
    "llama, 3 to 1": lambda: LlamaConfig(**LLAMA | {"hidden_size": 36}),
    "llama, 8 to 1, tied": lambda: LlamaConfig(
        **LLAMA | {"num_attention_heads": 8, "num_key_value_heads": 1, "head_dim": 10}, tie_word_embeddings=True
    ),
    "llama with biases": lambda: LlamaConfig(**PLAIN, attention_bias=True),
    "llama with biases in the MLPs": lambda: LlamaConfig(**PLAIN, mlp_bias=True),
    "mistral": lambda: MistralConfig(**PLAIN, sliding_window=None),
    "qwen2": lambda: Qwen2Config(**PLAIN),
    "qwen3": lambda: Qwen3Config(**LLAMA, tie_word_embeddings=True),
    "linear": lambda: LlamaConfig(**PLAIN, **rope(rope_type="linear", factor=4.0)),
    "dynamic": lambda: LlamaConfig(**PLAIN, **rope(rope_type="dynamic", factor=4.0)),
    "llama3": lambda: LlamaConfig(
        **PLAIN | {"max_position_embeddings": 512},
        **rope(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
               original_max_position_embeddings=64),
    ),
    "yarn": lambda: Qwen2Config(
        **PLAIN | {"max_position_embeddings": 512},
        **rope(rope_type="yarn", factor=8.0, original_max_position_embeddings=64),
    ),
    "long": lambda: LlamaConfig(
        **PLAIN | {"max_position_embeddings": 8192, "num_hidden_layers": 1}, **rope(rope_theta=500_000.0)
    ),
}  # fmt: skip


def reference(name: str):
    """A model of `transformers` whose every number is random, so that none can be left out."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(CONFIGS[name](), attn_implementation="eager")
    with torch.no_grad():
        for parameter_name, weight in model.named_parameters():
            gain = parameter_name.endswith("weight") and ("norm" in parameter_name or "ln_" in parameter_name)
            weight.normal_(float(gain), 0.2)
    return model.eval()


@cache
def byte_level() -> str:
    """A byte-level tokenizer.json of VOCAB ids at most, cut as GPT-2 cuts."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(TEXTS, trainers.BpeTrainer(
        vocab_size=VOCAB, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False
    ))  # fmt: skip
    return made.to_str()


@cache
def sentence_piece() -> str:
    """A tokenizer.json as Llama 2 has it: ▁ for a space and before the first word, bytes for unknown characters."""
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    vocab = {token: id for id, token in enumerate(["<unk>", "<s>", "</s>", *bytes_])}
    merges = []
    for token in ["▁", *"MiagvetherdbloTm.I's"]:
        vocab.setdefault(token, len(vocab))
    for left, right in [("t", "h"), ("th", "e"), ("▁", "the"), ("a", "l"), ("l", "l"), ("▁", "T"), ("▁T", "o"),
                        ("▁To", "m"), ("b", "al"), ("bal", "l")]:  # fmt: skip
        merges.append((left, right))
        vocab.setdefault(left + right, len(vocab))
    made = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    made.add_special_tokens(["<unk>", "<s>", "</s>"])
    return made.to_str()


def write(folder: Path, name: str, model=None, max_shard_size="5GB") -> Path:
    """A whole folder: the model, and a tokenizer of the family's kind."""
    (model or reference(name)).save_pretrained(folder, max_shard_size=max_shard_size)
    gpt2 = not name.startswith("llama")
    (folder / "tokenizer.json").write_text(byte_level() if gpt2 else sentence_piece())
    ends = {"eos_token": "<|endoftext|>"} if gpt2 else {"bos_token": "<s>", "eos_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(ends))
    return folder
