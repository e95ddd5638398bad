"""What is known of a model without its weights, the error that says what is wrong with one, and JSON files.

No torch here.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.files import finite, write_atomically
from core.model.config import ModelConfig
from core.text import Tokenizer

CARDS = ("datacard.md", "croissant.json")  # of the corpus that was read: for people, and for programs
ELSEWHERE = "elsewhere"  # the kind of data in the card of a model that was not trained here
SMALL_TABLES = 2**22  # numbers (16 MB) that the smallest model may need for its positions


class CheckpointError(ValueError):
    """A checkpoint cannot be found, read or used; the message says which, and what to do."""


@dataclass(frozen=True)
class Stage:
    """A part of a model's life: from the weights at `first_step`, there before it, to those at `last_step`."""

    name: str  # "pretrain", "sft" or "preference"
    first_step: int
    last_step: int


@dataclass(frozen=True, eq=False, repr=False)
class Description:
    """What a checkpoint folder says of a model, at one step of its life, without its weights."""

    tokenizer: Tokenizer
    config: ModelConfig
    steps: tuple[int, ...]  # every step that can be loaded, rising
    step: int  # this one
    card: dict[str, Any]
    folder: Path
    name: str

    @property
    def stages(self) -> list[Stage]:
        """The stages of its life so far, in order, each beginning where the one before it ended."""
        return stages_of(self.card, self.steps[-1])

    @property
    def ends(self) -> dict[str, int]:
        """The step at which each kind of stage ended for the last time, by its name."""
        return {stage.name: stage.last_step for stage in self.stages}

    @property
    def read(self) -> dict[str, Any]:
        """What pre-training was reading by this step, as in TrainConfig; {} where the card does not say."""
        return self.parts_read[-1]

    @property
    def parts_read(self) -> list[dict[str, Any]]:
        """What each part of pre-training read, in order, of those that had begun by this step: see `read`."""
        return pretraining_data(self.card, self.step)

    @property
    def tinyland_read(self) -> list[dict[str, Any]]:
        """Those of `parts_read` that read Tinyland."""
        return [data for data in self.parts_read if data.get("kind") == "tinyland"]

    def has_read(self, kind: str) -> bool:
        """Whether documents of this kind of Tinyland are among what pre-training had read by this step."""
        return any(not data.get("weights") or kind in data["weights"] for data in self.tinyland_read)

    @property
    def taught_chats(self) -> bool:
        """Whether chats are among what it reads by this step: in a stage after pre-training, or with all else."""
        begun = [stage.name for stage in self.stages if stage.first_step < self.step]
        weights = self.read.get("weights")
        with_all = "pretrain" in begun and isinstance(weights, dict) and weights.get("chat", 0) > 0
        return with_all or any(name != "pretrain" for name in begun)

    def __repr__(self) -> str:
        c, kept = self.config, f", {len(self.steps)} steps from {self.steps[0]:,}" if len(self.steps) > 1 else ""
        return (
            f"{type(self).__name__}({self.name!r} at step {self.step:,}{kept}: "
            f"{c.n_layers} layers × {c.n_heads} heads, width {c.d_model}, context {c.context_length:,}, "
            f"vocabulary {c.vocab_size:,}, {c.parameter_count()['total']:,} parameters)"
        )


def stages_of(card: dict[str, Any], last_step: int) -> list[Stage]:
    """The stages that a card tells of. One that tells of none, or of none that can be, is of one stage."""
    given = card.get("stages")
    records = given if isinstance(given, list) and all(isinstance(one, dict) for one in given) else []
    begun = [(one.get("name"), one.get("first_step")) for one in records]
    firsts = [first for _, first in begun]
    sound = all(type(name) is str for name, _ in begun) and all(type(first) is int for first in firsts)
    if not begun or not sound or firsts[0] != 0 or firsts != sorted(firsts):
        begun, firsts = [("pretrain", 0)], [0]
    lasts = [*firsts[1:], max(last_step, firsts[-1])]
    return [Stage(str(name), first, last) for (name, first), last in zip(begun, lasts, strict=True)]


def told_stages(card: dict[str, Any]) -> list[dict[str, Any]]:
    """What a card tells of each stage; of one without stages, itself."""
    given = card.get("stages")
    return [one for one in given if isinstance(one, dict)] or [card] if isinstance(given, list) else [card]


def pretraining_data(card: dict[str, Any], step: int) -> list[dict[str, Any]]:
    """What a card tells of the data of pre-training: of its first part, and of those that went on with other text, as a
    life may before it is taught anything, and had begun before `step`."""
    first, *later = told_stages(card)
    going_on = [one for one in later if one.get("name") == "pretrain" and type(one.get("first_step")) is int]
    parts = [one.get("data") for one in (first, *(one for one in going_on if one["first_step"] < step))]
    return [data if isinstance(data, dict) else {} for data in parts]


def made_elsewhere(card: dict[str, Any]) -> bool:
    """Whether the life that a card tells of began elsewhere, whatever was learned here since: then nobody knows here
    what the model had read."""
    stages = card.get("stages")
    first = stages[0] if isinstance(stages, list) and stages and isinstance(stages[0], dict) else card
    data = first.get("data")
    return isinstance(data, dict) and data.get("kind") == ELSEWHERE


def check_context(config: ModelConfig) -> None:
    """ValueError for a context whose rotary tables alone would be larger than the model. No weight is as long as the
    context, so nothing else would stop a damaged file from asking for all memory."""
    tables, weights = 2 * config.context_length * config.d_head, config.parameter_count()["total"]
    if tables > max(weights, SMALL_TABLES):
        raise ValueError(
            f"a context_length of {config.context_length:,} is too long for a model of {weights:,} weights: "
            f"tables of positions alone would hold {tables:,} numbers"
        )


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file. Raises CheckpointError when it is missing, unreadable or something else."""
    where = f"{path.parent.name}/{path.name}"
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise CheckpointError(f"{where} is missing: {path.parent.name} is not a complete checkpoint folder") from None
    except OSError as error:
        raise CheckpointError(f"{where} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{where} is not valid JSON ({error}): restore the file") from None
    if not isinstance(data, dict):
        raise CheckpointError(f"{where} must hold a JSON object, not {type(data).__name__}")
    return data


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Write a JSON object; the file appears whole or not at all."""
    text = json.dumps(finite(data), indent=2, ensure_ascii=False, allow_nan=False)
    write_atomically(path, f"{text}\n".encode())


def is_stock(folder: Path) -> bool:
    """Whether a folder is in Hugging Face's layout: its config.json names a model_type, which ours has not."""
    try:
        return "model_type" in read_json(folder / "config.json")
    except CheckpointError:
        return False
