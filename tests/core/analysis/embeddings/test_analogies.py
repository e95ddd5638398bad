"""Analogies against brute force, on tables where the answer is known, and on Tinyland's own truth."""

import numpy as np
import pytest

from core.analysis.embeddings.analogies import FEWEST, Family, answer, families, measure, measure_all, unit
from core.text import Tokenizer, tinyland, train_bpe

PAIRS = tuple((i, i + 6) for i in range(6))  # x = 0..5, y = 6..11
FAMILY = Family("x → y", "grammar", PAIRS)


def table(seed: int = 0, noise: float = 0.0) -> np.ndarray:
    """(20, 8): y = x + one shared step; rows 12 to 19 are something else."""
    dice = np.random.default_rng(seed)
    rows = dice.normal(size=(20, 8)) * 0.3
    rows[6:12] = rows[:6] + [2, 0, 0, 0, 0, 0, 0, 0] + noise * dice.normal(size=(6, 8))
    return rows.astype(np.float32)


def cosine(a, b) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def test_analogies_are_all_of_two_different_pairs():
    expected = {(y1, x1, x2, y2) for x1, y1 in PAIRS for x2, y2 in PAIRS if x1 != x2}
    assert set(map(tuple, FAMILY.analogies().tolist())) == expected and len(FAMILY.analogies()) == 30
    shared = Family("home", "facts", ((0, 9), (1, 9), (2, 8)))
    assert all(row[0] != row[3] for row in shared.analogies().tolist()) and len(shared.analogies()) == 4
    some = FAMILY.analogies(most=7)
    assert len(some) == 7 and set(map(tuple, some.tolist())) <= expected


@pytest.mark.parametrize("noise", [0.0, 1.5])
def test_ranks_equal_brute_force(noise):
    rows = unit(table(noise=noise))
    result = measure(rows, FAMILY)
    for (a, b, c, d), rank, base, kind in zip(
        result.analogies.tolist(), result.ranks, result.baseline_ranks, result.kind_ranks, strict=True
    ):
        others = [i for i in range(20) if i not in (a, b, c, d)]
        for target, among, found in (
            (rows[a] - rows[b] + rows[c], others, rank),
            (rows[c], others, base),
            (rows[c], [i for i in others if 6 <= i < 12], kind),
        ):
            assert found == 1 + sum(cosine(rows[i], target) >= cosine(rows[d], target) for i in among)
    assert result.chance == pytest.approx(1 / 5)  # 6 answers, one of them is a
    assert result.total == 30
    if noise == 0:
        assert result.right.rate > 0.5 > result.baseline.rate


def test_a_tie_is_no_success():
    result = measure(unit(np.ones((20, 8))), FAMILY)
    assert result.right.right == 0 and (result.ranks == 17).all() and (result.kind_ranks == 5).all()


def test_answer_is_the_cosine_with_the_sum():
    rows = unit(table())
    np.testing.assert_allclose(
        answer(rows, 6, 0, 1), [cosine(row, rows[6] - rows[0] + rows[1]) for row in rows], atol=1e-6
    )
    assert not answer(np.zeros((3, 2), np.float32), 0, 1, 2).any()


def test_scale_and_turn_of_the_table_do_not_matter():
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(8, 8)))[0].astype(np.float32)
    one, other = (measure_all(matrix, [FAMILY])[0] for matrix in (table(noise=1), 7 * table(noise=1) @ turn))
    np.testing.assert_array_equal(one.ranks, other.ranks)


def test_families_hold_tinylands_truth():
    names = [town.name for town in tinyland.WORLD.towns] + [region.name for region in tinyland.WORLD.regions]
    text = [" " + " ".join([*names, *tinyland.WORLD.number_words])] * 3
    tokenizer = Tokenizer.from_bpe(train_bpe(text, 900), "towns")
    found = {family.name: family for family in families(tokenizer)}
    assert {"town → region", "region → capital", "one → two"} <= set(found)
    known = {(fact.subject, fact.value) for fact in tinyland.WORLD.known_facts if fact.relation == "capital"}
    told = {tuple(tokenizer.decode([id]).strip() for id in pair) for pair in found["region → capital"].pairs}
    assert told and told <= known  # withheld facts are not asked
    assert all(len(family.analogies()) >= FEWEST for family in found.values())
    assert families(Tokenizer.byte_tokenizer()) == []
