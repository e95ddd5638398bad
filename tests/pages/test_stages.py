"""The band under the step slider: a part for each stage, as wide as its part of the slider."""

import pytest

from core.model import Stage
from pages.ui.stages import parts_of
from tests.pages.test_headers import headers

STEPS = (0, 1, 10, 100, 101, 150, 160)
LIFE = [Stage("pretrain", 0, 100), Stage("sft", 100, 150), Stage("preference", 150, 160)]


def test_parts_are_as_wide_as_their_part_of_the_slider():
    parts = parts_of(LIFE, STEPS, 100)
    assert [part["share"] for part in parts] == [3, 2, 1] and sum(p["share"] for p in parts) == len(STEPS) - 1
    assert [part["step"] for part in parts] == [100, 150, 160]
    assert [part["name"] for part in parts] == ["pre-training", "fine-tuning", "feedback"]


@pytest.mark.parametrize(("step", "current"), [(0, 0), (1, 0), (100, 0), (101, 1), (150, 1), (160, 2)])
def test_exactly_one_part_is_current(step, current):
    assert [part["current"] for part in parts_of(LIFE, STEPS, step)] == [i == current for i in range(3)]


def test_a_stage_that_has_kept_no_step_yet_has_no_part():
    assert [part["name"] for part in parts_of([*LIFE[:2], Stage("preference", 150, 150)], STEPS[:-1], 150)] == [
        "pre-training", "fine-tuning"]  # fmt: skip
    assert parts_of([Stage("a new one", 0, 5)], (0, 5), 5)[0]["name"] == "a new one"


def test_what_went_on_in_the_same_way_is_one_part():
    longer = [LIFE[0], Stage("pretrain", 100, 101), Stage("sft", 101, 150), Stage("sft", 150, 160)]
    parts = parts_of(longer, STEPS, 160)
    assert [(part["name"], part["share"]) for part in parts] == [
        ("pre-training", 3), ("new text", 1), ("fine-tuning", 2)]  # fmt: skip
    assert [part["current"] for part in parts] == [False, False, True] and parts[-1]["step"] == 160


@pytest.mark.slow
def test_a_life_of_one_stage_has_no_band(app, worldly):
    assert "stages" not in {name for name, _ in headers(app("sampling", model=worldly.name))}
