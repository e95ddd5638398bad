"""Each stage on texts by hand, at its thresholds, and beside an independent reference."""

import re
from collections import Counter
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.crawl import Crawl
from core.data.defects import foreign, leaks, mojibake
from core.data.document import Document
from core.data.stage import Change, Dropped, Kept
from core.data.stages.c4 import C4
from core.data.stages.decontaminate import Decontaminate
from core.data.stages.exact import ExactDuplicates
from core.data.stages.extract import Extract
from core.data.stages.fineweb import FineWeb
from core.data.stages.gopher import REPEATED, GopherQuality, GopherRepetition, Words, repeated_share, top_share
from core.data.stages.language import EXPECTED, Language
from core.data.stages.licence import Licence
from core.data.stages.normalise import Normalise, normalised
from core.data.stages.personal import FINDERS, PersonalData
from core.data.stages.repair import Repair

CODES = dict(zip(("English", "Spanish", "German", "French", "Italian", "Dutch", "Portuguese"), EXPECTED, strict=True))
PROSE = Crawl(0).article(0)


def judged(stage, text, **meta):
    return stage.judge(Document(0, text, meta))


def reason(outcome):
    return outcome.reason if isinstance(outcome, Dropped) else None


@pytest.mark.slow
def test_extraction_loses_no_paragraph_of_the_main_text_and_no_script_gets_through():
    stage = Extract()
    for page in Crawl(5).pages(0, 150):
        text = stage.judge(page.document).document.text
        (main,) = page.of_kind("main")
        squeezed = " ".join(text.split())
        for paragraph in re.findall(r"<p>(.*?)</p>", page.raw(main), re.DOTALL):
            assert " ".join(unescape(paragraph).split()) in squeezed
        assert not any(page.raw(script)[8:-9] in text for script in page.of_kind("script"))


def test_extraction_reads_what_the_head_says():
    head = '<title>A &amp; B</title><link rel="license" href="x"><meta name="Robots" content="NOAI">'
    outcome = judged(Extract(), f"<html><head>{head}</head><body><p>Hello.</p></body></html>", source="web")
    assert outcome.document.meta == {"source": "web", "title": "A & B", "licence": "x", "robots": "noai"}
    assert outcome.document.text.strip() == "Hello."


@pytest.mark.parametrize("text", ["", " \n", "<html><head></head><body></body></html>", "<script>1</script>"])
def test_a_page_without_text_is_dropped(text):
    assert reason(judged(Extract(), text)) == "no text"


@pytest.mark.parametrize("kind", mojibake.KINDS)
@pytest.mark.parametrize("sentence", mojibake.SENTENCES)
def test_repair_inverts_every_misreading_that_can_be_inverted(kind, sentence):
    truth = sentence.format(a="Ada")
    outcome = judged(Repair(), f"Ada slept.\n{mojibake.misread(truth, kind)}")
    if kind == "lossy":
        assert outcome.changes == ()
    else:
        assert outcome.document.text == f"Ada slept.\n{truth}"
        (change,) = outcome.changes
        assert change.after == truth and change.how


@pytest.mark.parametrize("sentence", [*mojibake.SENTENCES, *(s for own in foreign.SENTENCES.values() for s in own)])
def test_repair_leaves_accents_and_curly_quotes_that_are_right(sentence):
    assert judged(Repair(), sentence) == Kept(Document(0, sentence))


@pytest.mark.slow
@given(st.text(alphabet="aé\u0301 \t\r\n\u00a0\u00ad\u200b\ufeff", max_size=40))
def test_the_normal_form_is_one(text):
    once = normalised(text)
    assert normalised(once) == once
    assert not re.search(r"\s\s|[\r\t\u00a0\u00ad\u200b\ufeff]|^\s|\s$", once)
    visible = re.sub("[\u00ad\u200b\u2060\ufeff]", "", text)
    assert bool(visible.strip()) == bool(once)
    assert isinstance(judged(Normalise(), text), Kept) == bool(once)


@pytest.mark.slow
@pytest.mark.parametrize("language", foreign.SENTENCES)
def test_languages_are_told_apart(language):
    for number in range(20):
        outcome = judged(Language(), Crawl(number).foreign(number, language))
        assert reason(outcome) == (None if language == "English" else f"language {CODES[language]}")


@pytest.mark.slow
def test_a_language_is_kept_only_if_it_is_sure():
    assert reason(judged(Language(sure=1.1), PROSE)) == "not sure enough"


WORDS = ("the", "and", "cat", "dog")


@pytest.mark.slow
@given(st.lists(st.sampled_from(WORDS), max_size=40), st.integers(2, 10))
def test_shares_of_n_grams_are_those_of_a_loop(words, n):
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    counts = Counter(grams)
    most = max(counts.values(), default=0)
    first = next((len(" ".join(gram)) for gram in grams if counts[gram] == most), 0)
    assert top_share(Words.of(words), n, 100) == most * first / 100
    covered, i = 0, 0
    walked = []
    while i <= len(words) - n:
        if grams[i] in walked:
            covered += len("".join(grams[i]))
            i += n
        else:
            walked.append(grams[i])
            i += 1
    assert repeated_share(Words.of(words), n, 100) == covered / 100


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (PROSE, None),
        ("the and " * 24 + "cat", "too few words"),
        ("the and " * 25, None),
        ("", "too few words"),
        ("the and " * 50_000 + "cat", "too many words"),
        ("a to " * 30, "words too short"),
        ("the and " + "extraordinarily " * 50, "words too long"),
        ("the and # elephants " * 20, "too many symbols"),
        ("the and cats… dogs " * 20, "too many symbols"),
        ("\n".join(["- the elephant and donkey"] * 20), "too many bullets"),
        ("\n".join(["the cat and the dog and the owl and the fox went on and on and on..."] * 5), "too many ellipses"),
        ("the and 1234 5678 " * 20, "too few words with letters"),
        ("the cat dog " * 20, "too few stop words"),
        ("the cat: and, dog " * 20, None),
        ("The cat and dog " * 20, "too few stop words"),
    ],
)
def test_rules_of_gopher_on_quality(text, why):
    assert reason(judged(GopherQuality(), text)) == why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (PROSE, None),
        ("\n".join(["the same line"] * 5), "repeated lines"),
        ("buy it now " * 3, "one 2-gram too often"),
        ("log in to read", "one 2-gram too often"),
        ("\n\n".join(["the same line\nand another"] * 3), "repeated paragraphs"),
        (" ".join(PROSE.split("\n")[:1] * 2), "repeated 5-grams"),
        ("", None),
    ],
)
def test_rules_of_gopher_on_repetition(text, why):
    assert reason(judged(GopherRepetition(), text)) == why


def test_the_published_limits_fall_with_n():
    assert list(REPEATED.values()) == sorted(REPEATED.values(), reverse=True)


LINE = "The cat went to bed."


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{LINE} " * 5, None),
        (f"{LINE} " * 4, "too few sentences"),
        (f"{LINE} Lorem ipsum. " * 5, "lorem ipsum"),
        (f"{LINE} {{x}} " * 5, "curly bracket"),
    ],
)
def test_rules_of_c4_on_documents(text, why):
    assert reason(judged(C4(), text)) == why


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("A title without an end", "no punctuation at the end"),
        ("And so on and on...", "no punctuation at the end"),
        ("Too short.", "too few words"),
        ("Please turn on JavaScript now.", "javascript"),
        ("This page uses cookies, as all do.", "policy"),
    ],
)
def test_rules_of_c4_on_lines(line, why):
    good = "\n".join([LINE] * 5)
    outcome = judged(C4(), f"{line}\n{good}")
    assert outcome.document.text == good and outcome.changes == (Change(line, "", why),)
    assert (judged(C4(punctuation=False), f"{line}\n{good}").changes == ()) == (why == "no punctuation at the end")


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([f"The cat number {i} went to bed in the evening." for i in range(9)], None),
        ([f"The cat number {i} went to bed in the evening" for i in range(9)], "lines without punctuation"),
        ([f"Line {i}, which is short." for i in range(9)], "short lines"),
        (["The cat went to bed late in the evening."] * 2, "repeated lines"),
        ([f"Extraordinarily-long-lines-of-one-word-{i}." for i in range(9)], "too many lines"),
        ([], "no text"),
    ],
)
def test_rules_of_fineweb(lines, why):
    assert reason(judged(FineWeb(), "\n".join(lines))) == why


@given(st.lists(st.sampled_from(["a", "b", "a ", "é", "e\u0301"]), max_size=20))
def test_of_the_same_text_the_first_stays(texts):
    stage = ExactDuplicates()
    for number, text in enumerate(texts):
        outcome = stage.judge(Document(number, text))
        first = texts.index(text)
        same = Dropped("same text", f"as document {first}")
        assert outcome == (Kept(Document(number, text)) if first == number else same)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Write to a.b+c@mail.example.org.", "Write to [EMAIL]."),
        ("Card 4111 1111 1111 1111, please.", "Card [CARD], please."),
        ("Card 4111 1111 1111 1112, please.", None),
        ("To DE89 3704 0044 0532 0130 00, please.", "To [IBAN], please."),
        ("To DE88 3704 0044 0532 0130 00, please.", None),
        ("From 192.0.2.7 and 2001:db8::1f.", "From [IP] and [IP]."),
        ("Version 3.10.256.8 is out, and 3.13.256.1.", None),
        ("At 12:30 the score was 3:1.", None),
        ("Live at 12 Mill Lane, Honeyford.", "Live at [ADDRESS]."),
        ("Call (202) 555-0143 or +44 20 7946 0123.", "Call [PHONE] or [PHONE]."),
        ("On 12.05.2014 there were 12345 ants.", None),
        ("Follow @cat_of_the_day_12.", None),
    ],
)
def test_personal_data_is_replaced_and_what_looks_like_it_is_not(text, left):
    outcome = judged(PersonalData(), text)
    assert outcome.document.text == (left or text)
    assert (outcome.changes == ()) == (left is None)
    assert all(text.count(change.before) for change in outcome.changes)
    assert judged(PersonalData(), outcome.document.text).changes == ()


@given(st.text(alphabet=st.characters(exclude_categories=["Nd", "Cs"], exclude_characters=":@"), max_size=80))
def test_without_digits_colons_and_at_signs_there_is_nothing_to_replace(text):
    assert judged(PersonalData(), text) == Kept(Document(0, text))


def test_every_finder_has_a_placeholder_that_no_finder_finds():
    for kind in FINDERS:
        assert judged(PersonalData(), f"[{kind.upper()}] 1").changes == ()


@pytest.mark.slow
def test_decontamination_is_what_looking_for_each_n_gram_finds():
    """Beside plain search in a text of words; n = 6, so that chance hits occur, too."""
    stage = Decontaminate(leaks.questions()[:40], n=6, share=0.1)
    plain = lambda text: " ".join(re.findall(r"\w+", text.lower()))  # noqa: E731
    dropped = 0
    for page in Crawl(6).pages(0, 60):
        text = f" {plain(re.sub('<.*?>', ' ', page.document.text))} "
        shares = []
        for question in leaks.questions()[:40]:
            words = plain(question).split()
            grams = {" ".join(words[i : i + 6]) for i in range(len(words) - 5)}
            shares.append(sum(f" {gram} " in text for gram in grams) / len(grams))
        outcome = stage.judge(Document(0, text))
        assert isinstance(outcome, Dropped) == (max(shares) >= 0.1)
        dropped += isinstance(outcome, Dropped)
    assert 0 < dropped < 60


def test_each_question_finds_itself_and_a_short_text_holds_none():
    stage = Decontaminate(leaks.questions())
    assert all(reason(judged(stage, question)) for question in leaks.questions())
    assert reason(judged(stage, "Where is Milo?")) is None


BY = "https://creativecommons.org/licenses/by/4.0/"


@pytest.mark.parametrize(
    ("meta", "why"),
    [
        ({"licence": BY}, None),
        ({"licence": BY, "robots": "index, follow", "tdm-reservation": "0"}, None),
        ({}, "no licence"),
        ({"licence": "https://creativecommons.org/licenses/by-nc/4.0/"}, "licence not among those allowed"),
        ({"licence": f"https://elsewhere.example/{BY}"}, "licence not among those allowed"),
        ({"licence": BY, "robots": "noindex,noai"}, "opted out"),
        ({"licence": BY, "tdm-reservation": "1"}, "opted out"),
        ({"licence": BY, "consent": "refused"}, "consent refused"),
    ],
)
def test_what_may_be_used(meta, why):
    assert reason(judged(Licence(), "x", **meta)) == why
