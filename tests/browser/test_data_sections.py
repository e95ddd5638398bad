"""The sections of the data page in a browser: what a stage did, what is left, what is taken home and trained on, what
it changes about a model, and where a text comes from."""

import json
import re

import pytest
from playwright.sync_api import expect

from core.text import tinyland
from tests.browser.conftest import serving, watched
from tests.browser.resting import ready, resting, see
from tests.tiny import make_checkpoint

pytestmark = pytest.mark.thorough
LINK = "/data?crawl_pages=300&stage_open=near"
READ = 300  # documents of Tinyland that the model is said to have read


@pytest.fixture(scope="module")
def page(chromium, tmp_path_factory, request):
    """The page with the pipeline of 300 pages, of a server of its own, whose model says what it has read."""
    runs = tmp_path_factory.mktemp("data")
    make_checkpoint(runs / "tiny")
    card = json.loads((runs / "tiny" / "card.json").read_text())
    card["stages"][0]["data"] = {"kind": "tinyland", "seed": 0, "documents": READ}
    (runs / "tiny" / "card.json").write_text(json.dumps(card))
    with serving("tiny", runs, request.session) as server, watched(chromium(server), server) as opened:
        opened.goto(LINK)
        ready(opened)
        expect(opened.locator(".st-key-pipeline_rows li[data-key] .bar i").first).to_be_attached(timeout=240_000)
        yield opened


def section(page, anchor):
    """A section of the data page, drawn."""
    if "/data" not in page.url:
        page.goto(LINK)
        ready(page)
    see(page, anchor)
    return page.locator(f".st-key-section-{anchor}")


def left(page) -> int:
    """How many documents the page says are left."""
    said = page.get_by_text(re.compile("^Of 300 raw documents")).inner_text()
    return int(re.search(r"documents (\d+) are left", said)[1])


def taken(page, button) -> bytes:
    resting(page)  # Streamlit makes the file's address anew in each run, and the old one leads nowhere
    with page.expect_download() as download:
        button.click()
    return download.value.path().read_bytes()


def test_a_copy_stands_beside_what_it_copies_and_what_differs_is_marked(page):
    decisions = section(page, "decisions")
    decisions.get_by_role("radio", name=re.compile("dropped, rightly")).click()
    columns = decisions.locator(".columns section")
    expect(columns).to_have_count(2)
    expect(columns.first).to_contain_text("which was kept")
    same = "text => [...text.childNodes].filter(n => n.nodeName === '#text').map(n => n.data).join('')"
    one, other = (columns.nth(i).locator(".text").evaluate(same) for i in range(2))
    assert one == other != ""
    expect(decisions.locator(".columns del, .columns ins").first).to_be_attached()


def test_what_is_left_of_each_defect(page):
    ends = section(page, "left")
    expect(ends.get_by_role("figure", name=re.compile("^Share of each defect"))).to_be_visible()
    expect(ends.get_by_text(re.compile("What gets through most"))).to_be_visible()


def test_what_is_taken_home_is_what_is_left_and_the_training_page_offers_it_by_its_name(page):
    home = section(page, "home")
    documents = taken(page, home.get_by_role("button", name="Documents (JSONL)")).decode().splitlines()
    assert len(documents) == left(page)
    assert taken(page, home.get_by_role("button", name="Data card (Markdown)")).startswith(b"# Data card")
    card = json.loads(taken(page, home.get_by_role("button", name="Data card (Croissant)")))
    assert card["@type"] == "sc:Dataset" and card["distribution"][0]["contentUrl"] == "kept.jsonl"
    home.get_by_role("textbox", name="Keep it under a name").fill("clean <b>")
    home.get_by_role("button", name="Keep it").click()
    expect(home.get_by_text("Kept as “clean <b>”")).to_be_visible()
    page.goto("/training")
    ready(page)
    see(page, "train")
    page.get_by_role("radio", name="Your text").click()
    choice = page.get_by_role("combobox", name=re.compile("a corpus that you have kept"))
    choice.wait_for()
    resting(page)  # a list that opens while the page is being drawn closes again
    choice.click()
    page.get_by_role("option", name="clean <b>").click()
    beginning = re.escape(json.loads(documents[0])["text"][:40])
    expect(page.get_by_placeholder("Paste a story")).to_have_value(re.compile(beginning))


def test_what_a_stage_changes_about_a_model_is_shown_as_recorded_and_can_be_tried(page):
    matter = section(page, "matter")
    expect(matter.get_by_text(re.compile("It matters.*over 5 seeds"))).to_be_visible()
    expect(matter.get_by_role("figure", name=re.compile("^Does it repeat a story word for word"))).to_be_visible()
    matter.get_by_role("radio", name="Bad text").click()
    expect(matter.get_by_role("figure", name=re.compile("^How well does it foretell clean text"))).to_be_visible()
    pair(matter)


def test_passages_of_a_text_a_verdict_on_what_it_says_and_a_trial_of_its_cause(page):
    document = next(d for d in tinyland.documents(0, 0, READ, total=READ) if d.claims and len(d.text) < 400)
    origin = section(page, "origin")
    box = origin.get_by_role("textbox", name="A text")
    box.fill(document.text)
    box.press("Control+Enter")
    expect(
        origin.get_by_text(f"100 % of the text stands word for word somewhere in all {READ} documents")
    ).to_be_visible()
    expect(origin.locator(".columns mark").first).to_have_text(document.text)
    expect(origin.locator("[role=gridcell]").filter(has_text="copied").first).to_be_attached()
    pair(origin)


def pair(part) -> None:
    """Both models of a pair begin, and are called off."""
    part.get_by_role("button", name="Train the two models").click()
    expect(part.get_by_role("progressbar")).to_have_count(2)
    part.get_by_role("button", name="Cancel").click()
    expect(part.get_by_text("Press Train to begin again")).to_be_visible()
