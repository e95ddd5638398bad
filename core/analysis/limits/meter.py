"""The energy that a piece of work takes on this machine: measured where its counters may be read, else reckoned.

Intel's and AMD's processors count their energy (RAPL); Linux shows the counters to root alone, and most virtual
machines have none. Otherwise: seconds of processor time × the power of a core, which is assumed, with a low and a high.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

RAPL = Path("/sys/class/powercap")
WATTS = (10.0, 3.0, 25.0)  # of a busy core: assumed; little in a phone, much in a workstation; a server's lies between


@dataclass
class Reading:
    """Seconds of processor time of this process, by the clock, and joules by the counters (None: unreadable)."""

    cpu: float = 0.0
    clock: float = 0.0
    joules: float | None = None


@contextmanager
def measured() -> Iterator[Reading]:
    """Fills its Reading when the work within is done."""
    reading, before = Reading(), counters()
    cpu, clock = time.process_time(), time.perf_counter()
    yield reading
    reading.cpu, reading.clock = time.process_time() - cpu, time.perf_counter() - clock
    reading.joules = joules_between(before, counters())


def counters(root: Path = RAPL) -> dict[str, tuple[int, int]]:
    """Of every processor package (microjoules so far, where the counter begins again); none that can't be read."""
    found = {}
    for package in sorted(root.glob("*-rapl:[0-9]")):  # intel-rapl:0:0 and the like are parts of a package
        try:
            used, span = (int((package / name).read_text()) for name in ("energy_uj", "max_energy_range_uj"))
        except (OSError, ValueError):
            continue
        found[package.name] = (used, span)
    return found


def joules_between(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> float | None:
    """Joules of all packages from one reading to the next, over a counter that began again once; None without any."""
    both = before.keys() & after.keys()
    if not both:
        return None
    used = 0
    for name in both:
        moved = after[name][0] - before[name][0]
        used += moved if moved >= 0 else moved + after[name][1]
    return used / 1e6


def watt_hours(cpu_seconds: float, watts: tuple[float, float, float] = WATTS) -> tuple[float, float, float]:
    """(reckoned, low, high) of so many seconds of a core."""
    value, low, high = (cpu_seconds * w / 3600 for w in watts)
    return value, low, high
