"""The scaling ladder on the training page: no law without a fall, a guess before the prediction, the next size."""

import re
from dataclasses import replace

import numpy as np
import pytest

from core import jobs
from core.model import ModelConfig
from core.training.costs.flops import training_flops
from core.training.costs.measure import batch_lengths
from core.training.data.sources import make_data, make_tokenizer
from pages.ui.training.scaling import NEXT, TRAINED, USUAL, name_of_rung, rungs_of
from tests.pages.conftest import KEY
from tests.pages.press import button

FALLING = (2.4, 2.1, 1.9, 1.8)


def opened(app):
    at = app("training")
    at.session_state["training_key"] = KEY
    return at.run()


def said(at):
    return " ".join(element.value for element in (*at.markdown, *at.info))


@pytest.mark.slow
def test_a_loss_that_rises_with_the_size_has_no_law(app, trained):
    trained(dict(zip(TRAINED, FALLING[::-1], strict=True)))
    at = opened(app)
    assert not at.exception and "nothing can be predicted" in said(at)
    assert not at.number_input.values or all("Your guess" not in one.label for one in at.number_input)


@pytest.mark.slow
def test_the_guess_comes_first_then_the_law_then_the_next_size(app, trained, monkeypatch):
    trained(dict(zip(TRAINED, FALLING, strict=True)))
    at = opened(app)
    assert not at.exception and "The law expects" not in said(at)
    guess = next(one for one in at.number_input if one.label.startswith("Your guess"))
    at = guess.set_value(1.7).run()
    assert not at.exception
    expected = float(re.search(r"The law expects \*\*([\d.]+)\*\*", said(at)).group(1))
    assert 1.5 < expected < FALLING[-1]
    started = []
    monkeypatch.setattr(jobs, "start", lambda config, owner, **named: started.append((config, named)) or "run")
    button(at, f"Train width {NEXT}").click().run()
    names = [(config.model["d_model"], named["name"]) for config, named in started]
    assert names == [(NEXT, name_of_rung(USUAL, NEXT))]
    trained({NEXT: expected})
    assert f"It reached **{expected:.3f}**: inside the interval." in said(opened(app))


@pytest.mark.slow
def test_a_size_beyond_the_best_one_is_explained(app, trained):
    trained(dict(zip((*TRAINED, NEXT), (*FALLING, 2.0), strict=True)))
    words = said(opened(app))
    assert "It reached **2.000**: outside the interval." in words and "read too little for its size" in words


@pytest.mark.slow
def test_the_lowest_loss_is_not_told_that_a_smaller_size_is_better(app, trained):
    trained(dict(zip((*TRAINED, NEXT), (*FALLING, 1.799), strict=True)))
    words = said(opened(app))
    assert "lowest loss of all" in words and "a smaller one did better" not in words


@pytest.mark.slow
def test_a_guess_outlives_a_visit_elsewhere(app, trained):
    trained(dict(zip(TRAINED, FALLING, strict=True)))
    at = opened(app)
    at = next(one for one in at.number_input if one.label.startswith("Your guess")).set_value(1.7).run()
    at = at.switch_page("overview.py").run().switch_page("training.py").run()
    assert next(one for one in at.number_input if one.label.startswith("Your guess")).value == 1.7


@pytest.mark.slow
def test_a_ladder_that_goes_on_can_be_stopped(app, trained, monkeypatch):
    trained(dict(zip(TRAINED, FALLING, strict=True)))
    at = opened(app)
    assert button(at, "Stop the ladder").disabled
    going = dict(zip(jobs.list_runs(), ("running", "queued"), strict=False))
    real, stopped = jobs.status, []
    monkeypatch.setattr(jobs, "status", lambda run: replace(real(run), state=going.get(run, real(run).state)))
    monkeypatch.setattr(jobs, "stop", lambda run, key: stopped.append(run))
    at = opened(app)
    button(at, "Stop the ladder").click().run()
    assert stopped == sorted(going, key=lambda run: going[run] != "queued"), "none that waits takes a place"


@pytest.mark.slow
def test_every_size_gets_the_compute_that_the_page_promises():
    config = rungs_of(USUAL)[TRAINED[0]].config
    tokenizer = make_tokenizer(config)
    data = make_data(tokenizer, config, config.model["context_length"])
    lengths = [batch_lengths(data.batch(step)) for step in range(40)]
    for rung in rungs_of(USUAL).values():
        model = ModelConfig.from_dict({**rung.config.model, "vocab_size": tokenizer.vocab_size})
        flops = np.mean([training_flops(model, of_step) for of_step in lengths])
        assert rung.config.steps * flops == pytest.approx(USUAL * 1e12, rel=0.05)
