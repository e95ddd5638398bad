"""What the form describes: a run of preference tuning on comparisons, as far as it can be run."""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from typing import Any

from core.analysis.skills.honesty import ASSISTANT, questions
from core.training.config import DATA_FIELDS, TrainConfig, preset
from core.training.costs.need import check_memory, micro_batch_tokens
from core.training.preference.config import COMPARISONS, FEWEST
from core.tuning.comparisons import TOKENS, decided, export_pairs
from pages.ui import state
from pages.ui.feedback.rate import ratings
from pages.ui.feedback.settings import ASKED, METHOD_NAMES, MINE, REWARDS, key
from pages.ui.opened import from_elsewhere
from pages.ui.view import View

LONGEST_RUN = 300.0  # seconds
EVALUATIONS = 10  # on the way
HELD_OUT = 48  # documents that tell what is forgotten
QUESTIONS = 64
LARGE: dict[str, Any] = {  # what is made elsewhere: LoRA, and little on the disk
    "tuning": {"way": "lora", "rank": 8, "alpha": 16.0}, "snapshots": 2, "keep_states": False,
    "eval_documents": 16, "final_eval_documents": 16,
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """The run, the files that go with it, and why it cannot be run: then `config` is None."""

    config: TrainConfig | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    problem: str | None = None


def get(name: str) -> Any:  # noqa: ANN401 (each setting has its own type)
    """A setting as the form has it."""
    return state.get(key(name))


@lru_cache(maxsize=1)
def _questions() -> list[str]:
    return [question.prompt for question in islice(questions(0.6), QUESTIONS)]


def plan(view: View) -> Plan:
    """The run that the form describes, from the model and the text in the sidebar."""
    method, taste, steps = get("method"), state.get("rater"), get("steps")
    settings: dict[str, Any] = {"method": method, "beta": float(get("beta")), "max_new_tokens": TOKENS,
                                "prompts": get("prompts"), "samples": get("samples")}  # fmt: skip
    files: dict[str, bytes] = {}
    if taste == MINE:
        pairs = decided(ratings())
        if len(pairs) < FEWEST:
            return Plan(
                problem=f"{len(pairs)} comparisons with a choice are too few: rate at least {FEWEST} pairs above."
            )
        settings["reward"] = "model"
        files[COMPARISONS] = export_pairs(pairs).encode()
    else:
        if get("asked") == ASKED[1] and ASSISTANT not in view.tokenizer.special_tokens:
            return Plan(problem="This model has no tokens for questions and answers: let it go on with your text.")
        openings = _questions() if get("asked") == ASKED[1] else [view.text]
        settings |= {"taste": taste, "noise": float(state.get("noise")), "comparisons": state.get("compared"),
                     "openings": openings, "reward": "rater" if get("reward") == REWARDS[1] else "model"}  # fmt: skip
    try:
        config = preset(
            method, parent={"checkpoint": view.name, "step": view.step}, data=_what_was_read(view), replay=0.0,
            preference=settings, steps=steps, seconds=LONGEST_RUN, threads=1, adamw_lr=get("rate"), schedule="constant",
            warmup_steps=min(5, steps), eval_every=max(1, steps // EVALUATIONS), eval_documents=HELD_OUT,
            final_eval_documents=HELD_OUT, snapshots=4, keep_states=True, seed=get("seed"), out="runs/run",
            micro_batch_tokens=micro_batch_tokens(view.description.config, 2048),
        )  # fmt: skip
        if from_elsewhere(view.description.card):
            config = replace(config, **LARGE)
        check_memory(view.description.config)
    except ValueError as error:
        return Plan(problem=str(error))
    return Plan(config, files)


def _what_was_read(view: View) -> dict[str, Any]:
    """What the model read before it was taught: its loss on it tells what is forgotten. Not known: Tinyland."""
    known = view.description.read
    kind = known.get("kind")
    if kind not in DATA_FIELDS:
        return {"kind": "tinyland"}
    return {name: value for name, value in known.items() if name in DATA_FIELDS[kind]}


def name_of() -> str:
    """A name for a run to which its visitor gives none."""
    return f"{METHOD_NAMES[get('method')]}, {state.get('rater')}, β {get('beta'):g}"[:60]
