"""Every page test sees one tiny model called "tiny", in a runs folder of its own, and Streamlit's own test driver."""

from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.ui import near

INDEX = Path(__file__).parents[2] / "pages" / "index.py"
PAGES = ("overview", "tokenization", "embeddings", "attention", "inside", "experiments", "training", "sampling")


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.tiny import make_checkpoint

    folder = tmp_path_factory.mktemp("runs")
    make_checkpoint(folder / "tiny")
    return folder


@pytest.fixture
def app(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """app("attention", step="0") runs that page, all of its sections, as if opened by a link with those parameters."""
    monkeypatch.setenv("GLASSBOX_RUNS", str(runs))
    monkeypatch.setenv("GLASSBOX_MODEL", "tiny")
    st.cache_resource.clear()

    def open_page(page: str = "overview", **query: str) -> AppTest:
        at = AppTest.from_file(str(INDEX), default_timeout=90)
        near.have_all(at.session_state)
        for name, value in query.items():
            at.query_params[name] = value
        at.run()
        return at if page == "overview" else at.switch_page(f"{page}.py").run()

    return open_page
