"""The files of the shipped model: their size, their life, and what their card says, measured anew on a sample."""

import pytest

from core.analysis.heads import measurements
from core.model import checkpoint_folder, describe, folders, load_checkpoint

AT_LEAST = {
    "story_questions": 0.95, "pronouns": 0.95, "translation": 0.95, "arithmetic": 0.90, "known_facts": 0.95,
    "chat_style": 0.95, "stories_parse": 0.90,
}  # fmt: skip


@pytest.fixture(scope="module")
def shipped():
    return load_checkpoint("tinyland")


def test_its_files(shipped):
    assert shipped.config.parameter_count()["total"] <= 4_000_000
    assert len(shipped.steps) >= 12 and shipped.steps[0] == 0 and shipped.step == shipped.card["step"]
    assets = folders.ROOT / "assets"
    assert sum(path.stat().st_size for path in assets.rglob("*") if path.is_file()) <= 80_000_000
    assert shipped.card["sha256"] == folders.digests(checkpoint_folder("tinyland"))


def test_its_card(shipped):
    skills = shipped.card["skills"]
    assert {name: skills[name]["rate"] for name, least in AT_LEAST.items() if skills[name]["rate"] < least} == {}
    held_out = skills["held_out"]
    assert -held_out["excess_95"] < held_out["excess"] < 0.03 * held_out["floor"]
    below = {kind: one for kind, one in skills["held_out_by_kind"].items() if one["excess"] < -one["excess_95"]}
    assert below == {}


def test_its_heads(shipped):
    """heads.json is of these weights, at every step."""
    for step in shipped.steps:
        found = measurements.shipped_measurements(describe("tinyland", step))
        assert found is not None, step
        assert found.scores["induction"].mean.shape == (shipped.config.n_layers, shipped.config.n_heads)
        assert set(found.causes) == {"copying", "reference"}
