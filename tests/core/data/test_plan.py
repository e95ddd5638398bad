"""A plan is data: it comes back from JSON, refuses what is no plan, and its name says all that it is."""

import inspect
import json

import pytest

from core.data.plan import Choice, Plan, Source, check_stages, usual_plan
from core.data.stages import STAGES


@pytest.mark.parametrize("key", STAGES)
def test_every_knob_is_a_keyword_with_that_default(key):
    keywords = inspect.signature(STAGES[key].__init__).parameters
    for knob in STAGES[key].knobs:
        assert keywords[knob.name].default == knob.default and type(keywords[knob.name].default) is type(knob.default)
        assert knob.fits(knob.default)


@pytest.mark.parametrize("key", STAGES)
def test_every_stage_can_be_made_at_either_end_of_its_knobs(key):
    for knob in STAGES[key].knobs:
        ends = knob.options or ([False, True] if isinstance(knob.default, bool) else [knob.low, knob.high])
        for end in ends:
            value = end if knob.options or isinstance(knob.default, bool) else type(knob.default)(end)
            Choice(key, {knob.name: value}).stage()


def test_a_plan_comes_back_from_json():
    plan = Plan(Source("crawl", 3, 50), check_stages([Choice("near", {"bands": 20, "rows": 8}), Choice("extract")]))
    assert plan.stages[0].settings == {"bands": 20}  # eight is as usual
    again = Plan.from_dict(json.loads(json.dumps(plan.to_dict())))
    assert again == plan and again.name() == plan.name()


def test_the_name_tells_plans_apart():
    usual = usual_plan(Source())
    others = [
        usual_plan(Source(seed=1)), usual_plan(Source(pages=999)), Plan(usual.source, usual.stages[::-1]),
        Plan(usual.source, usual.stages[:-1]), usual_plan(Source("files", files="a")),
        usual_plan(Source("files", files="b")),
        Plan(usual.source, (Choice("extract", {"main_content": False}), *usual.stages[1:])),
    ]  # fmt: skip
    assert len({plan.name() for plan in [usual, *others]}) == len(others) + 1
    assert usual_plan(Source()).name() == usual.name()


@pytest.mark.parametrize(
    "raw",
    [
        {}, {"source": {}}, {"source": {"pages": 0}, "stages": []}, {"source": {"kind": "web"}, "stages": []},
        {"source": {"pages": 10**9}, "stages": []}, {"source": {"seed": -1}, "stages": []},
        {"source": {}, "stages": [["nobody", {}]]},
        {"source": {}, "stages": [["near", {}], ["near", {}]]},
        {"source": {}, "stages": [["near", {"bands": 0}]]}, {"source": {}, "stages": [["near", {"bands": 8.0}]]},
        {"source": {}, "stages": [["near", {"colour": 1}]]},
        {"source": {}, "stages": [["near", {"shingles": "lines"}]]},
        {"source": {}, "stages": ["near"]}, {"source": {"pages": True}, "stages": []},
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused(raw):
    with pytest.raises(ValueError, match=r"plan|crawl|files|stage|set to"):
        Plan.from_dict(raw)


def test_of_a_visitors_files_nobody_knows_a_licence():
    assert [choice.key for choice in usual_plan(Source("files")).stages] == [key for key in STAGES if key != "licence"]
