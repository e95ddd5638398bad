"""The data page in a browser: stages are switched, moved and opened, a run is cancelled, files are brought."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.resting import ready, see

pytestmark = pytest.mark.thorough
LINK = "/data?crawl_pages=300"


def opened(page, link=LINK):
    page.goto(link)
    ready(page)
    funnel = page.locator(".st-key-pipeline_rows")
    expect(funnel.locator("li[data-key] .bar i").first).to_be_attached(timeout=240_000)
    return funnel


def order(funnel):
    return funnel.locator("li[data-key]").evaluate_all("rows => rows.map(row => row.dataset.key)")


def test_a_stage_is_opened_by_its_name(page):
    funnel = opened(page)
    funnel.get_by_role("button", name="personal data", exact=True).click()
    expect(funnel.locator("li.open .name")).to_have_text("personal data")
    see(page, "decisions")
    expect(page.locator(".st-key-section-decisions")).to_contain_text("Replaces addresses")


def test_switched_off_moved_and_run_again(page):
    funnel = opened(page)
    funnel.get_by_role("checkbox", name="language on").uncheck()
    run = page.get_by_role("button", name="Run the pipeline")
    expect(run).to_be_enabled()
    expect(funnel.locator("ol")).to_have_class(re.compile("stale"))
    funnel.get_by_role("button", name="Move near duplicates: arrow keys").press("ArrowUp")
    run.click()
    expect(funnel.locator("ol")).not_to_have_class(re.compile("stale"), timeout=240_000)
    assert order(funnel).index("near") < order(funnel).index("exact")
    expect(funnel.locator("li[data-key=language] .words")).to_have_text("off")
    expect(funnel.locator("li[data-key=language] .bar i")).to_have_count(0)


def test_a_long_run_is_cancelled(page):
    opened(page)
    page.goto("/data?crawl_pages=30,000&crawl_seed=77")
    ready(page)
    page.get_by_role("button", name="Cancel").click(timeout=120_000)
    expect(page.get_by_text("Cancelled.")).to_be_visible(timeout=120_000)


def test_files_are_brought_and_what_is_bad_is_said(page):
    opened(page)
    page.get_by_role("radio", name="your files").click()
    good = b"This is a story of the sea and of the wind that we have read to you. It was long. " * 20
    files = [
        {"name": "good.txt", "mimeType": "text/plain", "buffer": good},
        {"name": "<b>bad</b>.zip", "mimeType": "application/zip", "buffer": b"PK no zip"},
    ]
    page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(files)
    page.get_by_role("button", name="Run the pipeline").click()
    expect(page.get_by_text("1 of 2 files were not read, or not as they are: their lines say why.")).to_be_visible(
        timeout=240_000
    )
    expect(page.get_by_text(re.compile("Of 1 raw documents"))).to_be_visible()
