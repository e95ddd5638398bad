"""A model as one GGUF file, for llama.cpp and the programs built on it: of the shape of GPT-2, Llama, Qwen2 or Qwen3.

save_gguf(load_checkpoint("tinyland"), Path("tinyland.gguf"))

In float32, with its tokenizer. The weights are those that `save_pretrained` writes, under other names.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from core.files import written_whole
from core.model.checkpoint import Checkpoint
from core.model.config import ModelConfig
from core.model.description import CARDS, CheckpointError
from core.model.pretrained import END, describe_tokenizer, ends_answers, family_of
from core.model.rope import frequencies
from core.text import Tokenizer
from core.text.errors import TokenizerError
from core.text.gguf import plain_template, to_gguf

if TYPE_CHECKING:
    from gguf import GGUFWriter


def save_gguf(checkpoint: Checkpoint, path: Path) -> None:
    """Write the file; it appears whole or not at all.

    CheckpointError, before anything is written, when what reads GGUF does not compute this shape (the message names the
    settings in the way) or does not cut texts as its tokenizer does.
    """
    check_gguf(checkpoint.config, checkpoint.tokenizer)
    import gguf

    with written_whole(path) as temporary:
        writer = gguf.GGUFWriter(temporary, architecture(checkpoint.config))
        try:
            add_description(writer, checkpoint)
            add_shape(writer, checkpoint.config)
            add_tokenizer(writer, checkpoint)
            add_weights(writer, checkpoint)
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
        finally:
            writer.close()


def check_gguf(config: ModelConfig, tokenizer: Tokenizer) -> None:
    """CheckpointError, which says why, where `save_gguf` has no file for a model of this shape with this tokenizer."""
    arch, scaling, obstacles = architecture(config), config.rope_scaling, []
    if arch == "gpt2" and config.activation != "gelu_tanh":
        obstacles.append(f"activation must be gelu_tanh, not {config.activation}")
    allowed = ("linear", "llama3") if arch == "llama" else ("linear",)
    if scaling is not None and scaling.kind not in allowed:
        obstacles.append(f"rope_scaling must be none or {' or '.join(allowed)}, not {scaling.kind}")
    if obstacles:
        name = family_of(config).name
        raise CheckpointError(f"what reads GGUF computes {name} otherwise: {'; '.join(obstacles)}")
    try:
        to_gguf(tokenizer, config.vocab_size)
    except TokenizerError as error:
        raise CheckpointError(f"its tokenizer cannot be written as GGUF: {error}") from None


def architecture(config: ModelConfig) -> str:
    """What GGUF and config.json both call a model of this shape. CheckpointError: it is of no stock class."""
    return str(family_of(config).config(config)["model_type"])


def add_description(writer: "GGUFWriter", checkpoint: Checkpoint) -> None:
    """Its name and size, and what the data card of its corpus says in short, where there is one."""
    import gguf

    total = checkpoint.config.parameter_count()["total"]
    writer.add_type("model")
    writer.add_name(checkpoint.name)
    writer.add_size_label(gguf.size_label(total, total, 0, 0))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    if (card := checkpoint.folder / CARDS[1]).exists():
        corpus = json.loads(card.read_bytes())
        writer.add_description(f"Trained in Glassbox on the corpus {corpus['name']}. {corpus['description']}")
        writer.add_dataset_name(0, corpus["name"])
        writer.add_dataset_description(0, corpus["description"])


def add_shape(writer: "GGUFWriter", config: ModelConfig) -> None:
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.context_length)
    writer.add_embedding_length(config.d_model)
    writer.add_block_count(config.n_layers)
    writer.add_feed_forward_length(config.d_mlp)
    writer.add_head_count(config.n_heads)
    if config.norm == "layernorm":
        writer.add_layer_norm_eps(config.norm_eps)
        return
    writer.add_layer_norm_rms_eps(config.norm_eps)
    writer.add_head_count_kv(config.n_kv_heads)
    writer.add_key_length(config.d_head)
    writer.add_value_length(config.d_head)
    writer.add_rope_dimension_count(config.d_head)
    writer.add_rope_freq_base(config.rope_theta)
    if config.rope_scaling is not None and config.rope_scaling.kind == "linear":
        from gguf import RopeScalingType

        writer.add_rope_scaling_type(RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(config.rope_scaling.factor)


def add_tokenizer(writer: "GGUFWriter", checkpoint: Checkpoint) -> None:
    tokenizer = checkpoint.tokenizer
    fields = to_gguf(tokenizer, checkpoint.config.vocab_size)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(fields["pre"])
    writer.add_token_list(fields["tokens"])
    writer.add_token_types(fields["token_type"])
    writer.add_token_merges(fields["merges"])
    writer.add_bos_token_id(tokenizer.eot)
    writer.add_eos_token_id(tokenizer.stops[0])
    writer.add_pad_token_id(tokenizer.stops[0])
    if ends_answers(checkpoint):
        writer.add_eot_token_id(tokenizer.special_tokens[END])
    writer.add_add_bos_token(fields["add_bos_token"])
    if template := describe_tokenizer(tokenizer, checkpoint.config.context_length).get("chat_template"):
        writer.add_chat_template(plain_template(template))


def add_weights(writer: "GGUFWriter", checkpoint: Checkpoint) -> None:
    import gguf

    config, arch = checkpoint.config, architecture(checkpoint.config)
    known = next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == arch)
    names = gguf.get_tensor_name_map(known, config.n_layers)
    for name, weight in family_of(config).weights(checkpoint).items():
        tensor = arranged(name, weight.detach().float(), config)
        their_name = names.get_name(name, (".weight", ".bias"))
        assert their_name is not None, name
        writer.add_tensor(their_name, tensor.contiguous().numpy())
    if config.rope_scaling is not None and config.rope_scaling.kind == "llama3":
        unscaled = frequencies(replace(config, rope_scaling=None))
        writer.add_tensor("rope_freqs.weight", (unscaled / frequencies(config)).numpy())  # (Dh / 2,)


def arranged(name: str, weight: Tensor, config: ModelConfig) -> Tensor:
    """A weight of a stock class as it lies in GGUF.

    GPT-2's matrices are (outputs, inputs) there. Llama's rotary positions turn neighbours, where Hugging Face turns
    number i of a head with number i + Dh / 2: the rows of its queries and keys change places.
    """
    if architecture(config) == "gpt2":
        return weight.T if name.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight")) else weight
    if architecture(config) == "llama" and (".q_proj." in name or ".k_proj." in name):
        pairs = weight.reshape(-1, 2, config.d_head // 2, *weight.shape[1:])  # (heads, 2, Dh / 2, …)
        return pairs.transpose(1, 2).reshape(weight.shape)
    return weight
