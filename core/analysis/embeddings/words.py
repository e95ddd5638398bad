"""The tokens that are words of Tinyland, by group; and the table of embeddings at every step that was kept."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open

from core.analysis.embeddings.neighbours import to_logit_geometry
from core.model import Checkpoint, Transformer, byte_planes
from core.model.folders import weight_files
from core.text import Tokenizer, tinyland
from core.text.tinyland import category

OTHER = "other"
GROUPS: dict[str, tuple[str, ...]] = {  # the names in the legend, and Tinyland's categories that each stands for
    "people": ("people",),
    "towns": ("towns", "regions"),
    "animals": ("animals",),
    "foods": ("foods", "specialties"),
    "objects": ("objects", "containers", "materials"),
    "places": ("places",),
    OTHER: (),
    "colours": ("colours",),
    "qualities": ("feelings", "adjectives", "weather"),
    "verbs": ("verbs",),
}
FEW = 20  # a tokenizer with fewer of Tinyland's words, or a smaller share of them, learned from another text: it is
SHARE = 1 / 8  # shown with the words that it has. Of the words of Tinyland's own tokenizers a fifth to two fifths count
MANY = 500
_GROUP_OF = {category: group for group, names in GROUPS.items() for category in names}


@dataclass(frozen=True)
class Words:
    """The tokens on the map: their ids, texts (a leading space stripped) and groups."""

    ids: tuple[int, ...]
    texts: tuple[str, ...]
    groups: tuple[str, ...]

    @property
    def known(self) -> NDArray[np.intp]:
        """Places of the words that have a group, in groups of at least two."""
        names, counts = np.unique(np.array(self.groups), return_counts=True)
        large = set(names[counts > 1].tolist()) - {OTHER}
        return np.array([i for i, name in enumerate(self.groups) if name in large], dtype=np.intp)


def group(text: str) -> str:
    """The group of a token's text, a leading space aside."""
    return _GROUP_OF.get(category(text.removeprefix(" ")) or "", OTHER)


@lru_cache(maxsize=4)
def words(tokenizer: Tokenizer) -> Words:
    """The tokens that are, after a space, a whole word of Tinyland; if few are, the first MANY words or tokens: those
    of another text."""
    texts = [tokenizer.token_bytes(id).decode("utf-8", "replace") for id in range(tokenizer.vocab_size)]
    spaced = [id for id, text in enumerate(texts) if text[:1] == " " and text[1:].isalpha()]
    chosen = [id for id in spaced if category(texts[id][1:])]
    if len(chosen) < max(FEW, SHARE * len(spaced)):
        special = set(tokenizer.special_tokens.values())
        seen = [
            id for id, text in enumerate(texts) if text.isprintable() and text.strip(" \ufffd") and id not in special
        ]
        chosen = (spaced if len(spaced) >= FEW else seen)[:MANY]
    shown = [texts[id].removeprefix(" ") for id in chosen]
    return Words(tuple(chosen), tuple(shown), tuple(group(text) for text in shown))


def tables(checkpoint: Checkpoint, report: Callable[[float, str], None] = lambda *_: None) -> NDArray[np.float32]:
    """The embeddings at every kept step, (S, V, D) float32, earliest first: only this one tensor of each file is read.

    OSError or SafetensorError for a file that can't be read.
    """
    steps, made = checkpoint.steps, []
    files = weight_files(checkpoint.folder) if len(steps) > 1 else {}
    for done, step in enumerate(steps):
        report(done / len(steps), f"reading step {step:,}")
        if step == checkpoint.step or step not in files:
            made.append(checkpoint.model.embed.weight.detach().float().numpy())
        else:
            with safe_open(files[step], framework="numpy") as file:
                made.append(byte_planes.tensor(file, "embed.weight").astype(np.float32))
    return np.stack(made)


@torch.inference_mode()
def spoken_rows(model: Transformer) -> NDArray[np.float32]:
    """Every token's vector as it would be spoken: (V, D) with the angles and distances of the logits (V, V) that the
    embeddings give when they go straight through the final norm and the unembedding."""
    vectors = model.ln_final(model.embed.weight).float().numpy()
    return to_logit_geometry(vectors, model.unembed.weight.float().numpy())


def training_texts(checkpoint: Checkpoint, most: int = 2_000) -> tuple[list[str], str] | None:
    """Texts this model was trained on and a few words on what they are; None when they are not here.

    Tinyland: the first `most` documents of the training stream. A run on a text: the corpus in its folder.
    """
    data = checkpoint.read
    if data.get("kind") == "tinyland":
        seed, weights = data.get("seed", 0), data.get("weights")
        texts = [document.text for document in tinyland.documents(seed, stop=most, weights=weights)]
        return texts, f"the first {most:,} documents of its training"
    corpus = checkpoint.folder / "corpus.txt"
    if data.get("kind") == "text" and data.get("path") == corpus.name and corpus.is_file():
        return [corpus.read_text("utf-8", "replace")[:5_000_000]], "the text it was trained on"
    return None


def counts(tokenizer: Tokenizer, texts: list[str]) -> NDArray[np.int64]:
    """How often each token occurs in the texts, (V,)."""
    ids = tokenizer.encode_batch(texts, special=True)
    joined = np.fromiter((id for row in ids for id in row), np.int64)
    return np.bincount(joined, minlength=tokenizer.vocab_size)
