"""What was measured of a fine-tuned run: once, in the background, then kept in its folder."""

from typing import TYPE_CHECKING

from core import jobs
from core.training.disk.rows import last_row
from pages.ui import background, cache
from pages.ui.finetuning import runs

if TYPE_CHECKING:
    from core.lab.taught import Taught

DOCUMENTS = 100  # of the new task; twice as many of the old text
CASES = 50  # of each older skill


def has_ended(run: str) -> bool:
    """Whether a run will not change any more by itself."""
    return last_row(jobs.run_folder(run) / "metrics.jsonl").get("status") in ("finished", "stopped")


def read_kept(run: str) -> "Taught | None":
    """What an earlier measurement of the run's last weights left."""
    from core.lab.taught import read_kept

    return read_kept(jobs.run_folder(run))


def result(run: str, label: str = "Measuring before and after") -> "Taught | None":
    """The measurements of a run that has ended; None while a progress bar, with this label, stands in their place."""
    if found := read_kept(run):
        return found
    config = runs.config_of(run)
    if config is None:
        return None
    before, after = (cache.plain_checkpoint(run, step) for step in (config.first_step, None))
    folder = jobs.run_folder(run)

    def work(report: background.Report) -> "Taught":
        from core.lab.taught import measure, save

        taught = measure(before, after, config, DOCUMENTS, CASES, report)
        save(folder, taught)
        return taught

    key = ("taught", run, config.first_step, cache.files_stamp(run))
    return background.compute(key, work, label, height=80)
