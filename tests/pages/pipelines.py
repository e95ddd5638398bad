"""The pipeline that the data page runs, waited for."""

from core.jobs import corpora
from pages.ui.data import making
from tests.waiting import wait_for


def finish(at) -> None:
    """Waits until the pipeline of the page has ended."""
    wait_for(lambda: not is_going(at))
    at.run()
    assert not at.exception


def is_going(at) -> bool:
    going = at.session_state.get(making.GOING, "")
    return bool(going) and corpora.status(going).state in ("queued", "running")
