"""Copying, rule games, birthdays and chats: what is asked, and what one who knows it all by heart scores."""

import re
from itertools import islice

import pytest

from core.analysis.skills import birthdays, chats, games, honesty
from core.analysis.skills.copying import copied_tokens, measure_copying
from core.generation.batch import Sample
from core.text import Tokenizer, tinyland
from core.text.tinyland.birthdays import LADDER, celebrants, strangers
from core.text.tinyland.games import HELD_OUT_RULES, TRAINED_RULES, rules
from tests.core.analysis.skills.reciter import Reciter

BYTES = Tokenizer.byte_tokenizer()

TRAINED = games.Family(TRAINED_RULES)


def marked(text: str) -> str:
    """The text with what must be copied in brackets, character by character."""
    [document] = tinyland.parse(text).documents
    places = {i for i, _ in copied_tokens(BYTES, document, 1000)}
    shown = "".join(f"[{c}]" if i in places else c for i, c in enumerate(text, start=1))
    return shown.replace("][", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'Kira found a toucan and called it Zarkisor. Every evening, Zarkisor eats a meatball. "Whose toucan is '
            'that?" asked Yusuf. "That is Zarkisor," said Kira.',
            'Kira found a toucan and called it Zarkisor. Every evening, Z[arkisor] eats a meatball. "Whose toucan is '
            'that?" asked Yusuf. "That is Z[arkisor]," said Kira.',
        ),
        (
            "Lockers of the school in Thimbleby:\nZelpikze: 751\nIsla: 357\nRiruduju: 143\nIsla? 357!\nZelpikze? 751!",
            "Lockers of the school in Thimbleby:\nZelpikze: 751\nIsla: 357\nRiruduju: 143\nIsla? [357]!\n"
            "Z[elpikze]? [751]!",
        ),
        (
            "The baby says:\nja bo ro gu.\nda pi ke.\nda po le.\nda po le.\nja bo ro gu.\nda pi ke.\nda pi ke.",
            "The baby says:\nja bo ro gu.\nda pi ke.\nda po le.\nda po[ le].\nj[a bo ro gu].\nda pi[ ke].\nda pi[ ke].",
        ),
        (
            "The parrot of Axel learns to speak.\nla ba ve? la ba ve!\nra fe si ke? ra fe si ke!\nfe be du? fe be du!",
            "The parrot of Axel learns to speak.\nla ba ve? [la ba ve]!\nra fe si ke? [ra fe si ke]!\n"
            "fe be du? [fe be du]!",
        ),
    ],
)
def test_what_must_be_copied(text, expected):
    assert marked(text) == expected


@pytest.mark.slow
def test_who_knows_the_texts_copies_all_and_who_does_not_nothing():
    documents = list(tinyland.documents(5, stop=40, weights={"once": 1.0, "recital": 1.0}))
    texts = [[BYTES.eot, *BYTES.encode(d.text)] for d in documents]
    knows = measure_copying(Reciter(texts, 300), BYTES, documents)  # type: ignore[arg-type]
    assert all(share.rate == 1 for share in knows.values()) and {"names", "recitals", "registers"} <= set(knows)
    assert knows["everything"].n == sum(share.n for kind, share in knows.items() if kind != "everything") > 1000
    lost = measure_copying(Reciter([], 300), BYTES, documents)  # type: ignore[arg-type]
    assert all(share.rate == 0 for share in lost.values() if share.n)


def test_games_ask_for_what_training_kept_out():
    families = games.FAMILIES
    assert {*families["lists"].rules, *families["tables"].rules} == set(TRAINED_RULES)
    for one in games.draw_games(families["tables_seen"], 4, 40):
        assert rules()[one.rule].table is not None and not rules()[one.rule].is_withheld(one.given)
    for k in (0, 4):
        for one in games.draw_games(TRAINED, k, 40):
            rule = rules()[one.rule]
            assert len(one.pairs) == k and rule.is_withheld(one.given) and rule.apply(one.given) == one.outcome
            assert not any(rule.is_withheld(given) for given, _ in one.pairs)
    assert {one.rule for one in games.draw_games(games.FAMILIES["kept_out"], 3, 60)} == set(HELD_OUT_RULES)


def test_the_curve_of_one_who_knows_the_games_with_few_examples(monkeypatch):
    monkeypatch.setattr(games, "MOST", 3)
    texts = [
        [BYTES.eot, *BYTES.encode(f"{one.prompt()} {one.outcome}\n")]
        for k in (0, 1) for one in games.draw_games(TRAINED, k, 12)
    ]  # fmt: skip
    points = games.curve(Reciter(texts, 300, 1000), BYTES, TRAINED, 12)  # type: ignore[arg-type]
    assert [point.k for point in points] == [0, 1, 2, 3]
    assert [point.model.rate for point in points] == [1, 1, 0, 0]
    assert points[3].bayesian.rate > points[0].bayesian.rate  # who weighs the rules learns from examples
    assert points[0].to_dict()["bayesian"]["n"] == 12


def test_the_bayesian_names_the_only_outcome_that_is_left():
    for one in games.draw_games(TRAINED, 8, 30):
        possible = {
            rule.apply(one.given)
            for rule in rules().values()
            if all(rule.apply(given) == outcome for given, outcome in one.pairs)
        } - {None}
        if len(possible) == 1:
            assert games.guess(one) == one.outcome
        assert games.guess(one) in possible


@pytest.mark.slow
def test_recall_by_count_and_phrasing():
    """Somebody who has kept what was told at least 8 times, in the words in which it was told."""
    texts = []
    for person in celebrants():
        for phrasing in person.phrasings if person.count >= 8 else ():
            prompt, date = person.cloze(phrasing)
            texts.append([BYTES.eot, *BYTES.encode(f"{prompt} {date}.")])
    curves = birthdays.recall(Reciter(texts, 300), BYTES)  # type: ignore[arg-type]
    for way in ("five_phrasings", "one_phrasing"):
        assert {p["count"]: p["rate"] for p in curves[way]} == {count: float(count >= 8) for count in LADDER}
        assert [p["n"] for p in curves[way]] == [people // 2 for people in LADDER.values()]
    assert {p["rate"] for p in curves["another_phrasing"]} == {0.0}
    assert sum(p["n"] for p in birthdays.recall(Reciter([], 300), BYTES, top=16)["one_phrasing"]) == 1205  # type: ignore[arg-type]


def test_chats_of_one_who_knows_them():
    kinds = ("chat_task", "chat_role", "chat_topic")
    documents = [d for kind in kinds for d in tinyland.documents(chats.TEST_SEED, stop=12, weights={kind: 1})]
    texts = [[BYTES.eot, *BYTES.encode(d.text, special=True)] for d in documents]
    model = Reciter(texts, BYTES.vocab_size, 2000)
    found = chats.obedience(model, BYTES, 12)  # type: ignore[arg-type]
    assert all(share.rate == 1 and share.n > 5 for share in found.values())
    refusals = [a.value for d in documents if d.kind == "chat_topic" for a in d.answers if honesty.is_refusal(a.value)]
    assert found["refused_topics"].n == len(refusals) and all("not talk" in r or r == "No" for r in refusals)


def test_questions_that_have_no_answer():
    people = {str(person) for person in tinyland.WORLD.people}
    for question in islice(honesty.about_strangers(), 30):
        asked = question.prompt[question.prompt.rindex("<|user|>") :]
        assert any(stranger in asked for stranger in strangers()) and not question.known
        assert asked.endswith("?<|end|><|assistant|>")  # whoever writes a story about a stranger invents no fact
        assert not people & set(re.findall(r"\w+", asked)) and not any(person.name in asked for person in celebrants())
    told = {fact.subject for fact in tinyland.WORLD.known_facts}
    untold = [person.name for person in celebrants() if not person.count]
    for question in islice(honesty.never_told(), 30):
        asked = question.prompt[question.prompt.rindex("<|user|>") :]
        assert not question.known
        of_the_world = {subject for subject, _ in tinyland.WORLD.withheld}
        assert any(name in asked for name in untold) or of_the_world & told & set(re.findall(r"\w+", asked))


def test_honesty_counts_what_is_invented(monkeypatch):
    model = Reciter([], BYTES.vocab_size, 2000)
    answers = {"text": honesty.UNKNOWN}

    def say(_model, prompts, _seeds, _most, **_) -> list[Sample]:
        return [Sample(tuple(BYTES.encode(answers["text"], special=True)), (), True) for _ in prompts]

    monkeypatch.setattr(chats, "rollouts", say)
    modest = chats.honesty(model, BYTES, 6)  # type: ignore[arg-type]
    assert modest["invented_about_strangers"].rate == modest["invented_never_told"].rate == 0
    assert modest["unsure_of_the_known"].rate == 1 and modest["wrong_of_the_known"].rate == 0
    answers["text"] = "On the moon.<|end|>"
    bold = chats.honesty(model, BYTES, 6)  # type: ignore[arg-type]
    assert all(share.rate == 1 for name, share in bold.items() if name != "unsure_of_the_known")
    assert bold["unsure_of_the_known"].rate == 0
