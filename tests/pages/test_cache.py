"""The caches' door for names: what a link calls a model is a name, never a path."""

import pytest

from core.model import folders
from pages.ui import cache
from tests.tiny import make_checkpoint


@pytest.mark.parametrize("door", [cache.description, cache.plain_checkpoint])
def test_a_link_cannot_name_a_folder_outside(door, tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "SHIPPED", tmp_path / "models")
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path / "runs"))
    make_checkpoint(tmp_path / "outside")
    make_checkpoint(tmp_path / "runs" / "inside")
    monkeypatch.chdir(tmp_path)
    assert door("inside").name == "inside"
    for name in ("../outside", "outside", "./outside", str(tmp_path / "outside"), "inside/../../outside", "inside/"):
        with pytest.raises(ValueError, match="there is no model called"):
            door(name)
