"""What is read out of a model, by question: embeddings, heads, the stream, interventions, skills. In a notebook:

from core.analysis import attribute, intervene, logit_lens
logit_lens(checkpoint.model, trace)

Each name is imported when it is first asked for, because most need torch.
"""

from typing import TYPE_CHECKING

from core.first_use import on_first_use

if TYPE_CHECKING:
    from core.analysis.embeddings.analogies import measure_all
    from core.analysis.embeddings.neighbours import nearest
    from core.analysis.embeddings.projection import journey, project, silhouettes, tsne, umap
    from core.analysis.heads.referents import referent_score
    from core.analysis.heads.roles import births, life, role_of
    from core.analysis.heads.scores import head_scores, induction_score, previous_token_score
    from core.analysis.interventions.intervene import Intervened, intervene, part_effects
    from core.analysis.interventions.patching import patch_everywhere
    from core.analysis.interventions.values import Ablate, Cut, Part, Patch, Steer, parse
    from core.analysis.skills.quality import curve
    from core.analysis.skills.window import cache_cost, loss_by_position, needle
    from core.analysis.stream.attribution import attribute, sources
    from core.analysis.stream.cells import explain
    from core.analysis.stream.lens import logit_lens
    from core.analysis.stream.neurons import scan, vocabulary_effect

_HOMES = {
    "embeddings.analogies": ("measure_all",),
    "embeddings.neighbours": ("nearest",),
    "embeddings.projection": ("journey", "project", "silhouettes", "tsne", "umap"),
    "heads.referents": ("referent_score",),
    "heads.roles": ("births", "life", "role_of"),
    "heads.scores": ("head_scores", "induction_score", "previous_token_score"),
    "interventions.intervene": ("Intervened", "intervene", "part_effects"),
    "interventions.patching": ("patch_everywhere",),
    "interventions.values": ("Ablate", "Cut", "Part", "Patch", "Steer", "parse"),
    "skills.quality": ("curve",),
    "skills.window": ("cache_cost", "loss_by_position", "needle"),
    "stream.attribution": ("attribute", "sources"),
    "stream.cells": ("explain",),
    "stream.lens": ("logit_lens",),
    "stream.neurons": ("scan", "vocabulary_effect"),
}

__all__ = [
    "Ablate",
    "Cut",
    "Intervened",
    "Part",
    "Patch",
    "Steer",
    "attribute",
    "births",
    "cache_cost",
    "curve",
    "explain",
    "head_scores",
    "induction_score",
    "intervene",
    "journey",
    "life",
    "logit_lens",
    "loss_by_position",
    "measure_all",
    "nearest",
    "needle",
    "parse",
    "part_effects",
    "patch_everywhere",
    "previous_token_score",
    "project",
    "referent_score",
    "role_of",
    "scan",
    "silhouettes",
    "sources",
    "tsne",
    "umap",
    "vocabulary_effect",
]


__getattr__ = on_first_use(__name__, {name: home for home, names in _HOMES.items() for name in names})


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
