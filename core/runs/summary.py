"""How far a run is, how fast it goes and which simple guessers it has beaten, from its rows. No torch here."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.training.config import TrainConfig
from core.training.disk.rows import Row, read_rows


@dataclass(frozen=True)
class Beaten:
    """The best simple guesser that the held-out loss is below, and since which step it has been; `again`: it had been
    before, and lost it, as where other text is read."""

    name: str
    since: int
    again: bool = False


@dataclass(frozen=True)
class Summary:
    """What the rows of a run add up to.

    step: of the last row that says when. done: the part of its budget that is spent, from 0 to 1 (0 where the budget is
    not known). seconds_left: at the speed so far; None before anything is done. tokens_per_second: the mean of the
    whole run. utilisation: part of the machine's peak, the last that was measured.
    """

    step: int = 0
    done: float = 0.0
    seconds_left: float | None = None
    tokens_per_second: float | None = None
    utilisation: float | None = None
    beaten: Beaten | None = None


def summary(rows: Sequence[Row], config: TrainConfig | None = None) -> Summary:
    """The summary of rows in the order in which they were written; `config` knows the budget."""
    last = next((row for row in reversed(rows) if "seconds" in row), None)
    used = next((row["utilisation"] for row in reversed(rows) if "utilisation" in row), None)
    if last is None:
        return Summary(utilisation=used, beaten=best_beaten_guesser(rows))
    step, seconds = last["step"], last["seconds"]
    done = config.progress(step, seconds) if config else 0.0
    spent = seconds - ((config.parent or {}).get("seconds", 0.0) if config else 0.0)
    return Summary(
        step,
        max(0.0, done),
        seconds_left=spent * (1 - done) / done if done > 0 else None,
        tokens_per_second=last["tokens"] / seconds if seconds > 0 and "tokens" in last else None,
        utilisation=used,
        beaten=best_beaten_guesser(rows),
    )


def best_beaten_guesser(rows: Sequence[Row]) -> Beaten | None:
    """The best guesser above the last held-out loss; None where there is none, or no held-out loss yet."""
    guessers = next((row["baselines_per_token"] for row in reversed(rows) if row.get("baselines_per_token")), {})
    losses = [(row["step"], row["val_loss_per_token"]) for row in rows if "val_loss_per_token" in row]
    below = [(nats, name) for name, nats in guessers.items() if losses and losses[-1][1] < nats]
    if not below:
        return None
    nats, name = min(below)
    since = losses[-1][0]
    for step, loss in reversed(losses):
        if loss >= nats:
            break
        since = step
    return Beaten(name, since, any(loss < nats for step, loss in losses if step < since))


def summary_of_folder(folder: Path) -> Summary:
    """The summary of the run in `folder`, worked out once for as many as ask before the next row is written."""
    path = folder / "metrics.jsonl"
    try:
        stat = path.stat()
    except OSError:
        return Summary()
    return _summary(path, (stat.st_ino, stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=64)
def _summary(path: Path, stamp: tuple[int, int, int]) -> Summary:
    try:
        config = TrainConfig.load(path.parent / "train.json")
    except ValueError:
        config = None
    return summary(read_rows(path), config)
