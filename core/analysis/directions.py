"""Directions in the residual stream to steer along: from two prompts, or from a category of words."""

import re
from collections.abc import Sequence

import torch
from torch import Tensor

from core.model import Checkpoint, Site, Transformer, run_trace
from core.text import Tokenizer, tinyland
from core.text.tinyland import lexicon


def prompts_direction(checkpoint: Checkpoint, layer: int, plus: str, minus: str) -> Tensor:
    """(D,): the stream entering block `layer` at the last token of `plus`, less that at the last token of `minus`.

    As in contrastive activation addition (Rimsky et al. 2023, arXiv:2312.06681), here with a single pair.
    """
    ends = []
    for text in (plus, minus):
        ids = [checkpoint.tokenizer.eot, *checkpoint.tokenizer.encode(text)]
        ends.append(run_trace(checkpoint.model, ids).resid_pre[layer, -1])
    return ends[0] - ends[1]


def category_direction(checkpoint: Checkpoint, layer: int, category: str, texts: Sequence[Sequence[int]]) -> Tensor:
    """(D,): the mean stream entering block `layer` where a word of `category` comes next, less the mean everywhere.

    texts: sequences of ids. KeyError: Tinyland has no such category. ValueError: no word of it comes next in them.
    """
    words = whole_words(checkpoint.tokenizer, category)
    there, everywhere = [], []
    for ids in texts:
        stream = stream_into(checkpoint.model, layer, ids)  # (T, D)
        everywhere.append(stream)
        there += [stream[i] for i, following in enumerate(ids[1:]) if following in words]
    if not there:
        raise ValueError(f"no word of “{category}” comes next anywhere in the {len(texts)} texts of the sample")
    return torch.stack(there).mean(dim=0) - torch.cat(everywhere).mean(dim=0)


def stream_into(model: Transformer, layer: int, ids: Sequence[int]) -> Tensor:
    """The residual stream entering block `layer`, (T, D) float32 on the CPU."""
    found = []

    def keep(site: Site, tensor: Tensor) -> Tensor:
        if site == ("resid_pre", layer):
            found.append(tensor[0].float().cpu())
        return tensor

    with torch.inference_mode():
        model(torch.tensor([list(ids)], device=model.embed.weight.device), tap=keep)
    return found[0]


def whole_words(tokenizer: Tokenizer, category: str) -> frozenset[int]:
    """The tokens that are a space and a whole word of the category; words of several tokens are left out."""
    words = (tokenizer.encode(f" {word}") for word in lexicon.CATEGORIES[category])
    return frozenset(ids[0] for ids in words if len(ids) == 1)


def mentions(text: str, category: str) -> int:
    """How many words of `text` belong to a category of Tinyland."""
    return sum(tinyland.category(word) == category for word in re.findall(r"\w+", text))
