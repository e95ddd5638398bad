"""Figures: arrays -> plain data in plotly's schema, {"data": [trace, …], "layout": {…}}. In a notebook:

from core import figures
figures.show(figures.attention.pattern(trace.pattern[0, 3].numpy(), labels))
figures.show(figures.training.curves(rows))  # of a run's metrics.jsonl
"""

from core.figures import (
    attention,
    data,
    embeddings,
    embeddings_words,
    experiments,
    feedback,
    finetuning,
    inside,
    labels,
    layout,
    limits,
    overview,
    palette,
    prompting,
    sampling,
    sampling_search,
    tokenization,
    traces,
    training,
    training_update,
    uses,
)
from core.figures.encode import to_json
from core.figures.layout import Figure
from core.figures.notebook import show

__all__ = [
    "Figure",
    "attention",
    "data",
    "embeddings",
    "embeddings_words",
    "experiments",
    "feedback",
    "finetuning",
    "inside",
    "labels",
    "layout",
    "limits",
    "overview",
    "palette",
    "prompting",
    "sampling",
    "sampling_search",
    "show",
    "to_json",
    "tokenization",
    "traces",
    "training",
    "training_update",
    "uses",
]
