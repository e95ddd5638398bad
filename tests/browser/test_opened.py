"""Models made elsewhere, as a visitor meets them: a small GPT-2 is uploaded and a small Llama is there; all pages show
them, with one server and one browser page. One more is fetched from a hub, on loopback."""

import io
import struct
import zipfile

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import serving, watched
from tests.browser.resting import ready
from tests.core.model.stock.fake_hub import fake_hub
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
        for shape in ("llama", "gpt2"):
            open_folder(write(runs / "elsewhere" / f"small-{shape}", shape))
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
    upload(page, "sent-gpt2.zip", packed.getvalue())
    expect(told(page)).to_contain_text("A GPT-2 model made elsewhere")


@pytest.mark.thorough
@pytest.mark.parametrize("path", ["", *PAGES[1:]])
def test_every_page_shows_a_model_made_elsewhere(opened_page, path):
    page, model = opened_page, "small-gpt2" if PAGES.index(path or PAGES[0]) % 2 else "small-llama"
    page.goto(f"/{path}?v=1&model={model}")
    ready(page)
    expect(told(page)).to_be_visible()
    assert page.locator("[data-testid=stException]").count() == 0


@pytest.mark.thorough
def test_a_model_is_fetched_from_a_hub_cancelled_and_gone_on_with(request, chromium, tmp_path):
    weights = write(tmp_path / "models" / "someone" / "small") / "model.safetensors"
    make_checkpoint(tmp_path / "runs" / "tiny")
    with fake_hub(tmp_path / "models") as hub:
        hub.slow = 0.008
        of_hub = {"HF_ENDPOINT": hub.address, "HF_HUB_CACHE": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "0"}
        with (
            serving("tiny", tmp_path / "runs", request.session, **of_hub) as address,
            watched(chromium(address), address) as page,
        ):
            page.goto("/")
            page.get_by_role("button", name="Open another model").click()
            asked = page.get_by_placeholder("owner/name")
            asked.fill("someone/else")
            asked.press("Enter")
            page.get_by_role("button", name="Fetch it from the hub").click()
            expect(page.get_by_text("someone/else cannot be fetched", exact=False)).to_be_visible()
            weights.write_bytes(padded(weights.read_bytes(), 60_000_000))
            asked.fill("someone/small")
            asked.press("Enter")
            page.get_by_role("button", name="Fetch it from the hub").click()
            expect(page.get_by_text("model.safetensors, 10 of 60 MB", exact=False)).to_be_visible()
            page.get_by_role("button", name="Cancel").click()
            expect(page.get_by_text("model.safetensors", exact=False)).to_have_count(0)
            hub.slow = 0.0
            page.get_by_role("button", name="Fetch it from the hub").click()
            page.get_by_role("button", name="Show someone-small").click()
            expect(told(page)).to_contain_text("A Llama model made elsewhere")
        assert sum(count for name, _, count in hub.sent if name == weights.name) < 1.8 * weights.stat().st_size


def padded(weights: bytes, size: int) -> bytes:
    """The file of tensors, made so many bytes long: its header is followed by spaces, which JSON allows."""
    (header,) = struct.unpack("<Q", weights[:8])
    spaces = size - len(weights)
    return struct.pack("<Q", header + spaces) + weights[8 : 8 + header] + b" " * spaces + weights[8 + header :]
