"""Every page on models made elsewhere: a small GPT-2 and a small Llama, opened as a visitor would."""

import io
import zipfile

import pytest

from core.model.stock.opened import close, open_folder
from tests.core.model.stock.small import write
from tests.navigation import PAGES


@pytest.fixture(scope="module")
def opened(runs, tmp_path_factory):
    names = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLASSBOX_RUNS", str(runs))
        for family in ("gpt2", "llama"):
            names[family] = open_folder(write(tmp_path_factory.mktemp("elsewhere") / family, family))
        yield names
        for name in names.values():
            close(name)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_it_or_says_why_not(app, opened, page):
    family = "gpt2" if PAGES.index(page) % 2 else "llama"
    at = app(page, model=opened[family])
    assert at.session_state["model"] == opened[family] and at.session_state["step"] == 0
    assert not at.exception and not at.error
    assert any("made elsewhere" in caption.value for caption in at.sidebar.caption)


def test_a_visitor_opens_a_zip_and_a_wrong_one_changes_nothing(app, opened, runs, tmp_path):
    at = app("overview")
    at.sidebar.file_uploader[0].set_value(("hello.zip", b"no zip", "application/zip")).run()
    assert at.session_state["model"] == "tiny" and "cannot be read" in at.session_state["notes"]["opened"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for path in (runs / "opened" / opened["llama"]).iterdir():
            made.write(path, path.name)
    at.sidebar.file_uploader[0].set_value(("brought.zip", packed.getvalue(), "application/zip")).run()
    assert at.session_state["model"] == "brought" and not at.exception
    assert at.sidebar.file_uploader[0].value is None, "the zip does not stay in memory"
    closes = lambda visit: [button for button in visit.sidebar.button if button.key == "opened_close"]  # noqa: E731
    assert not closes(app("overview", model="brought")), "another visitor may not"
    closes(at)[0].click().run()
    assert at.session_state["model"] == "tiny" and not at.exception and not at.session_state["notes"]
    assert not (runs / "opened" / "brought").exists()
    assert not closes(at)
