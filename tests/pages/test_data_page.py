"""The data page: the funnel, what a stage did, settings in the link, files that somebody brings."""

import pytest

from core.data.stages import STAGES
from core.jobs import corpora
from pages.ui.data import making
from tests.pages.conftest import KEY
from tests.pages.pipelines import finish
from tests.pages.press import button
from tests.pages.truths import header, truths

SMALL = {"crawl_pages": "300"}


@pytest.fixture
def opened(app):
    """opened(**link): the page when what the link asks for has been made."""

    def open_page(**query):
        at = app("data", **SMALL | query)
        at.session_state["training_key"] = KEY
        finish(at)
        return at

    return open_page


def component(at, key: str) -> dict:
    (found,) = [element.proto for element in at.get("bidi_component") if f"-{key}" in element.proto.id]
    return header(found.bytes)


@pytest.mark.slow
def test_the_funnel_narrows_and_adds_up(opened):
    at = opened()
    shown = component(at, "pipeline_rows")
    assert [row["key"] for row in shown["rows"]] == ["", *STAGES]
    kept = 1.0
    for row in shown["rows"][1:]:
        shares = {part["role"]: part["share"] for part in row["parts"]}
        assert sum(shares.values()) == pytest.approx(kept), row["name"]
        kept = shares["kept"]
    assert not shown["stale"] and kept < 0.8


@pytest.mark.slow
def test_switched_off_moved_and_tuned_it_is_in_the_link(opened):
    order = ["near", *[key for key in STAGES if key != "near"]]
    written = ",".join(f"-{key}" if key == "c4" else key for key in order)
    at = opened(pipeline=written, tuned="near.bands=20 language.sure=0.9")
    shown = component(at, "pipeline_rows")
    assert [row["key"] for row in shown["rows"]][1:3] == ["near", "extract"]
    assert [row["key"] for row in shown["rows"] if not row["on"]] == ["c4"]
    report = corpora.report(at.session_state[making.SHOWN])
    assert [choice.key for choice in report.plan.stages] == [key for key in order if key != "c4"]
    assert report.plan.stages[0].settings == {"bands": 20}


@pytest.mark.thorough
@pytest.mark.parametrize(
    "link",
    [
        {"pipeline": "near,near,extract"}, {"pipeline": "<b>"}, {"stage_open": "nobody"},
        {"tuned": "near.bands=1e9 x.y=3 near= =4 language.sure=nan"}, {"crawl_pages": "7"},
        {"documents_from": "the web"}, {"alike_bands": "99"},
    ],
)  # fmt: skip
def test_any_link_can_be_opened(app, link):
    at = app("data", **SMALL | link)
    assert not at.exception
    assert {row["key"] for row in component(at, "pipeline_rows")["rows"]} == {"", *STAGES}


@pytest.mark.slow
def test_a_change_waits_for_the_button_and_a_result_seen_before_is_there_at_once(opened):
    at = opened()
    first = at.session_state[making.SHOWN]
    at.session_state["tuned"] = "near.rows=5"
    at.run()
    assert component(at, "pipeline_rows")["stale"] and at.session_state[making.SHOWN] == first
    button(at, "Run the pipeline").click().run()
    finish(at)
    assert not component(at, "pipeline_rows")["stale"] and at.session_state[making.SHOWN] != first
    at.session_state["tuned"] = ""
    at.run()
    assert at.session_state[making.SHOWN] == first and not component(at, "pipeline_rows")["stale"]


@pytest.mark.thorough
@pytest.mark.parametrize("key", STAGES)
def test_what_every_stage_did_can_be_read(opened, key):
    at = opened(stage_open=key)
    assert not at.exception and not at.error
    assert at.selectbox(key="data_stage_box").value == key
    report = corpora.report(at.session_state[making.SHOWN])
    made = report.stage(key)
    assert made.seen.documents - made.dropped == made.kept.documents
    if made.examples:
        pieces = component(at, "data_passages")["columns"]
        assert any(text for column in pieces for _, text in column["pieces"])


@pytest.mark.slow
def test_a_near_copy_stands_beside_what_it_copies(opened):
    at = opened(stage_open="near")
    at.segmented_control(key="data_verdict").set_value("own").run()
    one, other = component(at, "data_passages")["columns"]
    assert "which was kept" in one["title"]
    same = sum(len(text) for kind, text in other["pieces"] if kind == "same")
    assert same > 0.6 * sum(len(text) for _, text in other["pieces"])


@pytest.mark.slow
def test_words_of_the_sentences_under_the_figures(opened):
    at = opened()
    said = " ".join(truth.sentence for truth in truths(at))
    report = corpora.report(at.session_state[making.SHOWN])
    assert f"{len(report.kept):,} of 300 documents are left" in said
    assert "Wilson" in said
