"""What all tests share: Hypothesis tries the same cases every time, so that a red run can be repeated; what takes long
comes first."""

from itertools import chain, zip_longest
from pathlib import Path

import pytest
from hypothesis import settings

SECONDS = {"browser": 5.0, "slow": 4.0}  # about what a test with this mark takes

settings.register_profile("glassbox", derandomize=True, deadline=None)
settings.load_profile("glassbox")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """File by file, those first that take longest, so that no worker is left alone with one at the end; and in turn one
    that drives a browser and one that does not, so that two workers seldom have two browsers compete."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    longest = sorted(files, key=lambda path: -sum(map(_seconds, files[path])))
    browser = [path for path in longest if files[path][0].get_closest_marker("browser")]
    others = [path for path in longest if path not in browser]
    in_turn = chain.from_iterable(zip_longest(browser, others))
    items[:] = [item for path in in_turn if path for item in files[path]]


def _seconds(item: pytest.Item) -> float:
    return max((SECONDS.get(mark.name, 0.0) for mark in item.iter_markers()), default=0.0) or 0.05
