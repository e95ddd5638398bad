"""What can be set on the page of feedback beside what a link carries: the run that the form describes."""

from dataclasses import replace

from core.training.preference.config import METHODS, WEIGHTS
from pages.ui.properties import Property

MINE = "your own comparisons"
METHOD_NAMES = {"dpo": "DPO", "grpo": "GRPO", "reinforce": "REINFORCE"}
REWARDS = ("what was learned", "the rater itself")
ASKED = ("your text", "Tinyland's questions")
RATES = (0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01)
BETAS = (0.0, 0.01, 0.02, 0.04, 0.1, 0.2, 0.5, 1.0, 2.0)

ROWS = (
    Property("method", str, "dpo", options=METHODS),
    Property("beta", float, WEIGHTS["dpo"], options=BETAS),
    Property("rate", float, 0.0003, options=RATES),
    Property("steps", int, 60, 10, 400, 10),
    Property("prompts", int, 8, options=(1, 2, 4, 8, 16, 32)),
    Property("samples", int, 8, options=(2, 4, 8, 16, 32)),
    Property("reward", str, REWARDS[0], options=REWARDS),
    Property("asked", str, ASKED[0], options=ASKED),
    Property("seed", int, 0, 0, 9999),
    Property("name", str, ""),
)


def key(name: str) -> str:
    """A setting's name in the table of state."""
    return f"shape_{name}"


SETTINGS: dict[str, Property] = {row.name: row for row in (replace(one, name=key(one.name)) for one in ROWS)}
