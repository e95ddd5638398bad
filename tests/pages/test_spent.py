"""What a visit costs: counted for the session that asked, also where the work is done beside its page."""

import time

from core.model import passes
from core.model.config import ModelConfig
from pages.ui import background
from pages.ui.spent import Spent, working_for

SHAPE = ModelConfig(vocab_size=8, context_length=8, n_layers=1, n_heads=1, d_model=4)


def test_work_counts_once_however_it_is_wrapped_and_for_the_outer_visit():
    outer, inner = Spent(), Spent()
    with working_for(outer):
        start = time.thread_time()
        with working_for(inner):
            passes.count(SHAPE, 3)
            while time.thread_time() - start < 0.01:
                pass
    passes.count(SHAPE, 5)
    assert (outer.tally.tokens, inner.tally.tokens, inner.cpu) == (3, 0, 0)
    assert 0.01 <= outer.cpu < 10
    with working_for(None):
        passes.count(SHAPE, 5)
    assert outer.tally.tokens == 3


def test_a_worker_counts_for_the_visit_that_asked(monkeypatch):
    visit = Spent()
    monkeypatch.setattr(background.spent, "visit_or_none", lambda: visit)
    job = background.start(("spent test", time.time()), lambda report: passes.count(SHAPE, 7))
    job.future.result(timeout=60)
    assert visit.tally.tokens == 7


def test_each_visitor_has_a_count_of_their_own_which_the_page_shows(app):
    first = app("limits")
    assert not first.exception
    visit = first.session_state["spent"]
    assert visit.tally.tokens > 0 and visit.cpu > 0
    said = " ".join(element.value for element in first.markdown)
    assert "tokens for you" in said
    second = app("overview")
    assert second.session_state["spent"].tally is not visit.tally
