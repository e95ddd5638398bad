"""Arithmetic with word vectors: a − b + c ≈ d, on every pair of Tinyland whose words are single tokens.

A family is a relation with its pairs (x, y), such as (see, saw). Two pairs make an analogy: saw − see + find ≈ found.
The answer is the token with the largest cosine to the sum; a, b and c themselves are left out, as in Mikolov et al.
2013. Because that exclusion alone can make the score look good (Linzen 2016), baselines stand beside it: the token
nearest to c without any arithmetic, the nearest of the right kind, and a random word of the right kind.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.analysis.skills.cases import Share
from core.brief import Brief
from core.text import Tokenizer, tinyland
from core.text.tinyland.lexicon import Adjective, Noun, Verb

MOST = 1_000  # analogies of one family that are tried; more are sampled
FEWEST = 10  # analogies: a family with fewer says nothing
BUDGET = 2e11  # multiplications and additions of `measure_all`
CELLS = 20_000_000  # similarities held at once


@dataclass(frozen=True)
class Family:
    """Pairs of token ids (x, y) of one relation."""

    name: str
    kind: str  # "grammar", "order", "Olu", "facts"
    pairs: tuple[tuple[int, int], ...]

    @property
    def answers(self) -> NDArray[np.intp]:
        """The words of the right kind: every y, once, rising."""
        return np.array(sorted({y for _, y in self.pairs}), dtype=np.intp)

    def analogies(self, most: int = MOST, seed: int = 0) -> NDArray[np.intp]:
        """(n, 4) token ids a, b, c, d with a − b + c ≈ d, from two pairs (b, a), (c, d); a sample if there are more.

        All four differ: with a = d, as when two people live in one town, there would be nothing to find.
        """
        x, y = np.array(self.pairs, dtype=np.intp).T
        i, j = np.indices((len(x), len(x))).reshape(2, -1)
        rows = np.stack([y[i], x[i], x[j], y[j]], axis=1)
        different = (np.diff(np.sort(rows, axis=1), axis=1) > 0).all(axis=1)
        rows = rows[different]
        if len(rows) > most:
            rows = rows[np.sort(np.random.default_rng(seed).choice(len(rows), most, replace=False))]
        return rows


@dataclass(frozen=True, eq=False, repr=False)
class Result(Brief):
    """Where the expected token came: by arithmetic, nearest to c, and by drawing from the family's answers."""

    family: Family
    analogies: NDArray[np.intp]  # (n, 4)
    ranks: NDArray[np.intp]  # (n,) of d among all tokens but a, b, c; 1 is first
    baseline_ranks: NDArray[np.intp]  # (n,) the same for c alone
    kind_ranks: NDArray[np.intp]  # (n,) the same for c alone, among the family's answers
    chance: float  # mean over the analogies of 1 / (words of the right kind that are not a, b or c)
    total: int  # analogies of the family, of which `analogies` may be a sample

    @property
    def right(self) -> Share:
        return Share(int((self.ranks == 1).sum()), len(self.ranks))

    @property
    def baseline(self) -> Share:
        return Share(int((self.baseline_ranks == 1).sum()), len(self.ranks))

    @property
    def nearest_of_kind(self) -> Share:
        return Share(int((self.kind_ranks == 1).sum()), len(self.ranks))


def families(tokenizer: Tokenizer, world: tinyland.World = tinyland.WORLD) -> list[Family]:
    """Every relation of the world with at least FEWEST analogies among the single tokens of this tokenizer."""
    single = single_tokens(tokenizer)
    found = []
    for name, kind, pairs in _relations(world):
        ids = tuple(dict.fromkeys((single[x], single[y]) for x, y in pairs if x in single and y in single))
        family = Family(name, kind, ids)
        if len(ids) > 1 and len(family.analogies()) >= FEWEST:
            found.append(family)
    return found


@lru_cache(maxsize=4)
def single_tokens(tokenizer: Tokenizer) -> dict[str, int]:
    """The words that are one token after a space, and the ids of those tokens."""
    found = {}
    for id in range(tokenizer.vocab_size):
        text = tokenizer.token_bytes(id)
        if text[:1] == b" " and len(text) > 1 and b" " not in text[1:]:
            found[text[1:].decode("utf-8", "replace")] = id
    return found


def _relations(world: tinyland.World) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Name, kind and pairs of words (x, y) of everything that Tinyland knows about two words."""
    nouns = (*world.objects, *world.animals, *world.foods, *world.places, *world.containers, *world.plants)
    yield "one → many", "grammar", [(noun.singular, noun.plural) for noun in (*nouns, *world.occupations)]
    yield "see → saw", "grammar", [(verb.base, verb.past) for verb in world.verbs]
    yield "see → sees", "grammar", [(verb.base, verb.present) for verb in world.verbs]
    yield "she → her", "grammar", [("she", "her"), ("he", "him"), ("She", "Her"), ("He", "Him")]
    yield "she → She", "grammar", [(w, w.capitalize()) for w in ("she", "he", "her", "his", "they", "the", "a", "it")]
    yield "she → he", "grammar", [("she", "he"), ("She", "He"), ("her", "his"), ("Her", "His"), ("herself", "himself")]
    for name, words in (("day", world.weekdays), ("month", world.months), ("season", world.seasons)):
        yield f"{name} → next {name}", "order", [*pairwise(words), (words[-1], words[0])]
    yield "one → two", "order", list(pairwise(world.number_words))
    yield "1 → 2", "order", list(pairwise(map(str, range(100))))
    entries: list[Noun | Adjective | Verb] = [*world.objects, *world.animals, *world.foods, *world.places]
    entries += [*world.adjectives, *world.colours, *world.verbs]
    yield "word → Olu", "Olu", [(str(entry), entry.invented) for entry in entries]
    yield "name → she or he", "facts", [(person.name, person.pronoun) for person in world.people]
    for relation, name in (
        ("home", "person → town"), ("occupation", "person → job"), ("food", "person → favourite food"),
        ("colour", "person → favourite colour"), ("animal", "person → pet"), ("mother", "person → mother"),
        ("region", "town → region"), ("capital", "region → capital"), ("specialty", "town → what it is famous for"),
    ):  # fmt: skip
        yield name, "facts", [(fact.subject, fact.value) for fact in world.known_facts if fact.relation == relation]


def unit(matrix: NDArray[np.floating]) -> NDArray[np.float32]:
    """Rows (V, D) at length 1; zero rows stay zero."""
    rows = np.asarray(matrix, dtype=np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0))


def answer(rows: NDArray[np.float32], a: int, b: int, c: int) -> NDArray[np.float32]:
    """The cosine (V,) of every token with a − b + c; `rows` (V, D) from `unit`. Zero if the three cancel out."""
    target = rows[a] - rows[b] + rows[c]
    length = np.linalg.norm(target)
    return rows @ (target / length) if length > 0 else np.zeros(len(rows), np.float32)


def ranks(
    rows: NDArray[np.float32],
    targets: NDArray[np.float32],
    analogies: NDArray[np.intp],
    among: NDArray[np.intp] | None = None,
) -> NDArray[np.intp]:
    """The rank (n,) of d by its product with targets (n, D), among all rows but a, b and c; 1 is first.

    `analogies` (n, 4) holds a, b, c, d. A tie is no success: equals count as before d. `among`: the only ids that
    count, rising, every d one of them.
    """
    ids = np.arange(len(rows)) if among is None else among
    candidates = rows if among is None else rows[among]
    found = np.empty(len(analogies), np.intp)
    size = max(1, CELLS // len(ids))
    for start in range(0, len(analogies), size):
        part = analogies[start : start + size]
        scores = targets[start : start + size] @ candidates.T  # (m, candidates)
        line = np.arange(len(part))
        place = np.searchsorted(ids, part).clip(max=len(ids) - 1)  # (m, 4), right where the id is among the candidates
        expected = scores[line, place[:, 3]].copy()
        for column in range(3):
            there = ids[place[:, column]] == part[:, column]
            scores[line[there], place[there, column]] = -np.inf
        found[start : start + size] = (scores >= expected[:, None]).sum(axis=1)
    return found


def measure(rows: NDArray[np.float32], family: Family, most: int = MOST) -> Result:
    """Every analogy of a family (or a sample of `most`) on `rows` (V, D) from `unit`."""
    tried = family.analogies(most)
    a, b, c, _ = tried.T
    left = len(family.answers) - np.isin(tried[:, :3], family.answers).sum(
        axis=1
    )  # (n,) of the right kind, that remain
    return Result(
        family=family,
        analogies=tried,
        ranks=ranks(rows, rows[a] - rows[b] + rows[c], tried),
        baseline_ranks=ranks(rows, rows[c], tried),
        kind_ranks=ranks(rows, rows[c], tried, family.answers),
        chance=float((1 / left).mean()),
        total=len(family.analogies(most=np.iinfo(np.int64).max)),
    )


def measure_all(
    matrix: NDArray[np.floating],
    found: Sequence[Family],
    report: Callable[[float, str], None] = lambda *_: None,
) -> list[Result]:
    """`measure` of each family on the table (V, D). Large tables get fewer analogies each: seconds must do."""
    rows = unit(matrix)
    most = int(min(MOST, max(50, BUDGET / (4 * rows.size * max(1, len(found))))))
    made = []
    for done, family in enumerate(found):
        report(done / len(found), family.name)
        made.append(measure(rows, family, most))
    return made
