"""The files of the shipped model: their size, their life, and what their card says, measured anew on a sample."""

import pytest

from core.analysis.heads import measurements, roles
from core.analysis.limits import recorded as limits
from core.model import checkpoint_folder, describe, folders, load_checkpoint
from core.prompting import recorded as prompting
from core.uses import recorded as uses

BOUNDS = {  # of rates, by the stage that ended
    "pretrain": {"story_questions": (0.98, 1), "pronouns": (0.96, 1), "translation": (0.98, 1), "arithmetic": (0.98, 1),
                 "code": (0.98, 1), "known_facts": (0.98, 1), "copying": (0.97, 1), "stories_parse": (0.98, 1)},
    "sft": {"chat_style": (0.99, 1), "chat_tasks": (0.97, 1), "chat_roles": (0.97, 1), "known_facts": (0.98, 1)},
    "preference": {"known_facts": (0.98, 1), "chat_tasks": (0.95, 1), "chat_style": (0.95, 1),
                   "invented_about_strangers": (0, 0.1), "unsure_of_the_known": (0, 0.03)},
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
    rates = {stage: {name: share["rate"] for name, share in found.items() if share and "rate" in share}
             for stage, found in skills.items()}  # fmt: skip
    assert rates.keys() == set(shipped.ends)
    missed = [(stage, name, rates[stage][name]) for stage, bounds in BOUNDS.items()
              for name, (least, most) in bounds.items() if not least <= rates[stage][name] <= most]  # fmt: skip
    assert missed == []
    held_out = skills["pretrain"]["held_out"]
    assert -held_out["excess_95"] < held_out["excess"] < 0.035 * held_out["floor"]
    assert all(found["games"]["lists"][4]["rate"] >= 0.9 for found in skills.values())  # after four examples
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
    assert roles.role_of(found, *roles.most_telling(found)) == "induction"  # the head that pages open on


@pytest.mark.slow
def test_what_takes_minutes_is_recorded_at_the_end_of_each_stage(shipped):
    """And of these weights: a page opens on it, and nobody waits."""
    missing = []
    for step in shipped.ends.values():
        found = describe("tinyland", step)
        missing += [("limits", step, part) for part in limits.PARTS if limits.recorded(found, part) is None]
        asked = [name for name, part in prompting.PARTS.items() if part.always or step == shipped.step]
        missing += [("prompting", step, part) for part in asked if prompting.recorded(found, part) is None]
        missing += [("uses", step)] * (uses.recorded(found) is None)
    assert missing == []
