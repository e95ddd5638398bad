"""Every figure built and packed: python -m tests.bench.bench_figures [repeats]

Medians of wall milliseconds: `built` is the dict, `packed` its JSON (KB of it beside), `plotly` the same figure as a
go.Figure and its JSON by plotly's own encoder, as a page would have to do without plain data.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
from plotly.io.json import to_json_plotly

from core.figures import to_json
from tests.core.figures.examples import EXAMPLES

MOST = 3.0  # milliseconds that a figure may take to be built and packed


def median_ms(work: Callable[[], Any], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times)


def main(repeats: int = 15) -> None:
    """Print one line per figure, the slowest last."""
    lines = []
    for name, build in EXAMPLES.items():
        figure = build()
        built, packed = median_ms(build, repeats), median_ms(lambda: to_json(figure), repeats)  # noqa: B023
        theirs = median_ms(lambda: to_json_plotly(go.Figure(figure)), max(repeats // 5, 2))  # noqa: B023
        lines.append((built + packed, name, built, packed, len(to_json(figure)) / 1024, theirs))
    print(f"{'':30} built  packed      both     size   plotly")
    for both, name, built, packed, size, theirs in sorted(lines):
        mark = "  too slow" if both > MOST else ""
        print(f"{name:30}{built:6.2f} {packed:7.2f} {both:7.2f} ms {size:5.0f} KB {theirs:6.1f} ms{mark}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
