"""The files of the shipped model: their size, their life, and what their card says, measured anew on a sample."""

import pytest

from core.analysis.heads import measurements
from core.model import checkpoint_folder, describe, folders, load_checkpoint

AT_LEAST = {  # by the stage that ended
    "pretrain": {"story_questions": 0.95, "pronouns": 0.95, "translation": 0.95, "arithmetic": 0.95, "code": 0.95,
                 "known_facts": 0.95, "copying": 0.95, "stories_parse": 0.9},
    "sft": {"chat_style": 0.95, "chat_tasks": 0.8, "chat_roles": 0.9, "known_facts": 0.95},
    "preference": {"known_facts": 0.9},
}  # fmt: skip
AT_MOST = {"preference": {"invented_about_strangers": 0.3}}


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
    rates = {stage: {name: share["rate"] for name, share in found.items() if share and "rate" in share}
             for stage, found in skills.items()}  # fmt: skip
    assert rates.keys() == {stage.name for stage in shipped.stages}
    missed = [(stage, name, rates[stage][name]) for stage, least in AT_LEAST.items() for name in least
              if rates[stage][name] < least[name]]  # fmt: skip
    missed += [(stage, name, rates[stage][name]) for stage, most in AT_MOST.items() for name in most
               if rates[stage][name] > most[name]]  # fmt: skip
    assert missed == []
    held_out = skills["pretrain"]["held_out"]
    assert -held_out["excess_95"] < held_out["excess"] < 0.16 * held_out["floor"]
    by_kind = skills["pretrain"]["held_out_by_kind"]
    assert all(by_kind[kind]["excess_share"] < 0.03 for kind in ("story", "story_qa"))
    assert {kind: one for kind, one in by_kind.items() if one["excess"] < -one["excess_95"]} == {}


def test_its_heads(shipped):
    """heads.json is of these weights, at every step."""
    for step in shipped.steps:
        found = measurements.shipped_measurements(describe("tinyland", step))
        assert found is not None, step
        assert found.scores["induction"].mean.shape == (shipped.config.n_layers, shipped.config.n_heads)
        assert set(found.causes) == {"copying", "reference"}
