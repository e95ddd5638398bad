"""What was expected of runs on this machine, held against what they then did. No torch here.

remember(folder, expected.measured_speed)     # when a run starts
record = track_record()                        # of the last runs that were long enough to tell
record.middle, record.low, record.high         # how many times as fast as measured they were
"""

import json
import statistics
from dataclasses import dataclass
from pathlib import Path

from core.files import write_atomically
from core.runs.library import list_runs, run_folder
from core.training.disk.rows import FILE as ROWS
from core.training.disk.rows import last_row

FILE = "expected.json"
LAST = 6  # runs that are looked at: the machine changes
LEAST_SECONDS, LEAST_STEPS = 3.0, 5  # of training, to count: the first steps are slow


@dataclass(frozen=True)
class TrackRecord:
    """How many times as many steps in a second as were measured before: of `runs` runs, the newest first."""

    ratios: tuple[float, ...] = ()

    @property
    def runs(self) -> int:
        """How many runs there are to compare with."""
        return len(self.ratios)

    @property
    def middle(self) -> float:
        """The median; 1 where there is nothing to compare with."""
        return statistics.median(self.ratios) if self.ratios else 1.0

    @property
    def low(self) -> float:
        """That of the slowest."""
        return min(self.ratios, default=1.0)

    @property
    def high(self) -> float:
        """That of the fastest."""
        return max(self.ratios, default=1.0)


def remember(folder: Path, steps_per_second: float) -> None:
    """Keep what was measured before the run in `folder` began."""
    write_atomically(folder / FILE, json.dumps({"steps_per_second": steps_per_second}).encode())


def track_record() -> TrackRecord:
    """Of the newest runs here of which something was expected and that trained long enough."""
    found: list[float] = []
    for run_id in list_runs():
        if len(found) < LAST and (ratio := ratio_of(run_folder(run_id))):
            found.append(ratio)
    return TrackRecord(tuple(found))


def ratio_of(folder: Path) -> float | None:
    """Steps in a second that a run made, divided by what was expected; None where one of them is not known."""
    try:
        expected = json.loads((folder / FILE).read_bytes())["steps_per_second"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    last = last_row(folder / ROWS)
    step, seconds = last.get("step", 0), last.get("seconds", 0.0)
    if step < LEAST_STEPS or seconds < LEAST_SECONDS or not isinstance(expected, float) or not 0 < expected < 1e9:
        return None
    return step / seconds / expected
