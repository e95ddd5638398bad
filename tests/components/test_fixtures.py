"""The numbers that the tests of the JavaScript are held against are those that Python computes today."""

import json
import math

from tests.components.fixtures import FILE, fixtures


def same(kept, now) -> bool:
    if isinstance(now, dict):
        return kept.keys() == now.keys() and all(same(kept[key], value) for key, value in now.items())
    if isinstance(now, list | tuple):
        return len(kept) == len(now) and all(map(same, kept, now))
    if isinstance(now, float):
        return math.isclose(kept, now, rel_tol=1e-5, abs_tol=1e-7)  # torch sums in another order on another machine
    return kept == now


def test_fixtures_are_current():
    kept, now = json.loads(FILE.read_text()), fixtures()
    stale = [name for name in now if not same(kept.get(name), now[name])]
    assert not stale and kept.keys() == now.keys(), f"python -m tests.components.fixtures: {stale} changed"
