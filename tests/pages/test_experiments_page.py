"""Interventions across the pages: a link brings them, every page computes with them, and the page that makes them."""

import numpy as np
import pytest

from core.analysis.interventions.values import Part
from core.figures import labels
from core.text import Tokenizer, train_bpe
from pages.ui import background, cache
from pages.ui.experiments import effects
from tests.pages.truths import captions, codes, truths
from tests.tiny import SENTENCES

DEEP = "zero:L0 zero:L1"


def said(at) -> str:
    return " ".join(element.value for element in [*at.warning, *at.sidebar.warning, *at.markdown])


def banner(at) -> bool:
    return "inside of this model is being changed" in said(at)


def test_nothing_on_means_no_banner(app):
    at = app()
    assert not banner(at) and "intervene" not in codes(at)[0]


@pytest.mark.slow
def test_a_link_changes_what_every_page_computes(app):
    at = app(interventions=DEEP)
    assert not at.exception and banner(at)
    assert f"checkpoint = intervene(checkpoint, {DEEP!r})" in codes(at)[0]
    at.switch_page("attention.py").run()
    assert not at.exception and banner(at)
    at.switch_page("experiments.py").run()
    assert not at.exception and not banner(at)  # the page itself shows them


def test_the_view_and_the_caches_follow(app, monkeypatch):
    """The trace, the continuation, the model and the stamp of a changed model are not those of the plain one."""
    session = {"model": "tiny", "step": 200, "interventions": "zero:L0M"}
    app()
    monkeypatch.setattr("pages.ui.state.get", lambda name: session.get(name))
    ids = (0, 5, 9, 13)
    plain, changed = cache.trace("tiny", 200, ids, ""), cache.trace("tiny", 200, ids)
    assert (changed.mlp_out[0] == 0).all() and not (plain.mlp_out[0] == 0).all()
    assert cache.checkpoint("tiny", 200).model is not cache.plain_checkpoint("tiny", 200).model
    assert cache.checkpoint("tiny", 200).model.embed.weight is cache.plain_checkpoint("tiny", 200).model.embed.weight
    with_one = cache.stamp("tiny")
    session["interventions"] = "zero:L1M"
    assert cache.stamp("tiny") != with_one != cache.files_stamp("tiny")
    assert cache.stamp("another") == cache.files_stamp("another")  # they belong to the model that is shown
    session["interventions"] = ""
    assert cache.stamp("tiny") == cache.files_stamp("tiny")
    assert cache.checkpoint("tiny", 200) is cache.plain_checkpoint("tiny", 200)
    every = "zero:L0 zero:L1"
    last = cache.continuation("tiny", 200, ids, 1, every)[0][1]
    model = cache.plain_checkpoint("tiny", 200).model
    logits = model.unembed(model.ln_final(model.embed.weight[13])).detach().numpy()
    assert last == pytest.approx(float(np.exp(logits).max() / np.exp(logits).sum()), rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "left", "words"),
    [
        ("zero:L0H1 zero:L7 cut:L0A:3>1", "zero:L0H1 cut:L0A:3>1", "no layer 7"),
        ("zero:L0 <b>hello</b>", "", "number 2 of the interventions cannot be read"),
        ("zero:L0 " * 400, "", "more than"),
    ],
)
def test_a_link_that_does_not_fit_says_so(app, text, left, words):
    at = app("experiments", interventions=text)
    assert not at.exception
    assert at.session_state["interventions"] == left
    assert words in said(at) and "<b>" not in said(at)


@pytest.mark.slow
def test_the_page_measures_patches_and_steers(app):
    at = app("experiments", interventions="zero:L1H0 mean:L0M resample:L1M", text="the red dog")
    assert not at.exception
    at.selectbox(key="skill_cases").set_value(25).run()
    at.button(key="measure_skills").click().run()
    assert not at.exception
    assert "25 cases, the same for both" in captions(at)
    for what in ("attention", "mlp", "head"):
        at.session_state["patched"] = what
        at.run()
        assert not at.exception, what
    at.session_state["patch_pin"] = ("L0H1", 2)
    at.run()
    corrupted, clean = at.session_state["corrupted"], at.session_state["clean"]
    at.button(key="keep_patch").click().run()
    assert not at.exception
    assert at.session_state["text"] == corrupted
    assert at.session_state["interventions"].split()[-1].startswith("patch:L0H1@2:")
    assert clean.split()[0] in at.session_state["interventions"]


@pytest.mark.slow
def test_prompts_that_cannot_be_compared_say_why(app):
    at = app("experiments", clean="the red dog", corrupted="the dog", clean_answer="a", corrupted_answer="b")
    assert not at.exception and "equally many tokens" in said(at)
    at.text_area(key="corrupted").set_value("the red dog").run()
    assert not at.exception and "same answer" in said(at)
    at.text_input(key="clean_answer").set_value("").run()
    at.text_area(key="corrupted").set_value("").run()
    assert not at.exception and at.text_input(key="clean_answer").value.strip()  # as in the first example again
    assert at.text_area(key="corrupted").value.strip() and at.text_area(key="clean").value == "the red dog"


@pytest.mark.slow
def test_a_link_to_some_of_what_is_patched_keeps_it(app):
    at = app("experiments", clean_answer="mouse")
    first = [at.text_area(key=name).value for name in ("clean", "corrupted")]
    assert not at.exception and at.text_input(key="clean_answer").value == "mouse" and all(first)
    at = app("experiments", clean="the red dog", corrupted="the old dog")
    answers = [at.text_input(key=name).value for name in ("clean_answer", "corrupted_answer")]
    assert not at.exception and all(answers) and at.text_area(key="clean").value == "the red dog"


@pytest.mark.slow
def test_steering_is_kept_on_and_broken(app):
    at = app("experiments", steer_by="two prompts", steer_plus="the dog", steer_minus="a town", steer_strength="2.0")
    at.button(key="keep_steer").click().run()
    assert not at.exception
    assert at.session_state["interventions"] == "steer:L1:2:the%20dog:a%20town"
    at.button(key="find_break").click().run()
    assert not at.exception
    assert "does not break" in said(at) or "breaks between" in said(at)
    at.text_input(key="steer_minus").set_value("").run()
    assert not at.exception and any("write both" in caption.value for caption in at.caption)


@pytest.mark.slow
def test_the_experiments_set_what_they_say(app):
    at = app("experiments")
    at.button(key="experiments_attention_begin").click().run()
    assert at.session_state["interventions"] == "zero:L0A zero:L1A"
    at.button(key="experiments_swap_begin").click().run()
    assert not at.exception
    assert at.session_state["interventions"].startswith("patch:L0R@") and "lives in" in at.session_state["text"]
    at.button(key="experiments_part_begin").click().run()
    assert at.session_state["interventions"].startswith("zero:L") and not at.exception


@pytest.mark.slow
def test_one_part_that_changes_the_answer_is_offered_and_the_page_says_how_it_changed(app):
    at = app("experiments", text="the red dog")
    assert "As it is, the likeliest next word is" in said(at)
    tokenizer = cache.plain_checkpoint("tiny", 200).tokenizer
    ids = (tokenizer.eot, *tokenizer.encode("the red dog"))
    at.button(key="experiments_part_begin").click().run()
    assert not at.exception
    plain, changed = (cache.trace("tiny", 200, ids, on).probs[-1] for on in ("", at.session_state["interventions"]))
    was, now = int(plain.argmax()), int(changed.argmax())
    assert was != now
    numbers = [labels.change(float(plain[i]), float(changed[i])) for i in (was, now)]
    assert "The likeliest next word **changes from" in said(at) and all(n in said(at) for n in numbers)


def test_a_word_that_stays_the_likeliest_is_said_to_stay_and_by_how_much():
    tokenizer = Tokenizer.from_bpe(train_bpe(SENTENCES, 300), "tiny")
    before, after = np.array([0.1, 0.1845, 0.0]), np.array([0.1, 0.1912, 0.0])
    assert effects.verdict(tokenizer, before, after, True).endswith("**: 18.45 → 19.12 %.")
    assert "is still" in effects.verdict(tokenizer, before, after, True)


def test_heads_mlps_and_layers_have_a_scale_each():
    parts = [Part("head", 0, 0), Part("head", 0, 1), Part("mlp", 0), Part("layer", 0)]
    found = effects.Effects(1.0, [0.02, -0.2, 7.8, 9.6], 5, [5, 6, 5, 7])
    assert [found.limit(parts, kind) for kind in ("head", "mlp", "layer")] == [0.2, 7.8, 9.6]
    assert [found.flips(i) for i in range(4)] == [False, True, False, True]


@pytest.mark.slow
def test_the_first_example_changes_what_the_shipped_model_says_next(app):
    at = app("experiments", model="tinyland")
    at.button(key="experiments_part_begin").click().run()
    assert not at.exception and "The likeliest next word **changes from" in said(at)


@pytest.mark.slow
def test_edges_are_cut_by_hand(app):
    at = app("experiments", text="the red dog", cursor="3")
    at.session_state["edges_open"] = True
    at.run()
    at.button(key="cut_attention").click().run()
    assert at.session_state["interventions"] == "cut:L0A:3>2"
    at.button(key="cut_head").click().run()
    assert not at.exception and at.session_state["interventions"] == "cut:L0A:3>2 cut:L0H0:3>2"
    at.session_state["text"] = "x"
    at.run()
    assert not at.exception


@pytest.mark.slow
def test_on_a_large_model_what_each_part_matters_is_measured_beside_the_page(app, monkeypatch):
    at_once = app("experiments")
    shown = [truth.sentence for truth in truths(at_once)]
    monkeypatch.setattr(effects, "AT_ONCE", 0)
    waiting: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(background, "compute", lambda key, work, label, **_: waiting.append(label))
        assert not app("experiments").exception and "Measuring what each part matters for this text" in waiting
    monkeypatch.setattr(background, "PATIENCE", 120)
    at = app("experiments")
    assert not at.exception and [truth.sentence for truth in truths(at)] == shown
