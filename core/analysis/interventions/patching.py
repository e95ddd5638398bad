"""Activation patching: which places of the model carry what tells two prompts apart.

The model reads a corrupted prompt, but at one place it is given what it had there when it read the clean one. How much
of the clean answer comes back says how much of the difference that place carries (Meng et al. 2022, arXiv:2202.05262;
the name and the score as in Wang et al. 2022, arXiv:2211.00593).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, permutations
from typing import Literal

import torch
from torch import Tensor

from core.analysis.interventions.intervene import OUTPUT_SITES, rows_at_once
from core.analysis.skills.cases import CLOZES
from core.brief import Brief
from core.model import Site, Trace, Transformer, run_trace
from core.model.ids import checked_id, checked_ids
from core.text import Tokenizer, tinyland
from core.text.tinyland.world import Person

What = Literal["residual", "attention", "mlp", "head"]
TRIED = 500  # pairs of each kind that are tried for equal lengths


@dataclass(frozen=True)
class Pair:
    """Two prompts that differ in one thing, and the word that each of them asks for."""

    name: str
    clean: str
    corrupted: str
    answer: str  # the word after the clean prompt
    other: str  # the word after the corrupted one


@dataclass(frozen=True, eq=False, repr=False)
class Patching(Brief):
    """`recovered` (L, T), or (L, H, T) for single heads: (d − corrupted) / (clean − corrupted), where d is the logit of
    the answer less that of the other word, after the patched run. 1: all of the answer is back; 0: nothing changed.

    `clean` and `corrupted` are d of the two prompts as they are.
    """

    recovered: Tensor
    clean: float
    corrupted: float


def patch_everywhere(
    model: Transformer,
    clean: Sequence[int],
    corrupted: Sequence[int],
    answer: int,
    other: int,
    what: What,
    on_layer: Callable[[int], None] = lambda _: None,
) -> Patching:
    """Patch every layer and position (and head), each alone: one batched pass for a layer, a row for each place.

    clean, corrupted: ids (T,) of equal length; answer, other: token ids. `on_layer(n)` is told when n layers are done.
    A batch is split only where its logits would take more than 128 MiB. ValueError, for people: lengths that differ,
    the same answer twice, two prompts between which the model makes no difference, or ids as for a trace.
    """
    clean, corrupted = checked_ids(clean, model.config), checked_ids(corrupted, model.config)
    answer, other = checked_id(answer, model.config), checked_id(other, model.config)
    if len(clean) != len(corrupted):
        raise ValueError(f"the prompts must have equally many tokens, not {len(clean)} and {len(corrupted)}")
    if answer == other:
        raise ValueError("the two answers begin with the same token: nothing tells them apart")
    source = run_trace(model, clean)
    d_clean = _difference(source.logits[-1:], answer, other).item()
    d_corrupted = _difference(run_trace(model, corrupted).logits[-1:], answer, other).item()
    if abs(d_clean - d_corrupted) < 1e-3:
        raise ValueError("the model gives both prompts the same answer: there is nothing to recover")
    heads, T = model.config.n_heads if what == "head" else 1, len(clean)
    # Before the first token that differs both runs are the same: a patch there changes nothing.
    first = next(i for i in range(T) if clean[i] != corrupted[i])
    recovered = torch.zeros(model.config.n_layers, heads, T)
    for layer in range(model.config.n_layers):
        patched = _difference(_layer(model, source, corrupted, layer, what, first), answer, other)
        recovered[layer, :, first:] = ((patched - d_corrupted) / (d_clean - d_corrupted)).view(heads, -1)
        on_layer(layer + 1)
    return Patching(recovered if what == "head" else recovered[:, 0], d_clean, d_corrupted)


@torch.inference_mode()
def _layer(model: Transformer, source: Trace, corrupted: Sequence[int], layer: int, what: What, first: int) -> Tensor:
    """The last logits (R, V) of the corrupted prompt, each row with another place of the layer patched.

    A row for each position from `first` on, or for each head and position, heads first.
    """
    T, site = len(corrupted), Site(OUTPUT_SITES[what], layer)
    values = getattr(source, site.name)[layer]  # (T, D) or (H, T, Dh)
    places = [(h, p) for h in range(model.config.n_heads if what == "head" else 1) for p in range(first, T)]
    step = rows_at_once(model.config, T)
    found = []
    for start in range(0, len(places), step):
        heads, positions = torch.tensor(places[start : start + step]).T  # both (R,)
        rows = torch.arange(len(heads))

        def tap(at: Site, tensor: Tensor) -> Tensor:
            if at != site:
                return tensor
            changed = tensor.clone()
            if what == "head":
                changed[rows, heads, positions] = values[heads, positions].to(tensor)  # noqa: B023
            else:
                changed[rows, positions] = values[positions].to(tensor)  # noqa: B023
            return changed

        batch = torch.tensor([list(corrupted)], device=model.device).expand(len(rows), -1)
        found.append(model.last_logits(batch, tap=tap)[:, -1].float().cpu())
    return torch.cat(found)


def _difference(logits: Tensor, answer: int, other: int) -> Tensor:
    """(R, V) -> (R,)"""
    return logits[:, answer] - logits[:, other]


def first_token(tokenizer: Tokenizer, word: str) -> int:
    """The id of the first token of a word after a space."""
    if not word.strip():
        raise ValueError("an answer is empty: give a word")
    return tokenizer.encode(f" {word.strip()}")[0]


# ---- pairs whose truth is known ----


def pairs(tokenizer: Tokenizer) -> list[Pair]:
    """A pair of each kind from Tinyland in which both prompts have equally many tokens: the subject of a fact swapped,
    who acts, and who gives. A kind for which this tokenizer gives no such pair is left out."""
    kinds = (_subject_swapped(), _actor_swapped(), _names_swapped())
    found = (next((pair for pair in islice(kind, TRIED) if _fits(tokenizer, pair)), None) for kind in kinds)
    return [pair for pair in found if pair]


def _fits(tokenizer: Tokenizer, pair: Pair) -> bool:
    same_length = len(tokenizer.encode(pair.clean)) == len(tokenizer.encode(pair.corrupted))
    return same_length and first_token(tokenizer, pair.answer) != first_token(tokenizer, pair.other)


def _friends() -> Iterator[tuple[Person, Person]]:
    """Two people of whom a story may tell."""
    return ((a, b) for a, others in tinyland.WORLD.friends.items() for b in others)


def _names_swapped() -> Iterator[Pair]:
    """Who receives: only one other person is there."""
    for a, b in _friends():
        clean, corrupted = (
            f"One day, {a} and {b} were in the park. {giver} had a kite. {giver} gave the kite to" for giver in (a, b)
        )
        yield Pair("The giver's name is swapped", clean, corrupted, b.name, a.name)


def _actor_swapped() -> Iterator[Pair]:
    """Who is meant by the pronoun that must come: a she and a he are there."""
    for a, b in _friends():
        if (a.pronoun, b.pronoun) == ("she", "he"):
            story = f"One day, {a} was in the shed. {b} was in the tower. {a} had a kite."
            clean, corrupted = (f"{story} {actor} went to the mill because" for actor in (a, b))
            yield Pair("Who acts is swapped", clean, corrupted, "she", "he")


def _subject_swapped() -> Iterator[Pair]:
    """A fact that the documents tell, of two people."""
    homes = [fact for fact in tinyland.WORLD.known_facts if fact.relation == "home"]
    for one, other in permutations(homes, 2):
        clean, corrupted = (CLOZES["home"].format(fact.subject) for fact in (one, other))
        yield Pair("The subject of a fact is swapped", clean, corrupted, one.value, other.value)
