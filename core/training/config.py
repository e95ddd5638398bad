"""What a training run is made of: one frozen, validated dataclass that travels as JSON."""

import json
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_args, get_origin

from core.text.tinyland import HELD_OUT_SEED
from core.training.preference.config import METHODS, Preference
from core.training.schedule import SCHEDULES
from core.training.tuning_config import Tuning

OPTIMIZERS = ("muon", "adamw", "sgd")
MASKS = ("assistant", "all")
REPLAYS = ("old", "own")
STAGES = ("pretrain", "sft", "preference")
LARGEST = 1e30  # number that a setting may be
OWN_SAMPLES = "own_samples.json"  # in the folder of a run: what its parent wrote, as lists of ids
PRECISIONS = ("auto", "bfloat16", "float32")


@dataclass(frozen=True)
class TrainConfig:
    """Settings of one run. `TrainConfig.from_dict(json.loads(text))` restores what `to_dict` gave.

    model: fields of ModelConfig except `vocab_size`, which the tokenizer decides.
    data: {"kind": "tinyland", "seed": 0, "weights": {kind: weight} or None, "documents": of the whole run or None},
    {"kind": "text", "path": "corpus.txt"} (in the run's folder, or any path), {"kind": "mixture", "parts":
    [{"share": 2, "kind": …}, …]}; of chats {"kind": "chats", "seed", "weights", "count": only so many, or None}, or
    {"kind": "messages", "path": "chats.jsonl"}, both with "mask": what counts in the loss, "assistant" or "all".
    tokenizer: path of a tokenizer.json; None trains one of `vocab_size` tokens on the data.
    batch_tokens: tokens per update. A Tinyland step takes `documents_per_step` whole documents instead.
    micro_batch_tokens: how many tokens, padding included, go through the model at once.
    seconds: when set, the run (and its schedule) ends after this time or after `steps`, whichever comes first.
    target_loss, patience: end early at this held-out loss (nats per token), or after so many evaluations without a
    lower one. keep_states: keep the optimizer's state with every snapshot, so that forks continue exactly.
    precision: of the working weights and gradients; "auto" is what the machine that begins the run is fastest in.
    init_scale multiplies the first matrices (0: all zero). causal=False leaves out the mask in training (a mistake).
    stage: "pretrain", "sft" or "preference"; the latter two go on from `parent`, {"checkpoint": a name or a folder,
    "step": one of its steps or None}, whose model and tokenizer they take. So does pre-training that goes on with other
    text. Steps and costs count on from there; `steps` and `seconds` are those of the stage. replay: the part of its
    tokens that is what the parent's pre-training read last.
    replay_of: "old", that text, or "own", what the parent itself writes when it is asked for nothing (drawn once,
    at the beginning). tuning: fields of Tuning, of every stage but the first. preference: fields of Preference.
    """

    out: str = "runs/run"
    model: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=lambda: {"kind": "tinyland"})
    tokenizer: str | None = None
    vocab_size: int = 2048
    tokenizer_documents: int = 20_000
    optimizer: str = "muon"
    muon_lr: float = 0.02
    adamw_lr: float = 0.01
    sgd_lr: float = 0.3
    momentum: float = 0.95
    beta1: float = 0.9
    beta2: float = 0.95
    weight_decay: float = 0.0
    schedule: str = "wsd"
    warmup_steps: int = 50
    decay_fraction: float = 0.4
    clip: float = 1.0
    steps: int = 1000
    seconds: float | None = None
    target_loss: float | None = None
    patience: int | None = None
    documents_per_step: int = 64
    batch_tokens: int = 8192
    micro_batch_tokens: int = 2048
    log_every: int = 10
    eval_every: int = 100
    eval_documents: int = 200
    final_eval_documents: int = 2000
    snapshots: int = 14
    keep_states: bool = False
    precision: str = "auto"
    threads: int = 2
    seed: int = 0
    init_scale: float = 1.0
    causal: bool = True
    stage: str = "pretrain"
    parent: dict[str, Any] | None = None
    replay: float = 0.0
    replay_of: str = "old"
    tuning: dict[str, Any] = field(default_factory=dict)
    preference: dict[str, Any] = field(default_factory=dict)

    @property
    def first_step(self) -> int:
        """The step whose weights the run begins from."""
        return int((self.parent or {}).get("step") or 0)

    @property
    def last_step(self) -> int:
        """The step at which it ends, unless time runs out or a condition is met before."""
        return self.first_step + self.steps

    @property
    def peak_lr(self) -> float:
        """The peak learning rate of the main optimizer, the one on the curve."""
        return float(getattr(self, f"{self.optimizer}_lr"))

    def progress(self, step: int, seconds: float) -> float:
        """The part of the budget that is spent: of steps, or of seconds where these run out first. What the
        parent spent does not count."""
        before = (self.parent or {}).get("seconds", 0.0)
        of_time = (seconds - before) / self.seconds if self.seconds else 0.0
        return min(1.0, max((step - self.first_step) / self.steps, of_time))

    def rates(self, factor: float, peak: float | None = None) -> dict[str, float]:
        """The rates of one update by optimizer: `factor` of the peaks, all in ratio to the main one, `peak`."""
        factor *= (self.peak_lr if peak is None else peak) / self.peak_lr
        return {"muon": self.muon_lr * factor, "adamw": self.adamw_lr * factor, "sgd": self.sgd_lr * factor}

    def __post_init__(self) -> None:
        for f in fields(self):
            _check_type(f.name, getattr(self, f.name), f.type)
        for name in (
            "steps",
            "documents_per_step",
            "batch_tokens",
            "micro_batch_tokens",
            "log_every",
            "eval_every",
            "eval_documents",
            "final_eval_documents",
            "tokenizer_documents",
            "threads",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in ("muon_lr", "adamw_lr", "sgd_lr", "clip"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)}")
        for name in ("momentum", "beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be in [0, 1), not {getattr(self, name)}")
        for name in ("weight_decay", "warmup_steps", "seed", "init_scale"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, not {getattr(self, name)}")
        if not 0 <= self.decay_fraction <= 1:
            raise ValueError(f"decay_fraction must be in [0, 1], not {self.decay_fraction}")
        if self.snapshots < 2:
            raise ValueError(f"snapshots must be at least 2 (the first step and the last), not {self.snapshots}")
        if self.seconds is not None and not self.seconds > 0:
            raise ValueError(f"seconds must be above 0, or null for no limit, not {self.seconds!r}")
        for name, least in (("target_loss", 0), ("patience", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name} must be at least {least}, or null, not {value!r}")
        _one_of("optimizer", self.optimizer, OPTIMIZERS)
        _one_of("schedule", self.schedule, SCHEDULES)
        _one_of("precision", self.precision, PRECISIONS)
        _one_of("stage", self.stage, STAGES)
        _check_parent(self.stage, self.parent)
        if not 0 <= self.replay < 1:
            raise ValueError(f"replay must be at least 0 and below 1, not {self.replay}")
        _one_of("replay_of", self.replay_of, REPLAYS)
        if self.stage == "pretrain" and self.tuning:
            raise ValueError("tuning is for the stages after pre-training")
        Tuning.from_dict(self.tuning)
        if self.stage == "preference":
            Preference.from_dict(self.preference)
        if "vocab_size" in self.model:
            raise ValueError("model.vocab_size is decided by the tokenizer: set vocab_size or tokenizer instead")
        _check_data(self.data)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "TrainConfig":
        """Missing fields take their defaults; unknown ones raise ValueError."""
        if not isinstance(values, dict):
            raise ValueError(f"a training configuration is a JSON object, not {type(values).__name__}")
        unknown = values.keys() - {f.name for f in fields(cls)}
        if unknown:
            raise ValueError(f"unknown training settings: {', '.join(sorted(unknown))}")
        return cls(**values)

    @classmethod
    def load(cls, path: str | Path) -> "TrainConfig":
        """Read a JSON file; what is wrong with it is a ValueError."""
        where = f"the training configuration {Path(path).parent.name}/{Path(path).name}"
        try:
            return cls.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
        except OSError as error:
            raise ValueError(f"cannot read {where}: {error.strerror}") from error
        except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            raise ValueError(f"cannot read {where}: {error}") from error


def preset(name: str, **changes: Any) -> TrainConfig:  # noqa: ANN401 (its fields have many types)
    """A named recipe with some fields changed: "tinyland" makes the shipped model, "live" is for a class."""
    if name not in PRESETS:
        raise ValueError(f"unknown preset {name!r}: choose one of {', '.join(PRESETS)}")
    return replace(PRESETS[name], **changes)


def _check_type(name: str, value: object, annotation: object) -> None:
    """Raise ValueError unless a field's value is what its annotation says, as JSON gives it."""
    kind = get_args(annotation)[0] if type(None) in get_args(annotation) else get_origin(annotation) or annotation
    if kind is not annotation and kind is not dict and value is None:
        return
    if kind in (int, float):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{name} must be a number, not {value!r}")
        if not abs(value) <= LARGEST:
            raise ValueError(f"{name} must be finite, and at most {LARGEST:.0e}, not {value!r}")
        if kind is int and value != int(value):
            raise ValueError(f"{name} must be a whole number, not {value!r}")
    for type_, words in ((bool, "true or false"), (str, "a text"), (dict, "a JSON object")):
        if kind is type_ and not isinstance(value, type_):
            raise ValueError(f"{name} must be {words}, not {value!r}")


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}")


def _check_parent(stage: str, parent: dict[str, Any] | None) -> None:
    if stage != "pretrain" and parent is None:
        raise ValueError(
            f"the stage {stage} goes on from a model: say which, as parent (--parent NAME or --parent NAME@STEP)"
        )
    step = parent.get("step") if parent else None
    if parent and not (isinstance(parent.get("checkpoint"), str) and parent["checkpoint"]):
        raise ValueError("parent.checkpoint must name a model or a folder")
    if step is not None and (type(step) is not int or step < 0):
        raise ValueError(f"parent.step must be one of its steps, or null for the last, not {step!r}")


DATA_FIELDS = {
    "tinyland": {"kind", "seed", "weights", "documents"}, "chats": {"kind", "seed", "weights", "count", "mask"},
    "messages": {"kind", "path", "mask"}, "samples": {"kind", "path"},
    "text": {"kind", "path"}, "mixture": {"kind", "parts"},
}  # fmt: skip


def _check_data(data: dict[str, Any]) -> None:
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind not in DATA_FIELDS:
        raise ValueError(f"data.kind must be one of {', '.join(DATA_FIELDS)}, not {kind!r}")
    if data.keys() - DATA_FIELDS[kind]:
        raise ValueError(f"unknown data settings: {', '.join(sorted(data.keys() - DATA_FIELDS[kind]))}")
    if "path" in DATA_FIELDS[kind] and not isinstance(data.get("path"), str):
        raise ValueError("data.path must name a file")
    if data.get("mask", "assistant") not in MASKS:
        raise ValueError(f"data.mask must be one of {', '.join(MASKS)}, not {data['mask']!r}")
    if kind in ("tinyland", "chats"):
        _check_weights(data.get("weights"))
        seed = data.get("seed", 0)
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0 or seed == HELD_OUT_SEED:
            raise ValueError(f"data.seed must be a whole number from 0, other than {HELD_OUT_SEED} (held out)")
        for name in ("documents", "count"):
            number = data.get(name)
            if number is not None and (type(number) is not int or number < 1):
                raise ValueError(f"data.{name} must be a whole number from 1, or null, not {number!r}")
    if kind == "mixture":
        _check_parts(data.get("parts"))


def _check_weights(weights: object) -> None:
    """None, or how often each kind of document comes; what kinds there are is for Tinyland to say."""
    values = list(weights.values()) if isinstance(weights, dict) else [] if weights is None else [-1]
    if not all(type(value) in (int, float) and 0 <= value <= LARGEST for value in values):
        raise ValueError(f"data.weights must be a table of numbers from 0, or null, not {weights!r}")


def _check_parts(parts: object) -> None:
    if not isinstance(parts, list) or not parts:
        raise ValueError("data.parts must list the parts of the mixture")
    for part in parts:
        share = part.get("share") if isinstance(part, dict) else None
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share <= LARGEST:
            raise ValueError(f"every part of a mixture needs a share above 0, not {share!r}")
        if part.get("kind") == "mixture":
            raise ValueError("a mixture cannot hold another mixture")
        _check_data({name: value for name, value in part.items() if name != "share"})


_FAMILY = {"norm": "rmsnorm", "position": "rotary", "tie_embeddings": True, "bias": False, "qk_norm": True}
_RELU2 = {**_FAMILY, "activation": "relu2"}
_QWEN3 = {**_FAMILY, "activation": "swiglu"}  # what the stock class Qwen3ForCausalLM computes
_TINYLAND = {"context_length": 256, "n_layers": 6, "n_heads": 5, "d_model": 160}

PRESETS = {
    # 1.87 M parameters: twenty snapshots of them stay under 80 MB.
    "tinyland": TrainConfig(
        out="runs/tinyland",
        model={**_TINYLAND, "d_mlp": 320, **_QWEN3},
        data={"kind": "tinyland", "documents": 34_000 * 128}, vocab_size=2048, documents_per_step=128,
        micro_batch_tokens=2048, steps=34_000,
        warmup_steps=50, muon_lr=0.006, adamw_lr=0.003, decay_fraction=0.85, eval_every=250, eval_documents=500,
        final_eval_documents=5000, log_every=10, snapshots=12,
    ),
    "live": TrainConfig(
        out="runs/live",
        model={"context_length": 128, "n_layers": 2, "n_heads": 4, "d_model": 96, **_RELU2},
        vocab_size=768, tokenizer_documents=1000, documents_per_step=16, batch_tokens=2048, steps=2000, seconds=75,
        warmup_steps=20, eval_every=50, eval_documents=48, final_eval_documents=200, log_every=5, threads=1,
    ),
}  # fmt: skip
PRESETS["tinyland-relu2"] = replace(
    PRESETS["tinyland"], out="runs/tinyland-relu2", model={**_TINYLAND, **_RELU2}
)  # the shape before, 2.17 M parameters: ReLU² in place of SwiGLU
_AFTER_ALL = TrainConfig(  # what the stages after pre-training share: ten minutes each at the most
    stage="sft", parent={"checkpoint": "tinyland"}, data={"kind": "chats"}, replay=0.2, seconds=600.0, warmup_steps=20,
    decay_fraction=1.0, eval_documents=300, final_eval_documents=1000, snapshots=5,
)  # fmt: skip
# Tasks are a third of the chats: each is rarer than any question, and has more to learn. Measured: with half of them
# tasks, 1 answer of 10 to questions was wrong, half of those of one word and every sum of one word; and with twice the
# batch, so half the updates in the same time, 90 % of the tasks were done in place of 99 %.
_CHATS = {"chat": 0.45, "chat_topic": 0.15, "chat_role": 0.08, "chat_task": 0.32}
PRESETS["sft"] = replace(
    _AFTER_ALL, out="runs/sft", data={"kind": "chats", "weights": _CHATS}, replay=0.25, steps=3600,
    batch_tokens=3072, muon_lr=0.004, adamw_lr=0.002,
)  # fmt: skip
for _method in METHODS:
    PRESETS[_method] = replace(
        _AFTER_ALL, out=f"runs/{_method}", stage="preference", preference={"method": _method}, steps=300,
        precision="float32", optimizer="adamw", adamw_lr=3e-4, eval_every=25, log_every=1, batch_tokens=2048,
    )  # fmt: skip
# More questions with fewer answers each, since groups whose answers earn the same teach nothing. Measured: 16 questions
# with 8 answers each left 16 % of the answers about strangers invented; of 32, three fifths of them about what may be
# known, 4.7 points of the tasks were lost, of 48, about three quarters, 1.5.
PRESETS["grpo"] = replace(
    PRESETS["grpo"], steps=550, adamw_lr=2e-4, precision="auto",
    preference={"method": "grpo", "prompts": 48, "samples": 4, "known": 0.75},
)  # fmt: skip
