"""Models made elsewhere, as a visitor meets them: a small GPT-2 is uploaded and a small Llama is there; all pages show
them, with one server and one browser page."""

import io
import zipfile

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import serving, watched
from tests.browser.resting import ready
from tests.core.model.stock.small import write
from tests.navigation import PAGES
from tests.tiny import make_checkpoint


@pytest.fixture(scope="module")
def opened_page(request, chromium, tmp_path_factory):
    from core.model.stock.opened import open_folder

    runs = tmp_path_factory.mktemp("opened")
    make_checkpoint(runs / "tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLASSBOX_RUNS", str(runs))
        open_folder(write(runs / "elsewhere" / "small-llama", "llama"))
    with serving("tiny", runs, request.session) as address, watched(chromium(address), address) as page:
        yield page


def told(page):
    return page.get_by_test_id("stSidebar").get_by_text("made elsewhere")


def upload(page, name: str, data: bytes) -> None:
    page.get_by_role("button", name="Open another model").click()
    sent = {"name": name, "mimeType": "application/zip", "buffer": data}
    page.locator("input[type=file]").first.set_input_files(sent)


def test_a_zip_is_uploaded_and_a_wrong_one_leaves_everything(opened_page, tmp_path):
    page, packed = opened_page, io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for path in write(tmp_path / "small", "gpt2").iterdir():
            made.write(path, f"small/{path.name}")
    page.goto("/")
    ready(page)
    upload(page, "wrong.zip", packed.getvalue()[:-40])
    expect(page.get_by_text("The zip cannot be read", exact=False)).to_be_visible()
    expect(told(page)).to_have_count(0)
    page.goto("/")
    ready(page)
    upload(page, "small-gpt2.zip", packed.getvalue())
    expect(told(page)).to_contain_text("A GPT-2 model made elsewhere")


@pytest.mark.parametrize("path", ["", *PAGES[1:]])
def test_every_page_shows_a_model_made_elsewhere(opened_page, path):
    page, model = opened_page, "small-gpt2" if PAGES.index(path or PAGES[0]) % 2 else "small-llama"
    page.goto(f"/{path}?v=1&model={model}")
    ready(page)
    expect(told(page)).to_be_visible()
    assert page.locator("[data-testid=stException]").count() == 0
