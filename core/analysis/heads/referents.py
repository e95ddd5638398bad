"""Does a pronoun attend to whom it means, and the place where a name must come to the earlier name? Measured on
Tinyland's texts, which say who is meant."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.analysis.heads.scores import HeadScore, summary
from core.analysis.skills.choices import Choice, choices, positions
from core.model import Site, Transformer
from core.text import Tokenizer, tinyland
from core.text.tinyland import Document

PERSONS = ("people", "occupations")  # whom Tinyland's pronouns stand for: by name, or as in "a courier"
SEED = 2_000_000_033  # a stream of stories that no model was trained on


@dataclass(frozen=True)
class ReferentCase:
    """A text up to the token that looks, which is the last of ids (T,): a pronoun, or the token after which a name must
    come. Positions of the tokens that name whom it means, and of those that name others."""

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
    persons = [span for span in story.entities if tinyland.category(span.value) in PERSONS]
    for pronoun in story.pronouns:
        named = [span for span in persons if span.end <= pronoun.start]
        meant = positions(tokenizer, story.text, [span for span in named if span.value == pronoun.value])
        others = positions(tokenizer, story.text, [span for span in named if span.value != pronoun.value])
        last = positions(tokenizer, story.text, [pronoun])[-1]
        if meant and others and last < longest:
            yield ReferentCase((tokenizer.eot, *tokenizer.encode(story.text)[:last]), tuple(meant), tuple(others))


def person_choices(tokenizer: Tokenizer, longest: int, most: int) -> list[Choice]:
    """At most `most` places where one of the people named before must be named again, from twice as many texts."""
    documents = tinyland.documents(SEED, stop=2 * most, weights={"reference": 1.0})
    return [one for one in choices(tokenizer, documents, longest) if one.category == "people"][:most]


def naming_cases(chosen: Iterable[Choice]) -> list[ReferentCase]:
    """The same places as cases for `referent_score`."""
    return [ReferentCase(one.ids, one.meant, one.others) for one in chosen]


def referent_score(
    model: Transformer, cases: Sequence[ReferentCase], batch: int = 32, name: str = "referent"
) -> HeadScore:
    """The score `name` of every head: how much attention goes from the last token of each case, the pronoun, say, to
    the names of whom it means.

    Chance is what the same head would put there if it shared out what it gives to names evenly over the names: a head
    that likes names but not the right one scores its chance, and so does one that looks at everything alike.
    ValueError: fewer than 2 cases.
    """
    if len(cases) < 2:
        raise ValueError("an interval needs at least two cases")
    rows = [_on_names(model, cases[start : start + batch]) for start in range(0, len(cases), batch)]
    samples, chance = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    return summary(name, samples, chance)


@torch.inference_mode()
def _on_names(model: Transformer, cases: Sequence[ReferentCase]) -> tuple[np.ndarray, np.ndarray]:
    """Attention from the last token of each case to whom it means, and its chance: two (B, L, H)."""
    device, longest = model.device, max(len(case.ids) for case in cases)
    ids = torch.zeros(len(cases), longest, dtype=torch.int64)
    marks = torch.zeros(len(cases), longest, 2)  # (B, T, 2): names of whom the pronoun means, names of others
    for row, case in enumerate(cases):
        ids[row, : len(case.ids)] = torch.tensor(case.ids)  # what follows is padding, which it does not see
        marks[row, list(case.meant), 0] = 1
        marks[row, list(case.others), 1] = 1
    marks, ends = marks.to(device), torch.tensor([len(case.ids) - 1 for case in cases], device=device)
    found: list[Tensor] = []

    def keep(site: Site, tensor: Tensor) -> Tensor:
        if site.name == "pattern":
            looks = tensor[torch.arange(len(cases), device=device), :, ends]  # (B, H, T)
            found.append(torch.bmm(looks, marks.to(looks.dtype)))  # (B, H, 2)
        return tensor

    model.last_logits(ids.to(device), tap=keep)
    given = torch.stack(found, dim=1).double().cpu().numpy()  # (B, L, H, 2)
    names = np.array([[len(case.meant), len(case.others)] for case in cases], dtype=np.float64)
    share = (names[:, 0] / names.sum(axis=1))[:, None, None]  # of the names' tokens, those of whom it means
    return given[..., 0], given.sum(axis=-1) * share
