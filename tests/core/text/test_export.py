"""What other programs make of our files: tiktoken and `tokenizers` load them and give the ids that we give."""

import doctest
import json
from pathlib import Path

import pytest
import tiktoken
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from tiktoken.load import load_tiktoken_bpe

from core.text import SPECIAL_TOKENS, Bpe, Tokenizer, export, public_encoding, train_bpe
from core.text.errors import TokenizerError
from core.text.export import CHARACTER_OF_BYTE, to_hugging_face, to_tiktoken
from tests.core.text.test_bpe import MULTILINGUAL
from tests.core.text.test_public import SAMPLE

OURS = Tokenizer.from_bpe(train_bpe([*MULTILINGUAL, SAMPLE, "aaaa aaaaaaa ababab"], 500), "ours")
THEIRS = tokenizers.Tokenizer.from_str(json.dumps(to_hugging_face(OURS)))
# All of Unicode: in the pinned versions, regex, tiktoken and tokenizers know the same letters, digits and spaces.
KNOWN = st.characters(exclude_categories=("Cs",))
PARTS = [*MULTILINGUAL, *SPECIAL_TOKENS, "aaaaa", "it's 12345", "  \n\n x", "\r\n", "   "]
TEXTS = st.lists(st.text(KNOWN, max_size=8) | st.sampled_from(PARTS)).map("".join)


@pytest.fixture(scope="module")
def reloaded(tmp_path_factory: pytest.TempPathFactory) -> tiktoken.Encoding:
    """What tiktoken reads from the rank file."""
    path = tmp_path_factory.mktemp("ranks") / "ours.tiktoken"
    path.write_bytes(to_tiktoken(OURS))
    ranks = load_tiktoken_bpe(str(path))
    return tiktoken.Encoding("again", pat_str=OURS.pattern, mergeable_ranks=ranks, special_tokens=OURS.special_tokens)


@pytest.mark.slow
@settings(max_examples=100)
@given(text=TEXTS)
def test_tiktoken_gives_the_same_ids(reloaded: tiktoken.Encoding, text: str) -> None:
    assert reloaded.encode_ordinary(text) == OURS.encode(text)
    assert reloaded.encode(text, allowed_special="all") == OURS.encode(text, special=True)


def test_the_rank_file_is_read_back_whole(reloaded: tiktoken.Encoding) -> None:
    assert reloaded._mergeable_ranks == OURS.ranks


@pytest.mark.slow
@settings(max_examples=200)
@given(text=TEXTS)
def test_hugging_face_gives_the_same_ids(text: str) -> None:
    assert THEIRS.encode(text).ids == OURS.encode(text, special=True)
    assert THEIRS.decode(THEIRS.encode(text).ids, skip_special_tokens=False) == text


def test_hugging_face_loads_the_file_itself(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(to_hugging_face(OURS)))
    loaded = tokenizers.Tokenizer.from_file(str(path))
    assert loaded.get_vocab_size() == OURS.vocab_size
    assert loaded.encode(SAMPLE).ids == OURS.encode(SAMPLE, special=True)
    assert loaded.token_to_id("<|end|>") == OURS.special_tokens["<|end|>"]


def test_the_characters_of_bytes_are_those_of_hugging_face() -> None:
    assert sorted(CHARACTER_OF_BYTE.values()) == sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    byte_level = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    for character in ("a", " ", "\n", "é", "\xad", "\x00", "€"):
        (spelled, _), *_ = byte_level.pre_tokenize_str(character)
        assert spelled == "".join(CHARACTER_OF_BYTE[byte] for byte in character.encode())


def test_what_has_no_merges_is_refused() -> None:
    with pytest.raises(TokenizerError, match="trained here"):
        to_hugging_face(public_encoding("gpt2"))
    unmerged = Bpe(OURS.ranks, (), OURS.pattern)
    with pytest.raises(TokenizerError, match="trained here"):
        to_hugging_face(Tokenizer.from_bpe(unmerged, "unmerged"))


def test_the_docstring_example() -> None:
    results = doctest.testmod(export)
    assert results.attempted == 4 and results.failed == 0
