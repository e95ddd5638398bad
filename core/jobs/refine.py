"""The process that makes a corpus: python -m core.jobs.refine FOLDER, started by `core.jobs.processes`.

It reads FOLDER/plan.json and says in status.json how far it is. It ends when control.json says stop, or its stdin ends.
"""

import json
import os
import sys
import threading
from pathlib import Path

from core.data.build import StoppedError, build
from core.data.plan import Plan
from core.jobs.corpora import Status, say
from core.messages import without_folders
from core.runs.corpora import PLAN
from core.training.disk import control
from core.training.disk.folder import LockedFolder

NICE = 5  # visitors who only look come first


def main(folder: Path) -> int:
    os.nice(NICE)
    locked = LockedFolder(folder)
    watcher, gone = control.Watcher(folder), threading.Event()
    threading.Thread(target=_until_end_of_stdin, args=(gone,), daemon=True).start()
    try:
        plan = Plan.from_dict(json.loads((folder / PLAN).read_bytes()))
        say(folder, Status("running", 0.0, "loading"))
        build(
            folder,
            plan,
            lambda share, doing: say(folder, Status("running", share, doing)),
            lambda: gone.is_set() or bool(watcher.look().get("stop")),
        )
        say(folder, Status("finished", 1.0))
    except StoppedError:
        say(folder, Status("stopped"))
    except Exception as error:  # whatever it was, the visitor is told
        say(folder, Status("failed", message=without_folders(str(error)) or type(error).__name__))
        raise
    finally:
        locked.close()
    return 0


def _until_end_of_stdin(gone: threading.Event) -> None:
    sys.stdin.read()
    gone.set()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
