"""What models and runs are called on the pages: a run has the name that its owner gave it."""

from collections import Counter
from collections.abc import Sequence

from core import jobs
from core.training.disk.folder import RunError


def labels(names: Sequence[str]) -> dict[str, str]:
    """A name for each run or other model that no other one has: a list would take the first of equal ones."""
    titles = {name: title(name) for name in names}
    count = Counter(titles.values())
    runs = {name for name in names if jobs.RUN_ID.fullmatch(name)}
    return {
        name: f"{text} · {name[-6:]}" if count[text] > 1 and name in runs else text for name, text in titles.items()
    }


def title(name: str) -> str:
    """The name of a run for people; other models are called as they are."""
    if not jobs.RUN_ID.fullmatch(name):
        return name
    try:
        return name_of(name, jobs.record(name))
    except RunError:
        return name_of(name, jobs.Record())


def name_of(run: str, record: jobs.Record) -> str:
    """The name in a run's record; the end of its id where it has none."""
    return record.name or f"run {run[-6:]}"
