"""What all tests share: Hypothesis tries the same cases every time, so that a red run can be repeated; what takes long
comes first."""

from pathlib import Path

import pytest
from hypothesis import settings

SECONDS = {"thorough": 10.0, "browser": 5.0, "slow": 2.5}  # about what a test with this mark takes

settings.register_profile("glassbox", derandomize=True, deadline=None)
settings.load_profile("glassbox")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """File by file, those first that take longest, so that no worker is left alone with one at the end."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    longest = sorted(files, key=lambda path: -sum(map(_seconds, files[path])))
    items[:] = [item for path in longest for item in files[path]]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """See tests/scheduling.py, which needs pytest-xdist."""
    from tests.scheduling import Scheduling

    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def _seconds(item: pytest.Item) -> float:
    return max((SECONDS.get(mark.name, 0.0) for mark in item.iter_markers()), default=0.0) or 0.05
