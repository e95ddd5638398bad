"""What the form describes: a stage of supervised fine-tuning, as far as it can be run."""

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.text import tinyland
from core.training.config import TrainConfig, preset
from core.training.costs.need import check_memory, micro_batch_tokens
from core.training.tuning_config import MATRICES, Tuning
from core.tuning.messages import Chat, ChatError, mark_chat, read_jsonl, turns_of
from pages.ui import state
from pages.ui.finetuning import own
from pages.ui.finetuning.settings import OWN, REPLAYS, TASKS, WAY_NAMES, key
from pages.ui.opened import from_elsewhere

if TYPE_CHECKING:
    from core.model import Description

CHATS_PER_STEP = 32
SAMPLE = 60  # chats that tell how long they are
LONGEST_RUN = 240.0  # seconds
EVALUATIONS = 6  # on the way
LARGE = {"snapshots": 2, "keep_states": False, "eval_documents": 24, "final_eval_documents": 24}  # made elsewhere
USUAL_MATRICES = [name for name in MATRICES if name != "embed"]


@dataclass(frozen=True)
class Plan:
    """`problems` says by control why it cannot be run; then `config` is None. share: the part of the weights that are
    trained; chats: the text to keep with the run, None where Tinyland writes them."""

    config: TrainConfig | None = None
    chats: str | None = None
    trained: int = 0
    total: int = 0
    problems: dict[str, str] = field(default_factory=dict)


def get(name: str) -> Any:  # noqa: ANN401 (each setting has its own type)
    """A setting as the form has it."""
    return state.get(key(name))


def tuning_of(base: "Description") -> dict[str, Any]:
    """The settings of core.training.tuning_config.Tuning; matrices that the model lacks are left out."""
    way = get("way")
    if way == "lora":
        has = [name for name in MATRICES if name != "gate" or base.config.gated]
        chosen = st.session_state.get("teach_matrices")
        kept = [name for name in (chosen if chosen is not None else USUAL_MATRICES) if name in has]
        return {"way": way, "rank": get("rank"), "alpha": float(get("alpha")), "matrices": kept}
    if way == "layers":
        chosen = st.session_state.get("teach_layers") or []
        return {"way": way, "layers": [int(layer) for layer in chosen if int(layer) < base.config.n_layers]}
    return {}


def plan(base: "Description") -> Plan:
    """The run that the form describes, from this base."""
    problems: dict[str, str] = {}
    task, chats = state.get("task"), None
    mask = {"mask": state.get("mask")} if state.get("mask") != "assistant" else {}
    if task == OWN:
        chats, data = own.text(), {"kind": "messages", "path": "chats.jsonl", **mask}
        if message := own.problem():
            problems["chats"] = message
        count = len(read_jsonl(chats)[0]) * 9 // 10
    else:
        count = get("count")
        data = {"kind": "chats", "count": count, "weights": TASKS[task], **mask}
    try:
        mean = mean_length(base, task, chats)
    except ChatError as error:
        return Plan(problems=problems | {"chats": str(error)})
    tuning, config = tuning_of(base), None
    total = base.config.parameter_count()["total"]
    try:
        trained = parameters(base, tuning)
    except ValueError as error:
        return Plan(problems=problems | {"way": str(error)})
    try:
        check_memory(base.config)
    except ValueError as error:  # CheckpointError says how much is missing
        problems["way"] = f"{str(error)[:1].upper()}{str(error)[1:]}."
    replay = 0.0 if get("replay") == REPLAYS[0] else float(get("share"))
    per_step = max(1, min(CHATS_PER_STEP, count))
    steps = max(1, -(-count * get("epochs") // per_step))
    try:
        config = TrainConfig.from_dict(
            preset("sft").to_dict()
            | {
                "parent": {"checkpoint": base.name, "step": base.step}, "data": data, "tuning": tuning,
                "replay": replay,
                "replay_of": "own" if get("replay") == REPLAYS[2] else "old",
                "optimizer": "muon" if get("way") == "full" else "adamw", "muon_lr": 2 * get("rate"),
                "adamw_lr": get("rate"), "steps": steps,
                "seconds": LONGEST_RUN, "documents_per_step": per_step, "seed": get("seed"),
                "batch_tokens": max(64, round(per_step * mean / (1 - replay))), "warmup_steps": min(10, steps),
                "eval_every": max(1, steps // EVALUATIONS), "eval_documents": 64, "final_eval_documents": 128,
                "log_every": max(1, steps // 60), "snapshots": 5, "keep_states": True, "out": "runs/run",
                "micro_batch_tokens": micro_batch_tokens(base.config, 2048),
            }
            | (LARGE if from_elsewhere(base.card) else {})
        )  # fmt: skip
    except ValueError as error:
        problems["way"] = str(error)
    return Plan(None if problems else config, chats, trained, total, problems)


def mean_length(base: "Description", task: str, chats: str | None) -> float:
    """Tokens of a chat, about. Raises ChatError where the tokenizer cannot write it."""
    some = _tinyland(task) if chats is None else read_jsonl(chats)[0][:SAMPLE]
    found = [mark_chat(base.tokenizer, chat).ids for chat in some]
    return sum(map(len, found)) / len(found) if found else 1.0


@lru_cache(maxsize=16)
def _tinyland(task: str) -> list[Chat]:
    return [turns_of(d.text) for d in tinyland.documents(0, 0, SAMPLE, TASKS[task])]


def parameters(base: "Description", tuning: dict[str, Any]) -> int:
    """How many numbers are trained. Raises ValueError where that is none."""
    from core.model.checkpoint import parameter_shapes

    chosen = Tuning.from_dict(tuning)
    shapes = {name: shape for name, shape in parameter_shapes(base.config).items() if chosen.trains(name)}
    if chosen.way == "lora":
        return sum(chosen.rank * (shape[0] + shape[1]) for shape in shapes.values())
    return sum(math.prod(shape) for shape in shapes.values())


def name_of() -> str:
    """A name for a run to which its visitor gives none."""
    way = WAY_NAMES[get("way")] + (f" {get('rank')}" if get("way") == "lora" else "")
    replay = "" if get("replay") == REPLAYS[0] else f", replay of {get('replay')}"
    wrong = ", wrong mask" if state.get("mask") == "all" else ""
    return f"{state.get('task')}, {way}{replay}{wrong}"[:60]
