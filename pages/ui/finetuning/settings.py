"""What can be set on the page of fine-tuning beside what a link carries: the run that the form describes."""

from dataclasses import replace

from core.text import tinyland
from core.training.tuning_config import MATRICES, WAYS
from pages.ui.properties import Property

TASKS = {  # kinds of chats, by what the assistant learns in them
    "playing a role": {"chat_role": 1.0},
    "answering questions": {"chat": 1.0},
    "refusing a topic": {"chat_topic": 1.0},
    "doing small jobs": {"chat_task": 1.0},
    "all four": tinyland.CHAT_WEIGHTS,
}
OWN = "your own chats"
WAY_NAMES = {"full": "all weights", "lora": "LoRA", "layers": "some layers"}
REPLAYS = ("nothing", "old text", "its own samples")
RATES = (0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0003, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05)
USUAL_RATES = {"full": 0.001, "lora": 0.01, "layers": 0.001}  # LoRA's is ten times as high (Schulman et al. 2025)
RATES_ELSEWHERE = {"full": 0.00002, "lora": 0.0002, "layers": 0.00005}  # of models a thousand times as large
COUNTS = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)

ROWS = (
    Property("way", str, "full", options=WAYS),
    Property("rank", int, 8, options=(1, 2, 4, 8, 16, 32, 64)),
    Property("alpha", int, 16, options=(1, 2, 4, 8, 16, 32, 64, 128)),
    Property("rate", float, USUAL_RATES["full"], options=RATES),
    Property("count", int, 5000, options=COUNTS),
    Property("epochs", int, 1, 1, 50),
    Property("replay", str, REPLAYS[0], options=REPLAYS),
    Property("share", float, 0.2, 0.05, 0.8, 0.05),
    Property("seed", int, 0, 0, 9999),
    Property("name", str, ""),
    Property("chats", str, ""),
)
MATRIX_NAMES = tuple(MATRICES)


def key(name: str) -> str:
    """A setting's name in the table of state."""
    return f"teach_{name}"


SETTINGS: dict[str, Property] = {row.name: row for row in (replace(one, name=key(one.name)) for one in ROWS)}
