"""Which worker of pytest-xdist runs what. Who drives a browser waits for frames and for a server much of the time: two
workers drive browsers as long as there is one to drive, and whoever else there is fills the processors meanwhile."""

from itertools import islice

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

BROWSER = "tests/browser/"
DRIVERS = 2  # workers that drive a browser: each has servers and a Chromium of its own
# Files that visit page after page on the server of all: each page is a unit, so that the drivers share them.
BY_PAGE = (BROWSER + "test_accessibility.py", BROWSER + "test_every_page.py")


class Scheduling(LoadFileScheduling):
    """File by file in the order in which they were collected, except for what a worker may take."""

    def _split_scope(self, nodeid: str) -> str:
        """Tests of one unit have the same of this: file, or file and page."""
        file, test = nodeid.split("::", 1)
        page = test.partition("[")[1:] if file in BY_PAGE else ()
        return file + "".join(page)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if not (units := self._may_take(node)):
            node.shutdown()  # what is left is for the drivers
            return
        self.workqueue.move_to_end(units[0], last=False)
        super()._assign_work_unit(node)

    def _may_take(self, node: WorkerController) -> list[str]:
        """The units that are left for a worker, the next one first."""
        drives = node in islice(self.nodes, DRIVERS)
        browsers = [unit for unit in self.workqueue if unit.startswith(BROWSER)]
        return [*(browsers if drives else ()), *(unit for unit in self.workqueue if not unit.startswith(BROWSER))]
