"""The settings of the form for a run, as rows of the table of state. Links leave them out."""

from dataclasses import replace
from typing import get_args

from core.model.activations import ACTIVATIONS
from core.model.config import Norm, Position
from core.training.config import OPTIMIZERS, PRECISIONS, preset
from core.training.schedule import SCHEDULES
from pages.ui.properties import Property

NEW = "a new one, from these texts"
CORPORA = ("Tinyland", "Your text", "Both")
KINDS = {
    "story": "stories",
    "story_qa": "stories with questions",
    "entry": "facts about places and people",
    "list": "lists",
    "translation": "translations",
    "arithmetic": "sums",
    "code": "small programs",
    "recital": "nonsense, repeated",
    "once": "made-up names and numbers",
    "game": "rule games",
    "reference": "who is meant, and who has what",
    "birthday": "birthdays",
}
BLOCKS = {  # what tells the families of models apart
    "Ours": {"norm": "rmsnorm", "position": "rotary", "activation": "relu2", "bias": False, "qk_norm": True},
    "GPT-2": {"norm": "layernorm", "position": "learned", "activation": "gelu_tanh", "bias": True, "qk_norm": False},
    "Llama": {"norm": "rmsnorm", "position": "rotary", "activation": "swiglu", "bias": False, "qk_norm": False},
}
SIZES = {
    "Tiny": {"n_layers": 1, "n_heads": 2, "d_model": 32, "context_length": 64},
    "Small": {"n_layers": 2, "n_heads": 4, "d_model": 96, "context_length": 128},
    "Medium": {"n_layers": 4, "n_heads": 4, "d_model": 128, "context_length": 128},
    "As shipped": {
        name: preset("tinyland").model[name] for name in ("n_layers", "n_heads", "d_model", "context_length")
    },
}
SMALL, OURS, LIVE = SIZES["Small"], BLOCKS["Ours"], preset("live")
RATES = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 3.0)

MODEL_ROWS = (  # by the names of ModelConfig; those of OWN: 0 is what it makes of the others
    Property("n_layers", int, SMALL["n_layers"], 1, 12),
    Property("d_model", int, SMALL["d_model"], 8, 768, 8),
    Property("n_heads", int, SMALL["n_heads"], 1, 32),
    Property("n_kv_heads", int, 0, 0, 32),
    Property("d_head", int, 0, 0, 256),
    Property("d_mlp", int, 0, 0, 4096, 8),
    Property("context_length", int, SMALL["context_length"], 8, 512, 8),
    Property("norm", str, OURS["norm"], options=get_args(Norm)),
    Property("norm_eps", float, 1e-5, 1e-8, 1e-2, 1e-6),
    Property("position", str, OURS["position"], options=get_args(Position)),
    Property("rope_theta", float, 10_000.0, 10.0, 1e7, 1000.0),
    Property("activation", str, OURS["activation"], options=tuple(ACTIVATIONS)),
    Property("tie_embeddings", bool, True),
    Property("bias", bool, OURS["bias"]),
    Property("qk_norm", bool, OURS["qk_norm"]),
)
OWN = {"n_kv_heads": 0, "d_mlp": 0, "d_head": 0}
TRAIN_ROWS = (  # by the names of TrainConfig
    Property("optimizer", str, LIVE.optimizer, options=OPTIMIZERS),
    Property("muon_lr", float, LIVE.muon_lr, options=RATES),
    Property("adamw_lr", float, LIVE.adamw_lr, options=RATES),
    Property("sgd_lr", float, LIVE.sgd_lr, options=RATES),
    Property("momentum", float, LIVE.momentum, 0, 0.99, 0.01),
    Property("beta1", float, LIVE.beta1, 0, 0.99, 0.01),
    Property("beta2", float, LIVE.beta2, 0, 0.999, 0.01),
    Property("weight_decay", float, LIVE.weight_decay, 0, 1, 0.01),
    Property("schedule", str, LIVE.schedule, options=SCHEDULES),
    Property("warmup_steps", int, LIVE.warmup_steps, 0, 2000),
    Property("decay_fraction", float, LIVE.decay_fraction, 0, 1, 0.01),
    Property("clip", float, LIVE.clip, 0.01, 1e6, 0.01),
    Property("steps", int, LIVE.steps, 10, 20_000, 10),
    Property("seconds", float, LIVE.seconds, 5, 3600, 5),
    Property("documents_per_step", int, LIVE.documents_per_step, 1, 256),
    Property("batch_tokens", int, LIVE.batch_tokens, 64, 16384, 64),
    Property("eval_every", int, LIVE.eval_every, 5, 1000),
    Property("snapshots", int, LIVE.snapshots, 2, 40),
    Property("vocab_size", int, LIVE.vocab_size, 264, 4096, 8),
    Property("precision", str, LIVE.precision, options=PRECISIONS),
    Property("seed", int, LIVE.seed, 0, 9999),
    Property("target_loss", float, LIVE.target_loss, 0.01, 10, 0.01),
    Property("patience", int, LIVE.patience, 1, 100),
)
FORM_ROWS = (
    Property("corpus", str, CORPORA[0], options=CORPORA),
    Property("share", float, 0.5, 0.05, 0.95, 0.05),
    Property("text", str, ""),
    Property("tokenizer", str, NEW),
    Property("size", str, "Small", options=tuple(SIZES)),
    Property("blocks", str, "Ours", options=tuple(BLOCKS)),
    Property("name", str, ""),
    *(Property(f"weight_{kind}", float, 1.0, 0, 4, 0.25) for kind in KINDS),
)
MODEL = {row.name: row.default for row in MODEL_ROWS}
TRAIN = {row.name: row.default for row in TRAIN_ROWS}


def key(name: str) -> str:
    """A setting's name in the table of state."""
    return f"setup_{name}"


SETTINGS: dict[str, Property] = {
    row.name: row
    for prefix, rows in (("model_", MODEL_ROWS), ("train_", TRAIN_ROWS), ("", FORM_ROWS))
    for row in (replace(one, name=key(prefix + one.name)) for one in rows)
}
