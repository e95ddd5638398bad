"""A process that loads PyTorch before there is anything to train, so that the next run need not wait for it.

`jobs.warm` starts it. One line of JSON on its stdin, {"log": path, "arguments": […]}, makes it the process of a run, as
if started by `python -m core.training …arguments`. It ends with its stdin, or when nobody has needed it for a while.
"""

import json
import os
import select
import sys

from core.training.disk import control

QUIET = 1.5  # seconds without a sound at first: the page that asked for it is still being drawn
IDLE = 900.0  # seconds that it waits for a run


def main() -> int:
    """The exit status of the run; 0 where there was none."""
    control.give_way()
    if not word_came(QUIET):
        import core.generation
        import core.training.trainer  # noqa: F401
    if not word_came(IDLE):
        return 0
    line = sys.stdin.readline()
    if not line:  # the server is gone
        return 0
    order = json.loads(line)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    from core.training.__main__ import main as train

    return train(order["arguments"])


def word_came(seconds: float) -> bool:
    """Waits so long for a line, or for the end of stdin."""
    return bool(select.select([sys.stdin], [], [], seconds)[0])


if __name__ == "__main__":
    sys.exit(main())
