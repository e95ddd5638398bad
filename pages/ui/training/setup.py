"""Setting up a run: what the controls of the form mean, and the run they describe. `form` draws them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.model.config import ModelConfig
from core.text import SPECIAL_TOKENS, load_saved, saved_path, saved_tokenizers, tinyland
from core.training import TrainConfig
from core.training.schedule import lr_factor
from pages.ui import state
from pages.ui.training.settings import BLOCKS, KINDS, LIVE, MODEL, NEW, OWN, SIZES, TRAIN, key

KINDS_OF_DATA = {"tinyland": "Tinyland", "text": "Your text", "mixture": "Both"}
SHORTEST = 500  # characters of a training text
SHORT, OFTEN = 20_000, 5  # characters that a small model may learn by heart, and steps between its evaluations


def get(name: str) -> Any:  # noqa: ANN401 (each setting has its own type)
    """A setting as the form has it."""
    return state.get(key(name))


def control(name: str) -> dict[str, Any]:
    """Keyword arguments that make a widget the control of a setting."""
    return state.control(key(name))


def fill(values: Mapping[str, Any]) -> None:
    """Sets settings from a callback: a preset, or the settings of another run."""
    state.update(**{key(name): value for name, value in values.items()})


def suit() -> None:
    """How often a run is evaluated, as its corpus needs, unless the visitor has chosen: a short text is soon learned by
    heart, and the moment should be seen."""
    short = get("corpus") == "Your text" and len(get("text")) < SHORT
    if get("train_eval_every") in (OFTEN, TRAIN["eval_every"]):
        fill({"train_eval_every": OFTEN if short else TRAIN["eval_every"]})


def name_of(plan: "Plan") -> str:
    """A name for a run to which its owner gives none."""
    parts = [KINDS_OF_DATA[plan.config.data["kind"]].lower() if plan.text else "Tinyland"] if plan.config else []
    parts += [str(get(name)) for name in ("size", "blocks") if get(name)]
    return ", ".join(parts)


def resize() -> None:
    """The chosen size and blocks, written into every setting of the model."""
    chosen = OWN | SIZES.get(get("size"), {}) | BLOCKS.get(get("blocks"), {})
    fill({f"model_{name}": value for name, value in chosen.items()})


def copy(config: TrainConfig, text: str) -> None:
    """The settings of another run, written into the form; `text` is the one that it read, "" for none."""
    parts = config.data.get("parts", [config.data])
    weights = next((part.get("weights") for part in parts if part["kind"] == "tinyland"), None) or {}
    usual = tinyland.DEFAULT_WEIGHTS
    values = {f"weight_{kind}": weights.get(kind, usual[kind] if not weights else 0) / usual[kind] for kind in KINDS}
    values |= {f"train_{name}": getattr(config, name) for name in TRAIN}
    values |= {f"model_{name}": config.model.get(name, default) for name, default in MODEL.items()}
    kept = Path(config.tokenizer).stem if config.tokenizer else NEW
    values |= {"corpus": KINDS_OF_DATA[config.data["kind"]], "share": parts[0].get("share", 0.5), "text": text}
    fill(values | {"tokenizer": kept if kept in saved_tokenizers() else NEW, "size": None, "blocks": None})


@dataclass(frozen=True)
class Plan:
    """What the form describes. `problems` says by section why it cannot be trained; then `config` is None."""

    config: TrainConfig | None = None
    model: ModelConfig | None = None
    text: str | None = None
    problems: dict[str, str] = field(default_factory=dict)


def plan() -> Plan:
    """The run that the form describes, as far as it describes one."""
    problems: dict[str, str] = {}
    data, text = _data(problems)
    tokenizer, vocab_size = _tokenizer(problems)
    shape = {name: get(f"model_{name}") for name in MODEL if name not in OWN or get(f"model_{name}")}
    model = config = None
    try:
        model = ModelConfig.from_dict(shape | {"vocab_size": vocab_size})
    except ValueError as error:
        problems["model"] = str(error)
    settings = {name: get(f"train_{name}") for name in TRAIN}
    try:
        config = TrainConfig.from_dict(
            LIVE.to_dict()
            | settings
            | {"model": shape, "data": data, "tokenizer": tokenizer, "out": "runs/run", "keep_states": True}
        )
    except ValueError as error:
        problems["training"] = str(error)
    return Plan(None if problems else config, model, text, problems)


def _data(problems: dict[str, str]) -> tuple[dict[str, Any], str | None]:
    """The data of the run, and the visitor's text where it is part of them."""
    weights = {kind: tinyland.DEFAULT_WEIGHTS[kind] * float(get(f"weight_{kind}")) for kind in KINDS}
    usual = all(get(f"weight_{kind}") == 1 for kind in KINDS)
    world = {"kind": "tinyland", "weights": None if usual else weights}
    own = {"kind": "text", "path": "corpus.txt"}
    corpus, text = get("corpus"), get("text")
    if corpus != "Your text" and not any(weights.values()):
        problems["corpus"] = "No kind of document is left: give at least one of them some weight."
    if corpus == "Tinyland":
        return world, None
    if len(text) < SHORTEST:
        problems["corpus"] = f"{len(text):,} characters are too few: paste or upload at least {SHORTEST:,}."
    if corpus == "Your text":
        return own, text
    share = float(get("share"))
    return {"kind": "mixture", "parts": [world | {"share": share}, own | {"share": 1 - share}]}, text


def _tokenizer(problems: dict[str, str]) -> tuple[str | None, int]:
    """The file of the chosen tokenizer (None: a new one) and how many tokens it has."""
    name = get("tokenizer")
    if name == NEW:
        size = get("train_vocab_size")
        if size <= 256 + len(SPECIAL_TOKENS):
            problems["tokenizer"] = f"At least {257 + len(SPECIAL_TOKENS)}: 256 bytes, the special tokens and one more."
        return None, size
    try:
        return str(saved_path(name)), load_saved(name).vocab_size
    except (ValueError, OSError) as error:
        problems["tokenizer"] = str(error)
        return None, get("train_vocab_size")


def rates(config: TrainConfig, steps: int) -> tuple[list[float], dict[str, list[float]]]:
    """The schedule before it is used, by a run that will do `steps`: parts of its budget, and the rates of the
    optimizers there."""
    last = min(steps, 400)
    progress = [i / last for i in range(last + 1)]
    factors = [
        lr_factor(config.schedule, int(p * steps), p, config.warmup_steps, config.decay_fraction) for p in progress
    ]
    peaks = {"adamw": ("AdamW", config.adamw_lr), "sgd": ("SGD", config.sgd_lr)}
    named = dict([peaks[config.optimizer]]) if config.optimizer in peaks else {}
    named = named or {"matrices (Muon)": config.muon_lr, "embeddings, norms (AdamW)": config.adamw_lr}
    return progress, {name: [peak * factor for factor in factors] for name, peak in named.items()}
