"""Models built by hand to hold exactly one kind of head each: the scores find them, and only them."""

import numpy as np
import pytest

from core.analysis.heads import causes, referents, roles
from core.analysis.heads import scores as heads
from core.analysis.heads.measurements import Measurements
from core.model import ModelConfig, Transformer, run_trace
from core.text import Tokenizer, tinyland, train_bpe
from tests.core.analysis.heads.built import CONTEXT, PLACES, VOCAB, built, induct, look_back


def scores_of(model: Transformer) -> dict[str, heads.HeadScore]:
    return {score.name: score for score in heads.head_scores(model, half=12, cases=20, seed=4, start=(0,))}


def roles_of(scores: dict[str, heads.HeadScore], layers: int) -> list[list[str | None]]:
    return [[roles.looks_like(scores, layer, head) for head in (0, 1)] for layer in range(layers)]


def test_a_previous_token_head_and_a_uniform_head():
    model = built(1)
    look_back(model, 0)
    scores = scores_of(model)
    assert scores["previous"].mean[0, 0] > 0.99
    assert roles_of(scores, 1) == [["previous", None]]
    for score in scores.values():  # the other head looks at everything alike: its score is chance, to the last digit
        assert score.mean[0, 1] == pytest.approx(score.chance[0, 1], rel=1e-5)
        assert score.margin[0, 1] < 1e-6
    later = [1 / (t + 1) for t in range(1, 25)]
    assert scores["previous"].chance[0, 0] == pytest.approx(np.mean(later))


def test_an_induction_head():
    model = built(2)
    look_back(model, 0)
    induct(model, 1)
    scores = scores_of(model)
    assert scores["induction"].mean[1, 0] > 0.95
    assert scores["induction"].mean[0, 0] < 0.01 and scores["duplicate"].mean[1, 0] < 0.01
    assert roles_of(scores, 2) == [["previous", None], ["induction", None]]


def test_without_the_head_that_looks_back_there_is_no_induction():
    model = built(2)
    induct(model, 1)
    scores = scores_of(model)
    assert roles_of(scores, 2) == [[None, None], [None, None]]
    assert scores["induction"].mean[1, 0] == pytest.approx(scores["induction"].chance[1, 0], rel=1e-4)


def looks_for(model: Transformer, token: int, strength: float = 4.0) -> None:
    """Head 0 of layer 0 looks at one token wherever it stands: every place asks for it."""
    attention = model.blocks[0].attn
    attention.wq.weight[0, PLACES] = strength
    attention.wk.weight[0, token] = strength


def made_up_cases() -> list[referents.ReferentCase]:
    """Token 5 names whom the pronoun (token 9) means, token 6 another; how often changes from case to case."""
    texts = ([0, 5, 1, 6, 2, 9], [0, 5, 6, 6, 5, 9], [0, 6, 1, 1, 5, 2, 5, 9], [0, 1, 5, 6, 9])
    return [
        referents.ReferentCase(
            tuple(ids),
            tuple(i for i, token in enumerate(ids) if token == 5),
            tuple(i for i, token in enumerate(ids) if token == 6),
        )
        for ids in texts
    ]


def test_a_head_that_finds_whom_the_pronoun_means():
    model, cases = built(1), made_up_cases()
    looks_for(model, 5)
    score = referents.referent_score(model, cases, batch=3)
    share = np.mean([len(c.meant) / (len(c.meant) + len(c.others)) for c in cases])
    assert score.mean[0, 0] > 0.99 and score.chance[0, 0] == pytest.approx(share, abs=0.01)
    assert roles.looks_like({"referent": score}, 0, 0) == "referent"
    evenly = np.mean([len(c.meant) / len(c.ids) for c in cases])  # the other head: as much as chance would give
    assert score.mean[0, 1] == pytest.approx(evenly, rel=1e-5) == score.chance[0, 1]
    assert roles.looks_like({"referent": score}, 0, 1) is None


def test_a_head_that_likes_all_names_does_no_better_than_chance():
    model = built(1)
    looks_for(model, 5)
    looks_for(model, 6)
    score = referents.referent_score(model, made_up_cases())
    assert score.mean[0, 0] > roles.THRESHOLD  # much of it goes to the right name …
    assert score.mean[0, 0] == pytest.approx(score.chance[0, 0], rel=1e-3)  # … for there are few names
    assert roles.looks_like({"referent": score}, 0, 0) is None
    with pytest.raises(ValueError, match="two cases"):
        referents.referent_score(model, made_up_cases()[:1])


def test_referent_scores_equal_those_of_single_traces():
    config = ModelConfig(vocab_size=VOCAB, context_length=CONTEXT, n_layers=2, n_heads=2, d_model=16)
    model = Transformer(config, seed=3).requires_grad_(False)
    cases = made_up_cases()
    found = referents.referent_score(model, cases, batch=2)
    alone = [run_trace(model, c.ids).pattern[:, :, -1].numpy()[..., list(c.meant)].sum(-1) for c in cases]
    np.testing.assert_allclose(found.mean, np.mean(alone, axis=0), rtol=1e-5)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    texts = [d.text for d in tinyland.documents(1, stop=150, weights={"story": 1.0})]
    return Tokenizer.from_bpe(train_bpe(texts, 500), "stories")


@pytest.mark.slow
def test_cases_point_at_the_names_and_the_pronoun(tokenizer):
    cases = referents.referent_cases(tokenizer, longest=200, most=60)
    assert len(cases) > 40
    stories = [d.text for d in tinyland.documents(referents.SEED, stop=120, weights={"story": 1.0})]
    pronouns = {"he", "she", "his", "her", "him"}
    for case in cases:
        text = tokenizer.decode(list(case.ids[1:]))
        assert sum(story.startswith(text) for story in stories) == 1  # two cases never share a story
        assert text.split()[-1].lower().strip('".,') in pronouns
        assert not set(case.meant) & set(case.others) and max(case.meant + case.others) < len(case.ids) - 1
        for name in whole_words(tokenizer, case, case.meant) | whole_words(tokenizer, case, case.others):
            assert tinyland.category(name) in referents.PERSONS, name


def whole_words(tokenizer: Tokenizer, case: referents.ReferentCase, places: tuple[int, ...]) -> set[str]:
    """The last word of each run of neighbouring tokens."""
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return {tokenizer.decode([case.ids[i] for i in run]).split()[-1] for run in runs}


def test_case_of_a_story_known_by_heart(tokenizer):
    text = (
        "Axel from Dozeworth was in the park. His friend Maeve sat nearby. Axel had a mug. Axel counted to 4. "
        "Maeve hurried to the bakery. She was bored. Axel walked to the kitchen. Then it was time to go home."
    )
    [story] = tinyland.parse(text).documents
    [case] = referents.cases_of(tokenizer, [story], longest=200)
    assert tokenizer.decode(list(case.ids[1:])).endswith("Maeve hurried to the bakery. She")  # "His" knows one person
    said = lambda places: "".join(tokenizer.decode([case.ids[i]]) for i in places).split()  # noqa: E731
    assert said(case.meant) == ["Maeve", "Maeve"] and said(case.others) == ["Axel", "Axel", "Axel"]
    assert referents.cases_of(tokenizer, [story], longest=20) == []


# ---- over training ----


def score(mean: float) -> heads.HeadScore:
    """One head that scores `mean` in every case but for a little noise."""
    samples = mean + np.linspace(-0.001, 0.001, 9)[:, None, None]
    return heads.summary("induction", samples, 0.1)


def test_a_birth_is_the_start_of_what_lasts():
    means = {0: 0.02, 5: 0.6, 10: 0.1, 20: 0.5, 40: 0.9}
    life = [(step, Measurements({"induction": score(mean)}, {"copying": matters(0.5)})) for step, mean in means.items()]
    assert roles.birth(life, "induction", 0, 0) == (10, 20)  # the flash at step 5 did not last
    assert roles.birth(life[:3], "induction", 0, 0) is None
    assert roles.birth(life[3:], "induction", 0, 0) == (None, 20)
    assert list(roles.births(life)) == [("induction", 0, 0, 10, 20)]
    assert list(roles.births(life[:1])) == []


def matters(loss: float) -> causes.HeadCause:
    """One head without which the loss grows by so much, give or take 0.1."""
    at = np.full((1, 1), loss)
    return causes.HeadCause("copying", at, at - 0.1, at + 0.1, 1.0, 9)


def test_a_birth_waits_for_the_cause():
    proofs = {0: -0.5, 5: 0.05, 10: 0.5, 20: 0.5}  # at step 5 the interval holds 0
    clear = {"induction": score(0.9)}
    life = [(step, Measurements(clear, {"copying": matters(loss)})) for step, loss in proofs.items()]
    assert list(roles.births(life)) == [("induction", 0, 0, 5, 10)]
    assert list(roles.births(life[:2])) == []


def test_a_role_needs_the_whole_interval():
    wide = heads.summary("induction", np.array([0.0, 0.9, 0.9])[:, None, None], 0.1)
    assert wide.mean[0, 0] > roles.THRESHOLD and roles.looks_like({"induction": wide}, 0, 0) is None
    assert roles.looks_like({"induction": score(0.3003)}, 0, 0) is None  # its interval reaches below
    assert roles.looks_like({"induction": score(0.31)}, 0, 0) == "induction"


def test_some_steps_keep_the_ends():
    assert roles.some_steps(range(10), 24) == tuple(range(10))
    kept = roles.some_steps(range(101), 11)
    assert kept == tuple(range(0, 101, 10))
