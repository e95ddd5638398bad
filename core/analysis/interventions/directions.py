"""Directions in the residual stream to steer along: from two prompts, or from a category of words."""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate

import torch
from torch import Tensor

from core.model import Checkpoint, Site, Transformer, run_trace
from core.model.padding import pad
from core.text import Tokenizer, tinyland

BATCH = 16  # texts at a time


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

    texts: sequences of ids. ValueError: no word of that category of Tinyland comes next in them.
    """
    there, everywhere = [], []
    for ids, real, values in record_sites(checkpoint.model, texts, [Site("resid_pre", layer)]):
        stream = values[Site("resid_pre", layer)]  # (B, T, D)
        everywhere.append(stream[real])
        for row, length, rows in zip(ids.tolist(), real.sum(dim=1).tolist(), stream, strict=True):
            there.append(rows[before_words(checkpoint.tokenizer, row[:length], category)])
    found = torch.cat(there)
    if not len(found):
        raise ValueError(f"no word of “{category}” comes next anywhere in the {len(texts)} texts of the sample")
    return found.mean(dim=0) - torch.cat(everywhere).mean(dim=0)


def record_sites(
    model: Transformer, texts: Sequence[Sequence[int]], sites: Collection[Site]
) -> Iterator[tuple[Tensor, Tensor, dict[Site, Tensor]]]:
    """Batches of texts (ids) and what the model's `sites` held on them, float32 on the CPU.

    Yields (ids (B, T), real (B, T) bool, {site: (B, …)}): shorter texts are filled up at their end, where `real` is
    False; nothing before the end can see that.
    """
    rows = sorted(texts, key=len)
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        ids = pad(batch)  # (B, T)
        real = torch.arange(ids.shape[1]) < torch.tensor([len(row) for row in batch])[:, None]
        values: dict[Site, Tensor] = {}

        def keep(site: Site, tensor: Tensor) -> Tensor:
            if site in sites:
                values[site] = tensor.float().cpu()  # noqa: B023
            return tensor

        with torch.inference_mode():
            model.last_logits(ids.to(model.device), tap=keep)
        yield ids, real, values


def before_words(tokenizer: Tokenizer, ids: Sequence[int], category: str) -> list[int]:
    """The positions of the tokens after which a word of a category of Tinyland begins."""
    pieces = [tokenizer.token_bytes(id) for id in ids]
    starts = list(accumulate(map(len, pieces), initial=0))[:-1]  # byte offsets
    words = re.finditer(rb"\w+", b"".join(pieces))
    firsts = [
        bisect_right(starts, word.start()) - 1 for word in words if tinyland.category(word[0].decode()) == category
    ]
    return [first - 1 for first in firsts if first > 0]


def mentions(text: str, category: str) -> int:
    """How many words of `text` belong to a category of Tinyland."""
    return sum(tinyland.category(word) == category for word in re.findall(r"\w+", text))
