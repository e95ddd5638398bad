"""What speculative decoding costs on this machine, pass by pass: why it is faster than plain drawing, or slower."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.generation.fast import reader
from core.generation.speculative import Round
from core.model import Transformer
from core.model.ids import checked_count, checked_ids

REPEATS = 7


@dataclass(frozen=True)
class Costs:
    """Seconds: token, for one token of the model; draft, for one of the draft; check, for the model to read `checked`
    tokens at once."""

    token: float
    draft: float
    check: float
    checked: int

    def speed(self, made: Sequence[Round], draft: float | None = None, check: float | None = None) -> float:
        """How many times as fast as plain drawing these rounds are by these costs, or by other ones."""
        written, drafted = sum(len(one.ids) for one in made), sum(len(one.drafted) for one in made)
        draft, check = (self.draft if draft is None else draft), (self.check if check is None else check)
        return written * self.token / (drafted * draft + len(made) * check)


def costs(model: Transformer, draft: Transformer, ids: Sequence[int], ahead: int) -> Costs:
    """Medians of REPEATS, after one that does not count, for the last tokens of `ids`.
    ValueError: ahead below 1, or as for `generate`; the shorter of the two contexts counts."""
    limit = min(model.config.context_length, draft.config.context_length)
    read = checked_ids(ids, model.config, limit)
    checked = min(checked_count("ahead", ahead, 1) + 1, len(read))
    return Costs(_seconds(model, read, 1), _seconds(draft, read, 1), _seconds(model, read, checked), checked)


def _seconds(model: Transformer, ids: list[int], last: int) -> float:
    """To read the last of `ids` when those before them are kept."""
    made = reader(model, len(ids))
    made.logits(ids)

    def again() -> None:
        made.cache.truncate(len(ids) - last)
        made.logits(ids[len(ids) - last :], last)

    return median_seconds(again)


def median_seconds(work: Callable[[], object]) -> float:
    work()
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)
