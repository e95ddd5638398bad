"""Does a pronoun attend to whom it means? Measured on Tinyland's stories, which say who that is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.analysis.heads.scores import HeadScore, summary
from core.model import Site, Transformer
from core.text import Tokenizer, tinyland
from core.text.tinyland import Document, Span

PERSONS = ("people", "occupations")  # whom Tinyland's pronouns stand for: by name, or as in "a courier"
SEED = 2_000_000_033  # a stream of stories that no model was trained on


@dataclass(frozen=True)
class ReferentCase:
    """A story up to and including a pronoun: ids (T,), the pronoun last; positions of the tokens that name whom it
    means, and of those that name others."""

    ids: tuple[int, ...]
    meant: tuple[int, ...]
    others: tuple[int, ...]


def referent_cases(tokenizer: Tokenizer, longest: int, most: int) -> list[ReferentCase]:
    """At most `most` cases of at most `longest` tokens, from twice as many stories."""
    stories = tinyland.documents(SEED, stop=2 * most, weights={"story": 1.0})
    return cases_of(tokenizer, stories, longest)[:most]


def cases_of(tokenizer: Tokenizer, stories: Iterable[Document], longest: int) -> list[ReferentCase]:
    """The first pronoun of each story before which the meant person and another were named; no two from one story."""
    made = (next(_cases(tokenizer, story, longest), None) for story in stories)
    return [case for case in made if case is not None]


def _cases(tokenizer: Tokenizer, story: Document, longest: int) -> Iterator[ReferentCase]:
    pieces = tokenizer.pieces(story.text)

    def positions(span: Span) -> list[int]:
        """The tokens that share a byte with the span; position 0 is the start token."""
        start, end = len(story.text[: span.start].encode()), len(story.text[: span.end].encode())
        return [i for i, piece in enumerate(pieces, start=1) if piece.start < end and piece.end > start]

    persons = [span for span in story.entities if tinyland.category(span.value) in PERSONS]
    for pronoun in story.pronouns:
        named = [span for span in persons if span.end <= pronoun.start]
        meant = [i for span in named if span.value == pronoun.value for i in positions(span)]
        others = [i for span in named if span.value != pronoun.value for i in positions(span)]
        last = positions(pronoun)[-1]
        if meant and others and last < longest:
            ids = (tokenizer.eot, *(piece.id for piece in pieces[:last]))
            yield ReferentCase(ids, tuple(meant), tuple(others))


def referent_score(model: Transformer, cases: Sequence[ReferentCase], batch: int = 32) -> HeadScore:
    """The score "referent" of every head: how much attention goes from the pronoun to the names of whom it means.

    Chance is what the same head would put there if it shared out what it gives to names evenly over the names: a head
    that likes names but not the right one scores its chance, and so does one that looks at everything alike.
    ValueError: fewer than 2 cases.
    """
    if len(cases) < 2:
        raise ValueError("an interval needs at least two cases")
    rows = [_on_names(model, cases[start : start + batch]) for start in range(0, len(cases), batch)]
    samples, chance = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    return summary("referent", samples, chance)


@torch.inference_mode()
def _on_names(model: Transformer, cases: Sequence[ReferentCase]) -> tuple[np.ndarray, np.ndarray]:
    """Attention from each pronoun to whom it means, and its chance: two (B, L, H)."""
    device, longest = model.embed.weight.device, max(len(case.ids) for case in cases)
    ids = torch.zeros(len(cases), longest, dtype=torch.int64)
    marks = torch.zeros(len(cases), longest, 2)  # (B, T, 2): names of whom the pronoun means, names of others
    for row, case in enumerate(cases):
        ids[row, : len(case.ids)] = torch.tensor(case.ids)  # what follows is padding, which no pronoun sees
        marks[row, list(case.meant), 0] = 1
        marks[row, list(case.others), 1] = 1
    marks, ends = marks.to(device), torch.tensor([len(case.ids) - 1 for case in cases], device=device)
    found: list[Tensor] = []

    def keep(site: Site, tensor: Tensor) -> Tensor:
        if site.name == "pattern":
            looks = tensor[torch.arange(len(cases), device=device), :, ends]  # (B, H, T)
            found.append(torch.bmm(looks, marks.to(looks.dtype)))  # (B, H, 2)
        return tensor

    model(ids.to(device), tap=keep)
    given = torch.stack(found, dim=1).double().cpu().numpy()  # (B, L, H, 2)
    names = np.array([[len(case.meant), len(case.others)] for case in cases], dtype=np.float64)
    share = (names[:, 0] / names.sum(axis=1))[:, None, None]  # of the names' tokens, those of whom it means
    return given[..., 0], given.sum(axis=-1) * share
