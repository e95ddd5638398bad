"""The tokenization page beyond any text: the choice of tokenizer, hostile files and links, training refused."""

import pytest

from core.text import Tokenizer, keep_tokenizer, train_bpe
from core.text.background import Training
from core.text.files import decode_file
from pages.ui import state, tokenizers
from pages.ui.tokenization import training as tokenization_training
from pages.ui.tokenization.experiments import EXPERIMENTS
from tests.pages.test_headers import headers
from tests.pages.test_pages import said
from tests.pages.truths import codes


@pytest.mark.parametrize(
    ("data", "text", "note"),
    [
        ("naïve 👍".encode(), "naïve 👍", ""),
        (b"a\x80b\xff", "a\ufffdb\ufffd", "In 2 places"),
        ("already \ufffd here".encode(), "already \ufffd here", ""),
        ("\ufeffwith a mark".encode(), "with a mark", ""),
        ("sixteen bits 你".encode("utf-16"), "sixteen bits 你", ""),
        (b"\xff\xfe\x00", "\ufffd", "In 1 places"),
        (b"one\r\ntwo\rthree", "one\ntwo\nthree", ""),
        (b"", "", ""),
    ],
)
def test_any_file_is_read_and_what_was_done_is_said(data, text, note):
    got, said_of_it = decode_file(data)
    assert state.clean(got) == text
    assert said_of_it.startswith(note) and bool(said_of_it) == bool(note)


@pytest.mark.slow
def test_five_spaces_are_a_text_of_five_spaces(app):
    at = app("tokenization", text="     ", tokenizer="bytes")
    assert not at.exception
    (header,) = (header for name, header in headers(at) if name == "pieces")
    assert (header["count"], header["size"]) == (5, 5)  # the page's own text, not the example


@pytest.mark.slow
def test_the_page_shows_what_was_chosen_and_a_bad_choice_is_a_message(app):
    at = app("tokenization", tokenizer="o200k_base", text="the red ball")
    assert not at.exception and at.selectbox(key="tokenizer").value == "o200k_base"
    at = app("tokenization", tokenizer="kept: ../../etc/passwd")
    assert not at.exception
    assert "no tokenizer “kept: ../../etc/passwd”" in said(at)
    assert at.selectbox(key="tokenizer").value == "model"


@pytest.mark.slow
def test_a_kept_tokenizer_can_be_chosen_and_a_damaged_one_is_a_message(app, runs):
    tokenizer = Tokenizer.from_bpe(train_bpe(["hug hugs pug"] * 9, 262), "hugs")
    at = app("tokenization")
    keep_tokenizer(tokenizer, "hugs")
    try:
        at = app("tokenization", tokenizer="kept: hugs")
        assert not at.exception and at.selectbox(key="tokenizer").value == "kept: hugs"
        (runs / "tokenizers" / "hugs.json").write_text("{")
        at = app("tokenization", tokenizer="kept: hugs")
        assert not at.exception
        assert "This tokenizer cannot be read here." in said(at)
    finally:
        (runs / "tokenizers" / "hugs.json").unlink()


@pytest.mark.slow
def test_special_names_are_tokens_only_when_asked(app):
    text = "hi <|end|> you <|endoftext|>"
    at = app("tokenization", text=text)
    assert "Read as ordinary text, letter by letter: <|endoftext|>  <|end|>" in [element.value for element in at.text]
    at = app("tokenization", text=text, special="tokens", tokenizer="gpt2")
    assert "One token each: <|endoftext|>" in [element.value for element in at.text]


def test_without_the_public_files_the_page_still_works(app, monkeypatch):
    def missing(name):
        raise ValueError("the package is not installed")

    monkeypatch.setattr(tokenizers, "_public", missing)
    at = app("tokenization")
    assert not at.exception
    assert tokenizers.MISSING in said(at)


@pytest.mark.slow
def test_training_with_too_little_text_or_too_many_others_is_a_message(app, monkeypatch):
    at = app("tokenization")
    at.radio(key="own_source").set_value("A text you paste").run()
    at.text_area(key="own_paste").set_value("short").run()
    at.button(key="own_train").click().run()
    assert tokenization_training.TOO_LITTLE in said(at)
    at.radio(key="own_source").set_value("A file").run()
    at.button(key="own_train").click().run()
    assert tokenization_training.NO_FILE in said(at)
    monkeypatch.setattr(tokenization_training, "LIMIT", 0)
    at.radio(key="own_source").set_value("Tinyland").run()
    at.button(key="own_train").click().run()
    assert not at.exception and "as many as this server allows" in said(at)


@pytest.mark.slow
def test_a_broken_training_says_its_last_words(app):
    at = app("tokenization")
    training = Training("your text", ["a"], "b", 300)
    training.state, training.message = "failed", "**no** <memory>"
    at.session_state["own_training"] = training
    at.run()
    assert not at.exception
    assert "**no** <memory>" in [element.value for element in at.code]


@pytest.mark.slow
def test_every_experiment_sets_its_text_and_answers_with_numbers(app):
    at = app("tokenization")
    for experiment in EXPERIMENTS[:2]:
        at.button(key=f"tokenization_{experiment.name}_begin").click().run()
        assert at.session_state["text"] == experiment.text
        at.button(key=f"tokenization_{experiment.name}_tell").click().run()
        assert not at.exception
    assert any("GPT-2 has pieces of any length: `12 | 34`" in element.value for element in at.markdown)


@pytest.mark.slow
def test_the_word_that_is_replayed_has_merges_where_any_word_has(app):
    at = app("tokenization", text="the 🪁 ball")
    assert not at.exception
    assert any("joins(tokenizer.ranks, b'the')" in code for code in codes(at))
