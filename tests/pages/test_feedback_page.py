"""The page of feedback: ratings that are kept, undone, exported and imported; rewards, the bandit, bluffing."""

import json

import pytest

from core import jobs
from core.lab.ratings import ratings_file, read_ratings, write_ratings
from core.tuning.comparisons import Pair, export_pairs, import_pairs
from pages.ui import background
from pages.ui.feedback import reward
from pages.ui.feedback.bluff import GRADES
from tests.pages.conftest import KEY
from tests.pages.press import button
from tests.pages.truths import captions


@pytest.fixture
def rated(app, monkeypatch):
    """The page as the browser with KEY sees it."""
    monkeypatch.setattr(background, "PATIENCE", 120)

    def open_page(**query):
        at = app("feedback", compared="20", rater="shorter", **query)
        at.session_state["training_key"] = KEY
        return at.run()

    yield open_page
    ratings_file(KEY).unlink(missing_ok=True)


def said(at) -> str:
    return " ".join(one.value for one in at.markdown)


@pytest.mark.slow
def test_a_choice_is_kept_for_its_visitor_and_can_be_undone(rated):
    at = rated()
    assert not at.exception
    shown = [one.value for one in at.text][:2]
    at.button(key="rate_b").click().run()
    (pair,) = read_ratings(ratings_file(KEY))
    assert [pair.a, pair.b, pair.choice] == [*shown, "b"] and "also preferred" in captions(at)
    assert [one.value for one in at.text][:2] != shown
    at.button(key="rate_tie").click().run()
    assert [one.choice for one in read_ratings(ratings_file(KEY))] == ["b", "tie"]
    at.button(key="rate_skip").click().run()
    assert len(read_ratings(ratings_file(KEY))) == 2
    at.button(key="rate_undo").click().run()
    assert [one.choice for one in read_ratings(ratings_file(KEY))] == ["b"]
    again = rated()  # a reload: a new session with the browser's key
    assert any("**1** comparison of" in one.value for one in again.markdown)
    assert [one.value for one in again.text][:2] != shown  # it goes on behind what was compared
    other = rated()
    other.session_state["training_key"] = "o" * 43
    assert any("**0** comparisons" in one.value for one in other.run().markdown)


@pytest.mark.slow
def test_one_rating_or_only_ties_are_answered_with_what_to_do(rated):
    write_ratings(ratings_file(KEY), [Pair("p", "x", "y", "tie")] * 9)
    at = rated()
    at.session_state["rater"] = "your own comparisons"
    at.run()
    assert not at.exception and any("at least four pairs" in one.value for one in at.info)
    assert len(read_ratings(ratings_file(KEY))) == 9


@pytest.mark.slow
def test_own_comparisons_make_a_reward_model(rated):
    pairs = [Pair("One day, ", f"the dog {i}", f"no no no {i}", "a") for i in range(8)]
    write_ratings(ratings_file(KEY), pairs)
    at = rated()
    at.session_state["rater"] = "your own comparisons"
    at.run()
    assert not at.exception and not at.error
    assert any("From **8** comparisons" in one.value for one in at.markdown)


@pytest.mark.slow
def test_of_a_large_model_a_reward_is_learned_when_somebody_asks(rated, monkeypatch):
    monkeypatch.setattr(reward, "AT_ONCE", 0)
    at = rated()
    assert not at.exception and "On those held out" not in said(at)
    button(at, "Learn a reward").click().run()
    assert not at.exception and "On those held out" in said(at)


@pytest.mark.slow
def test_each_way_of_grading_is_a_run_of_its_own(rated, graded_runs, monkeypatch):
    calls = []
    monkeypatch.setattr(jobs, "start", lambda config, owner, **named: calls.append(config))
    at = rated()
    assert not at.exception
    for name in GRADES:
        button(at, f"Train: {name}").click().run()
    assert [config.preference["grades"] for config in calls] == list(GRADES.values())
    assert all(config.stage == "preference" and config.parent["step"] == 200 for config in calls)


@pytest.mark.slow
def test_a_run_learns_from_the_rater_or_from_what_the_visitor_said(rated, monkeypatch):
    begun = []
    monkeypatch.setattr(jobs, "start", lambda config, owner, **named: begun.append((config, named)) or "run-x")
    at = rated()
    at.session_state["shape_method"] = "grpo"
    at.session_state["shape_samples"] = 16
    at.run().slider(key="shape_steps").set_value(30)  # and at once, before it is drawn:
    at.button(key="shape_begin").click().run()
    at.session_state["rater"] = "your own comparisons"
    assert at.run().button(key="shape_begin").disabled and any("too few" in one.value for one in at.warning)
    pairs = [Pair("One day, ", f"the dog {i}", f"no {i}", "b") for i in range(5)]
    write_ratings(ratings_file(KEY), pairs)
    at.run().button(key="shape_begin").click().run()
    assert not at.exception
    (config, named), (own, files) = begun
    assert config.steps == 30
    assert (config.stage, config.parent["checkpoint"], config.replay) == ("preference", "tiny", 0.0)
    wanted = {"method": "grpo", "samples": 16, "taste": "shorter", "reward": "model", "comparisons": 20}
    assert wanted.items() <= config.preference.items() and not named["cards"]
    assert own.preference["reward"] == "model" and "taste" not in own.preference
    kept, _ = import_pairs(files["cards"]["comparisons.jsonl"].decode())
    assert kept == [Pair(one.prompt, one.b, one.a, "a") for one in pairs]


@pytest.mark.slow
def test_before_and_after_stand_side_by_side_with_what_is_the_matter(rated, shaped_run):
    at = rated()
    assert not at.exception and not at.error
    assert any("90% of the groups" in one.value for one in at.info)
    said = [one.value for one in at.text]
    assert said.count("Mia gave") == 1 and any("foretells the turnover" in one.value for one in at.markdown)


# ---- the file ----


def test_what_is_exported_is_imported_and_ties_stay_at_home():
    pairs = [Pair("p", "x", "y", "b"), Pair("p", "x", "y", "tie"), Pair("q", "ü\n", "", "a")]
    text = export_pairs(pairs)
    assert json.loads(text.splitlines()[0]) == {"prompt": "p", "chosen": "y", "rejected": "x"}
    assert import_pairs(text) == ([Pair("p", "y", "x", "a"), Pair("q", "ü\n", "", "a")], [])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 3: it must be"),
        ('{"prompt": "p", "chosen": "x"}', "line 3: it must be"),
        ('{"prompt": "p", "chosen": "x", "rejected": 3}', "line 3: prompt, chosen and rejected must be texts"),
        ('{"prompt": "p", "chosen": "x", "rejected": "x"}', "line 3: both texts are the same"),
    ],
)
def test_a_broken_line_is_named_and_the_others_are_kept(line, said):
    good = export_pairs([Pair("p", "x", "y", "a")])
    pairs, (problem,) = import_pairs(good + good + line + "\n" + good)
    assert len(pairs) == 3 and said in problem


def test_a_damaged_file_gives_what_can_be_read(tmp_path):
    path = tmp_path / "ratings.jsonl"
    write_ratings(path, [Pair("p", "x", "y", "a")])
    path.write_text(path.read_text() + '{"prompt": 1}\n[]\n{"prompt": "p", "a": "x", "b": "y", "choice": "c"}\nxx')
    assert read_ratings(path) == [Pair("p", "x", "y", "a")]
    assert read_ratings(tmp_path / "none") == []
