"""What a run says about itself: the fields of its evaluations, its card, and why it ended."""

from dataclasses import asdict
from typing import Any

from core.model import ModelConfig
from core.text.tinyland import HELD_OUT_SEED
from core.training.config import TrainConfig
from core.training.costs.measure import WATTS_PER_CORE, watt_hours
from core.training.disk.rows import Row
from core.training.disk.state import Position
from core.training.evaluate import Evaluation


def evaluation_fields(evaluation: Evaluation) -> Row:
    """An evaluation under the names that metrics.jsonl uses; one field only for plain text."""
    row: Row = {"val_loss_per_token": evaluation.loss_per_token}
    if evaluation.by_kind is None or evaluation.loss_per_document is None or evaluation.floor_per_document is None:
        return row
    row["val_loss_per_document"], row["by_kind"] = evaluation.loss_per_document, evaluation.by_kind
    row["floor_per_document"] = evaluation.floor_per_document
    if evaluation.floor_per_token is not None:
        row["floor_per_token"] = evaluation.floor_per_token
    if evaluation.excess_error_per_document is not None:
        row["excess_error_per_document"] = evaluation.excess_error_per_document
    return row


def describe(config: TrainConfig, model_config: ModelConfig) -> dict[str, Any]:
    """The card of a run, as far as it is known before the first update."""
    data = dict(config.data)
    if data["kind"] == "tinyland":
        data |= {"seed": data.get("seed", 0), "held_out_seed": HELD_OUT_SEED}
    return {
        "data": data,
        "seed": config.seed,
        "parameters": model_config.parameter_count(),
        "stages": stage_records(config),
        "recipe": {k: v for k, v in config.to_dict().items() if k not in ("out", "data", "model", "seed", "parent")},
    }


def stage_records(config: TrainConfig, ended: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """What the card tells of each stage of the life, the parent's first. ended: what is known of this one by now."""
    own = {
        "name": config.stage,
        "first_step": config.first_step,
        "data": config.data,
        "replay": config.replay,
        "loss_on": LOSS_ON[config.stage],
        "settings": settings(config),
    }
    if config.parent:
        own["parent"] = {name: config.parent.get(name) for name in ("checkpoint", "step")}
    return [*(config.parent or {}).get("stages", []), own | (ended or {})]


def settings(config: TrainConfig) -> dict[str, Any]:
    """Those of a stage as later ones keep them: without its place, the model, and the stages before it."""
    kept = {name: value for name, value in config.to_dict().items() if name not in ("out", "model", "parent")}
    parent = {name: value for name, value in (config.parent or {}).items() if name != "stages"}
    return kept | {"parent": parent or None}


LOSS_ON = {
    "pretrain": "every token",
    "sft": "what the assistant says, and every token of what is replayed",
    "preference": "the model's own answers, by how they are graded; what is replayed as in sft",
}


def results(
    config: TrainConfig, position: Position, evaluation: Evaluation, documents: int, too_long: int
) -> dict[str, Any]:
    """What the card gains at the end. documents: held-out ones of the evaluation, at most. The costs are those of the
    whole life; `stages` tells those of each."""
    before = config.parent or {}
    seconds = position.seconds - before.get("seconds", 0.0)
    ended = {
        "last_step": position.step,
        "tokens": position.tokens - before.get("tokens", 0),
        "seconds": round(seconds, 1),
        "flops": position.flops - before.get("flops", 0.0),
        "watt_hours": round(watt_hours(seconds, config.threads), 2),
        "evaluation": asdict(evaluation) | {"documents": documents},
    }
    return {
        "stages": stage_records(config, ended),
        "step": position.step,
        "tokens": position.tokens,
        "seconds": round(position.seconds, 1),
        "flops": position.flops,
        "evaluation": asdict(evaluation) | {"documents": documents},
        "energy": {
            "watt_hours": round(watt_hours(position.seconds, config.threads), 2),
            "assumption": f"{WATTS_PER_CORE:g} W per busy core × {config.threads} cores × seconds; not measured",
        },
        "too_long_documents": too_long,
    }


def failure(grad_norm: float, config: TrainConfig, position: Position) -> str:
    """What to tell a person whose run diverged; grad_norm: of the last update."""
    used = {"muon": ("muon", "adamw"), "adamw": ("adamw",), "sgd": ("sgd",)}[config.optimizer]
    peaks = config.rates(1.0, position.lr)
    rates = ", ".join(f"{name} {peaks[name]:g}" for name in used)
    return (
        f"The loss is no longer a number (gradient norm {grad_norm:g}): training diverged. "
        f"Usual cause: a learning rate that is too high ({rates}) or "
        f"too short a warm-up ({config.warmup_steps} steps). The snapshots before this step are intact."
    )


def judge(config: TrainConfig, wishes: dict[str, Any], position: Position, val_loss: float) -> str | None:
    """Notes an evaluation's loss per token in `position`; why a stop condition ends the run now, None when none does.

    `wishes` (control.json) replace the conditions of the configuration.
    """
    if position.best is None or val_loss < position.best:
        position.best, position.stale = val_loss, 0
    else:
        position.stale += 1
    target = wishes.get("target_loss", config.target_loss)
    patience = wishes.get("patience", config.patience)
    if target is not None and val_loss <= target:
        return f"reached the target: held-out loss {val_loss:.4f} ≤ {target:g} nats per token"
    if patience is not None and position.stale >= patience:
        many = "s" if position.stale > 1 else ""
        return f"no improvement in {position.stale} evaluation{many}: the best held-out loss stays {position.best:.4f}"
    return None
