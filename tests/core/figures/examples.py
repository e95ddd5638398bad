"""An example of every figure, of the size that the pages draw: what tests check and the benchmark times."""

from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go

from core.figures import (
    Figure,
    attention,
    data,
    embeddings,
    embeddings_words,
    experiments,
    feedback,
    finetuning,
    inside,
    limits,
    overview,
    prompting,
    sampling,
    sampling_search,
    tokenization,
    training,
    training_update,
    uses,
)
from core.generation.beam import Beam, Candidate, Search
from core.generation.speculative import Round


def drawn(figure: Figure) -> go.Figure:
    """The figure as plotly reads it, which raises ValueError where it breaks the schema."""
    return go.Figure(figure)


DICE = np.random.default_rng(0)
T, LAYERS, HEADS, WIDTH = 40, 4, 8, 128  # tokens of a text, and the shape of a model
VOCABULARY = 2048
LABELS = [f"·w{i}<b>" for i in range(T)]
STEPS = [0, *(2**k for k in range(15))]
PATTERN = np.tril(DICE.random((LAYERS, HEADS, T, T))).astype(np.float32)
PATTERN /= PATTERN.sum(-1, keepdims=True)
SHARES = [(0.5, 0.4, 0.7), (0.1, 0.0, 0.3), (0.9, 0.85, 0.93), (0.3, 0.3, 0.3), (1.0, 0.9, 1.0)]
NAMES = ["previous token", "first token", "duplicate", "induction", "referent"]
LIFE = {name: DICE.random((len(STEPS), LAYERS, HEADS)) for name in NAMES}
CURVE = np.linspace(7, 1, 300)
LOSSES = {"training": (range(300), CURVE), "held out": (range(0, 300, 10), CURVE[::10])}
COUNTS = DICE.integers(0, 100_000, VOCABULARY)
LENGTHS = DICE.random(VOCABULARY) + 0.5
TABLE = [f"·token{i}" for i in range(VOCABULARY)]
KINDS = [embeddings.GROUPS[i % len(embeddings.GROUPS)] for i in range(VOCABULARY)]
ROWS = [
    {"step": i, "loss_per_token": float(y)} | ({"val_loss_per_token": float(y)} if i % 10 == 0 else {})
    for i, y in enumerate(CURVE)
]
PARTS = {"embed": 262_144, "pos_embed": 0, "attention": 262_144, "mlp": 1_048_576, "norms": 1_152, "unembed": 0}
TEN = [f"·word{i}" for i in range(10)]
SEARCH = Search(
    (Beam((7, 2), -2.1, False), Beam((6, 3), -2.3, False), Beam((5,), -1.0, True)),
    (
        (Candidate(5, 0, -1.0, True, True), Candidate(6, 0, -1.1, True, False), Candidate(7, 0, -2.0, True, False),
         Candidate(8, 0, -3.0, False, False)),
        (Candidate(2, 1, -2.1, True, False), Candidate(3, 0, -2.3, True, False), Candidate(4, 0, -2.4, False, False)),
    ),
)  # fmt: skip
ROUNDS = [
    Round((1, 2, 3), 1, 4, (0.5, 0.4, 0.3), (0.6, 0.1, 0.2)),
    Round((5,), 1, 6, (0.9,), (0.8,)),
    Round((), 0, 7, (), ()),
]

EXAMPLES: dict[str, Callable[[], Figure]] = {
    "attention.pattern": lambda: attention.pattern(PATTERN, LABELS),
    "attention.roles": lambda: attention.roles(NAMES, SHARES, [0.1] * 5, 0.3),
    "attention.causes": lambda: attention.causes(
        {"copying": DICE.random((LAYERS, HEADS)) - 0.2}, (1, 2), {"copying": (0.1, 0.0, 0.2)}, 0.95
    ),
    "attention.life": lambda: attention.life(
        STEPS, LIFE, (1, 2), {"copying": DICE.random(len(STEPS))}, LOSSES, STEPS[-1], 0.3
    ),
    "embeddings.neighbours": lambda: embeddings.neighbours(TEN, KINDS[:10], [0.9] * 10, True),
    "embeddings.norms": lambda: embeddings.norms(COUNTS, LENGTHS, TABLE, KINDS, list(range(T))),
    "embeddings.silhouettes": lambda: embeddings.silhouettes(
        STEPS, DICE.random(len(STEPS)), {name: DICE.random(len(STEPS)) for name in embeddings.GROUPS},
        np.tile([-0.2, 0.1], (len(STEPS), 1)), 3,
    ),
    "embeddings_words.success": lambda: embeddings_words.success(NAMES, SHARES, SHARES, SHARES, [0.1] * 5),
    "embeddings_words.candidates": lambda: embeddings_words.candidates(
        TEN, [0.9] * 10, ["given", "expected", *[""] * 8]
    ),
    "embeddings_words.paths": lambda: embeddings_words.paths(DICE.random((2, LAYERS + 1, 2)), ("one", "two")),
    "embeddings_words.layers": lambda: embeddings_words.layers(DICE.random(LAYERS + 1), np.full(LAYERS + 1, np.nan)),
    "embeddings_words.positions": lambda: embeddings_words.positions(DICE.random((128, 128))),
    "embeddings_words.distances": lambda: embeddings_words.distances(DICE.random(128), "layer 0, head 0"),
    "embeddings_words.predictions": lambda: embeddings_words.predictions(TEN, [0.1] * 10, [0.2] * 10),
    "embeddings_words.surprises": lambda: embeddings_words.surprises(LABELS, DICE.random(T - 1), DICE.random(T - 1)),
    "experiments.distributions": lambda: experiments.distributions(TEN, [0.1] * 10, [0.0] * 10),
    "experiments.surprise": lambda: experiments.surprise(LABELS, DICE.random(T - 1), DICE.random(T - 1), 3),
    "experiments.edges": lambda: experiments.edges(PATTERN[0, 0], LABELS, [(5, 2)], 5),
    "experiments.patch_map": lambda: experiments.patch_map(DICE.random((16, T)), ["a part"] * 16, LABELS, [3]),
    "experiments.skills": lambda: experiments.skills(NAMES, SHARES, SHARES),
    "experiments.by_strength": lambda: experiments.by_strength(range(5), SHARES, "share", "token", True, (3, 4)),
    "inside.through_depth": lambda: inside.through_depth([("·a", [0.1] * (LAYERS + 1), "#336699")], "%"),
    "inside.parts": lambda: inside.parts(DICE.random((LAYERS, HEADS)), DICE.random(LAYERS), (1, 2)),
    "inside.running_sum": lambda: inside.running_sum(TEN, [1.0] * 10, ["attention"] * 10, 10.0),
    "inside.columns": lambda: inside.columns(DICE.random(T) - 0.5, LABELS, 0, 3),
    "inside.ranked_bars": lambda: inside.ranked_bars(TEN, [1.0] * 10, TEN, 3),
    "data.rates": lambda: data.rates(NAMES, SHARES, ["24 of <26>"] * 5),
    "data.reasons": lambda: data.reasons(NAMES, [5, 4, 3, 2, 0]),
    "data.defects": lambda: data.defects(NAMES, [0.2] * 5, [0.1] * 5, ["5 of 50"] * 5),
    "data.s_curve": lambda: data.s_curve(
        ([0.0, 0.5, 1.0], [0.0, 0.3, 1.0]), [(0.5, SHARES[0], "<a>")], [(0.5, 1.0, "<b>")], 0.6
    ),
    "data.matter": lambda: data.matter(NAMES, [("<a>", SHARES), ("b", SHARES)], "share", True, "copies"),
    "data.remaining": lambda: data.remaining(NAMES, [9, 129, 200, 200, 200], 210, 200),
    "uses.skills": lambda: uses.skills([("chat", "plays <b>a</b> role", (0.5, 0.4, 0.6), 30)]),
    "limits.verdicts": lambda: limits.verdicts(
        NAMES, {kind: [0.2] * 5 for kind in ("right", "unknown", "wrong")}, SHARES, "<groups>", "date"
    ),
    "limits.answers": lambda: limits.answers(TEN, [0.1] * 10, ["#336699"] * 10),
    "limits.reliability": lambda: limits.reliability(np.linspace(0.1, 0.9, 5), SHARES, np.arange(1, 6)),
    "limits.beside": lambda: limits.beside(TEN, [0.1] * 10, [0.2] * 10),
    "limits.distance": lambda: limits.distance(LABELS, DICE.random(T - 1), DICE.random(T - 1), 3),
    "limits.risk": lambda: limits.risk({"<a>": ([0.1, 1.0], [0.0, 0.4])}, (0.1, 0.0)),
    "limits.detectors": lambda: limits.detectors({"entropy": ([0.0, 1.0], [0.0, 1.0], 0.5)}),
    "limits.singletons": lambda: limits.singletons([10, 100], {"seen once": [0.9, 0.2]}, 50, [(10, SHARES[0])]),
    "limits.knowledge": lambda: limits.knowledge(NAMES, [1.0] * 5, [2.0, 3, 4, 5, 0]),
    "limits.skew": lambda: limits.skew(NAMES, DICE.random(5), SHARES),
    "limits.scale": lambda: limits.scale([("<this>", 10.0, 1.0, 100.0)], {"GPT-3": 1e6, "a kettle": 0.1}, "kWh"),
    "limits.sizes": lambda: limits.sizes(["int8", "int4"], [2.0, 1.0], [40.0, 50.0], 39.0),
    "limits.suffering": lambda: limits.suffering(NAMES, ["0", "1"], DICE.random((5, 2))),
    "overview.vectors": lambda: overview.vectors(DICE.random((T, WIDTH)), LABELS),
    "overview.writes": lambda: overview.writes(DICE.random((LAYERS, T)), DICE.random((LAYERS, T)), LABELS),
    "sampling.shares": lambda: sampling.shares(range(5), [("parse", SHARES), ("truth", SHARES)], "temperature", "y"),
    "sampling.trade": lambda: sampling.trade(range(5), SHARES, NAMES, ("variety", "truth")),
    "sampling.window": lambda: sampling.window(list(range(1, T)), DICE.random((T - 1, 5)), LABELS[:5], 7),
    "sampling.position_loss": lambda: sampling.position_loss(DICE.random(128), DICE.random(128), np.arange(128)),
    "sampling.cache_cost": lambda: sampling.cache_cost([8, 16, 32], [0.001] * 3, [0.004] * 3),
    "sampling_search.beams": lambda: sampling_search.beams(SEARCH, {i: f"<t{i}>" for i in range(9)}),
    "sampling_search.rounds": lambda: sampling_search.rounds(ROUNDS, {i: f"<t{i}>" for i in range(9)}),
    "tokenization.counts": lambda: tokenization.counts(NAMES, [4, 8, 9, 9, 30], [16] * 5, [""] * 5),
    "tokenization.languages": lambda: tokenization.languages(TEN, NAMES[:4], [[10, 20, 30, 40]] * 10),
    "tokenization.learning_curve": lambda: tokenization.learning_curve(
        [(256 + i, 1 + i / 200) for i in range(200)], 1024, {"GPT-2": 3.5, "GPT-4": 3.6}
    ),
    "prompting.by_examples": lambda: prompting.by_examples(
        {"<b>model": SHARES, "wrong": SHARES}, SHARES, True, 2, [(0.1, 0.2)] * 3
    ),
    "prompting.by_step": lambda: prompting.by_step([0, 1, 10, 99, 1000], {"no example": SHARES}, [0.1] * 5, 10),
    "prompting.rates": lambda: prompting.rates(["<i>yours", *NAMES[1:]], SHARES, "share", 0.5),
    "prompting.budget": lambda: prompting.budget({"system prompt": (9, 0), "text": (40, 31)}, 31),
    "prompting.by_length": lambda: prompting.by_length([10, 50, 99, 150, 200], {"start": SHARES}, 128),
    "prompting.outcomes": lambda: prompting.outcomes({"<b>": {"executed": 0.1, "ignored": 0.9}}),
    "feedback.policies": lambda: feedback.policies(["a", "b"], {"reference": [0.5, 0.5], "π*": [0.1, 0.9]}),
    "feedback.over_optimised": lambda: feedback.over_optimised(
        range(9), range(9), range(9), (np.arange(60), np.arange(60)), 3.0, ["best of 2"] * 9, "d (α − β d)"
    ),
    "feedback.rated_texts": lambda: feedback.rated_texts([-9, -8], [-7, -9.5], [("<b>good", "bad")]),
    "feedback.bluffing": lambda: feedback.bluffing({"<b>free": {"known": (0.9, 0.0, 0.1), "not": (0, 0.5, 0.5)}}),
    "finetuning.likeliest": lambda: finetuning.likeliest(["<b>a", "b"], [0.5, 0.25]),
    "finetuning.movement": lambda: finetuning.movement(DICE.random((6, 7)), ["queries"] * 6 + ["<keys>"], "matrix"),
    "finetuning.neurons": lambda: finetuning.neurons(DICE.random((6, 320))),
    "finetuning.singular_values": lambda: finetuning.singular_values(range(160, 0, -1), 8),
    "finetuning.old_kinds": lambda: finetuning.old_kinds({"story": (30.0, 31.0), "code": (9.0, 8.5)}),
    "finetuning.forgetting": lambda: finetuning.forgetting(
        {"LoRA": [(0.5, (0.1, 0.05, 0.15), "<i>mine")], "all weights": [(1.5, (0.3, 0.2, 0.4), "other")]}, "other"
    ),
    "training.curves": lambda: training.curves(ROWS),
    "training.parameters": lambda: training.parameters(PARTS | {"total": sum(PARTS.values())}),
    "training.schedule": lambda: training.schedule(np.linspace(0, 1, 100), {"Muon": CURVE[:100], "AdamW": CURVE[:100]}),
    "training.memorisation": lambda: training.memorisation({"own": (range(20), range(20))}),
    "training.scaling": lambda: training.scaling(
        [1e5, 2e5, 4e5], [3.0, 2.5, 2.2], ([1e5, 8e5], [3.0, 2.0]), (8e5, 2.1, 1.9, 2.4), (8e5, 2.2), (8e5, 2.0)
    ),
    "training_update.losses": lambda: training_update.losses(LABELS, DICE.random(T), DICE.random(T)),
    "training_update.parts": lambda: training_update.parts(NAMES, [3.0] * 5, [0.01] * 5),
    "training_update.window": lambda: training_update.window(DICE.random((512, 128)), (300, 2)),
}  # fmt: skip
