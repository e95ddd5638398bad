"""Kept tokenizers: names stay in their folder, files are whole, nothing is overwritten, and there is an end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import Tokenizer, public_encoding, saved, train_bpe
from core.text.errors import TokenizerError
from core.text.saved import (
    keep_tokenizer,
    load_saved,
    remove_tokenizer,
    saved_path,
    saved_tokenizers,
    tokenizers_of,
)

TRAINED = Tokenizer.from_bpe(train_bpe(["hug hug hugs pug"] * 3, 259), "just now")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path))
    return tmp_path / "tokenizers"


def test_what_is_kept_comes_back(folder: Path) -> None:
    assert saved_tokenizers() == []
    assert keep_tokenizer(TRAINED, " hugs ") == "hugs"
    again = load_saved("hugs")
    assert (again.name, again.ranks, again.special_tokens) == ("hugs", TRAINED.ranks, TRAINED.special_tokens)
    assert again.bpe is not None and TRAINED.bpe is not None and again.bpe.merges == TRAINED.bpe.merges
    assert [path.name for path in folder.iterdir()] == ["hugs.json"]


def test_the_newest_comes_first(folder: Path) -> None:
    for age, name in enumerate(("a", "b", "c")):
        keep_tokenizer(TRAINED, name)
        os.utime(saved_path(name), (1000 - age, 1000 - age))
    assert saved_tokenizers() == ["a", "b", "c"]
    (folder / ".hidden.json").write_text("{}")
    (folder / "note.txt").write_text("")
    assert saved_tokenizers() == ["a", "b", "c"]


@given(
    st.text(max_size=50) | st.sampled_from(["", ".", "..", "../up", "a/b", "a\\b", "/etc/x", "a\x00", ".x", "a" * 41])
)
def test_no_name_leaves_the_folder(name: str) -> None:
    try:
        path = saved_path(name)
    except TokenizerError:
        return
    assert path.resolve().parent == saved.saved_folder().resolve()
    assert len(f".{path.name}.{'0' * 32}.tmp".encode()) <= 255


@pytest.mark.parametrize("name", ["", "..", "../up", "a/b", ".x", "-x", "a" * 41, "a b"])
def test_bad_names_are_refused(folder: Path, name: str) -> None:
    with pytest.raises(TokenizerError, match="a name has"):
        keep_tokenizer(TRAINED, name)
    assert not folder.exists()


def test_two_spellings_of_a_letter_are_one_name(folder: Path) -> None:
    keep_tokenizer(TRAINED, "caf\u00e9")
    assert load_saved("cafe\u0301").name == "caf\u00e9"


def test_nothing_is_overwritten_and_there_is_an_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_tokenizer(TRAINED, "a")
    with pytest.raises(TokenizerError, match="choose another name"):
        keep_tokenizer(TRAINED, "a")
    monkeypatch.setattr(saved, "MAX_SAVED", 2)
    keep_tokenizer(TRAINED, "b")
    with pytest.raises(TokenizerError, match="the most that this server keeps"):
        keep_tokenizer(TRAINED, "c")


def test_one_visitor_cannot_take_every_place_and_removes_only_what_is_his(folder: Path) -> None:
    for i in range(saved.MAX_OF_ONE):
        keep_tokenizer(TRAINED, f"a{i}", "ada")
    with pytest.raises(TokenizerError, match="the most that one visitor may keep"):
        keep_tokenizer(TRAINED, "more", "ada")
    keep_tokenizer(TRAINED, "b", "bob")
    keep_tokenizer(TRAINED, "nobodys")
    for name in ("b", "nobodys", "none"):
        with pytest.raises(TokenizerError, match="is yours"):
            remove_tokenizer(name, "ada")
    remove_tokenizer("a0", "ada")
    assert keep_tokenizer(TRAINED, "more", "ada") in tokenizers_of("ada") and tokenizers_of("bob") == ["b"]
    assert load_saved("more").ranks == TRAINED.ranks


@pytest.mark.slow
def test_two_servers_keep_one_limit(folder: Path) -> None:
    """Four processes want the last place."""
    TRAINED.save(folder.parent / "trained.json")
    for i in range(saved.MAX_OF_ONE - 1):
        keep_tokenizer(TRAINED, f"a{i}", "ada")
    code = (
        "import sys; from core.text import Tokenizer, keep_tokenizer\n"
        f"t = Tokenizer.load({str(folder.parent / 'trained.json')!r})\n"
        "sys.stdin.readline(); keep_tokenizer(t, sys.argv[1], 'ada')"
    )
    command = lambda i: [sys.executable, "-c", code, f"last{i}"]  # noqa: E731
    going = [subprocess.Popen(command(i), stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) for i in range(4)]
    for process in going:
        process.communicate(b"now\n")
    assert len(tokenizers_of("ada")) == saved.MAX_OF_ONE
    assert sorted(process.returncode for process in going) == [0, 1, 1, 1]


def test_public_encodings_and_missing_or_damaged_files_are_refused(folder: Path) -> None:
    with pytest.raises(TokenizerError, match="trained here"):
        keep_tokenizer(public_encoding("gpt2"), "mine")
    with pytest.raises(TokenizerError, match="no tokenizer called mine"):
        load_saved("mine")
    folder.mkdir()
    (folder / "mine.json").write_text("{")
    with pytest.raises(TokenizerError, match="not JSON"):
        load_saved("mine")
