"""Round trips, byte offsets, special tokens, the JSON form, and encoding against merges applied one by one."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from core.text import PUBLIC_ENCODINGS, SPECIAL_TOKENS, Piece, Tokenizer, public_encoding, train_bpe
from core.text import tokenizer as tokenizer_module
from core.text.errors import TokenizerError
from tests.core.text.test_bpe import MULTILINGUAL, join

REPO = Path(__file__).parents[3]
BPE = train_bpe(MULTILINGUAL, 380)
OURS = Tokenizer.from_bpe(BPE, "ours")
ALL = [OURS, Tokenizer.byte_tokenizer(), *map(public_encoding, PUBLIC_ENCODINGS)]
each_tokenizer = pytest.mark.parametrize("tokenizer", ALL, ids=lambda t: t.name)
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
WITH_SPECIALS = st.lists(st.sampled_from([*SPECIAL_TOKENS, "a", " ", "  \n", "<|end", "é😀", "it's 12345"])).map(
    "".join
)


def replaced(text: str) -> str:
    """What the docstring promises for lone surrogates."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@each_tokenizer
@settings(deadline=None, max_examples=80)
@given(text=ANY_TEXT | WITH_SPECIALS, special=st.booleans())
def test_round_trip(tokenizer: Tokenizer, text: str, special: bool) -> None:
    ids = tokenizer.encode(text, special=special)
    assert tokenizer.decode(ids) == replaced(text)
    assert all(0 <= i < tokenizer.vocab_size for i in ids)


@pytest.mark.slow
@each_tokenizer
@settings(deadline=None, max_examples=80)
@given(text=ANY_TEXT | WITH_SPECIALS, special=st.booleans())
def test_pieces_cover_the_bytes(tokenizer: Tokenizer, text: str, special: bool) -> None:
    pieces = tokenizer.pieces(text, special=special)
    data = replaced(text).encode()
    assert b"".join(piece.bytes for piece in pieces) == data
    assert all(data[piece.start : piece.end] == piece.bytes for piece in pieces)
    assert [piece.start for piece in pieces] == [0, *(piece.end for piece in pieces)][: len(pieces)]
    assert [piece.id for piece in pieces] == tokenizer.encode(text, special=special)


@each_tokenizer
@settings(deadline=None, max_examples=80)
@given(text=ANY_TEXT | st.text("ab' \n1é你", max_size=60))
def test_replay_of_each_chunk_ends_in_the_encoding(tokenizer: Tokenizer, text: str) -> None:
    tokens = [token for chunk in tokenizer.split(text) for token in tokenizer.replay(chunk)[-1]]
    assert [tokenizer.ranks[token] for token in tokens] == tokenizer.encode(text)


@settings(deadline=None, max_examples=80)
@given(st.text("".join(MULTILINGUAL), max_size=60))
def test_encoding_equals_the_merges_in_training_order(text: str) -> None:
    words = [[bytes([byte]) for byte in chunk.encode()] for chunk in OURS.split(text)]
    for merge in BPE.merges:
        words = [join(word, merge.left, merge.right) for word in words]
    assert OURS.encode(text) == [BPE.ranks[token] for word in words for token in word]


def test_the_training_text_gets_the_counted_tokens() -> None:
    """A token that no later merge uses up stands in the text exactly as often as its merge counted."""
    consumed = {side for merge in BPE.merges for side in (merge.left, merge.right)}
    ids = [i for text in MULTILINGUAL for i in OURS.encode(text)]
    final = [merge for merge in BPE.merges if merge.left + merge.right not in consumed and merge.left != merge.right]
    assert len(final) > 10
    assert [ids.count(merge.rank) for merge in final] == [merge.count for merge in final]


def test_special_tokens_follow_the_ranks_and_are_text_unless_asked() -> None:
    assert OURS.special_tokens == {token: 380 + i for i, token in enumerate(SPECIAL_TOKENS)}
    assert (OURS.vocab_size, OURS.eot) == (385, 380)
    text = "<|user|>a<|end|>"
    assert OURS.encode(text, special=True) == [382, *OURS.encode("a"), 384]
    assert max(OURS.encode(text)) < 380
    assert OURS.decode([382, 384]) == "<|user|><|end|>"
    assert OURS.token_bytes(384) == b"<|end|>"
    assert public_encoding("gpt2").encode("<|endoftext|>", special=True) == [50256]
    assert len(public_encoding("gpt2").encode("<|endoftext|>")) > 1


def test_an_emoji_in_bytes_reveals_partial_characters() -> None:
    pieces = Tokenizer.byte_tokenizer().pieces("a😀")
    assert pieces == [
        Piece(97, b"a", 0, 1),
        Piece(0xF0, b"\xf0", 1, 2),
        Piece(0x9F, b"\x9f", 2, 3),
        Piece(0x98, b"\x98", 3, 4),
        Piece(0x80, b"\x80", 4, 5),
    ]
    assert [piece.text for piece in pieces] == ["a", None, None, None, None]


@each_tokenizer
def test_batch_is_each_text(tokenizer: Tokenizer) -> None:
    texts = [*MULTILINGUAL, "", "<|end|><|endoftext|>", "\ud800"]
    for special in (False, True):
        batch = tokenizer.encode_batch(texts, special=special)
        assert batch == [tokenizer.encode(text, special=special) for text in texts]


def test_decoding_bad_bytes_and_unknown_ids() -> None:
    assert OURS.decode([0xF0, 97]) == "\ufffda"
    assert OURS.decode_bytes([0xF0, 97]) == b"\xf0a"
    for bad in (385, 10**12, -1):
        for call in (lambda bad=bad: OURS.decode([97, bad]), lambda bad=bad: OURS.token_bytes(bad)):
            with pytest.raises(TokenizerError, match=f"no token {bad}"):
                call()
    with pytest.raises(TokenizerError, match="no token 100261"):  # a hole below vocab_size
        public_encoding("cl100k_base").decode([100261])


@pytest.mark.slow
@each_tokenizer
def test_a_million_blanks(tokenizer: Tokenizer) -> None:
    for blank in " \x85":
        text = blank * 1_000_000 + "a"
        assert tokenizer.decode(tokenizer.encode(text)) == text


@each_tokenizer
@settings(deadline=None, max_examples=60)
@given(text=ANY_TEXT | WITH_SPECIALS, special=st.booleans())
def test_the_way_around_long_blanks_gives_the_same_ids(tokenizer: Tokenizer, text: str, special: bool) -> None:
    expected = tokenizer.encode(text, special=special)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenizer_module, "_LONG_BLANK", regex.compile(""))  # every text takes it
        assert tokenizer.encode(text, special=special) == expected


@each_tokenizer
def test_json_gives_the_same_tokenizer_back(tokenizer: Tokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path / "tokenizer.json")
    assert [path.name for path in tmp_path.iterdir()] == ["tokenizer.json"]  # no temporary file is left
    again = Tokenizer.load(tmp_path / "tokenizer.json")
    assert again.bpe == tokenizer.bpe
    assert (again.name, again.vocab_size, again.eot) == (tokenizer.name, tokenizer.vocab_size, tokenizer.eot)
    assert (again.ranks, again.special_tokens) == (tokenizer.ranks, tokenizer.special_tokens)
    text = "".join(MULTILINGUAL) + "<|endoftext|>"
    assert again.encode(text, special=True) == tokenizer.encode(text, special=True)


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tokenizer.json"
    OURS.save(path)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        Tokenizer.byte_tokenizer().save(path)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def changed(**fields: Any) -> dict[str, Any]:
    return OURS.to_json() | fields


TOKENS = OURS.to_json()["tokens"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "format"),
        ({}, "format"),
        (changed(format="other"), "format"),
        ({"format": "glassbox-tokenizer-1", "public": "gpt9"}, "unknown encoding 'gpt9'"),
        ({"format": "glassbox-tokenizer-1", "public": ["gpt2"]}, '"public"'),
        (changed(tokens=None), '"tokens"'),
        (changed(tokens=TOKENS[1:]), "lacks 1 of the 256"),
        (changed(tokens=[*TOKENS, TOKENS[-1]]), "twice"),
        (changed(tokens=[*TOKENS, ""]), "empty"),
        (changed(tokens=[*TOKENS, "?"]), "base64"),
        (changed(tokens=[*TOKENS, "é"]), "base64"),
        (changed(tokens=[*TOKENS, 7]), "base64"),
        (changed(name=7), '"name"'),
        (changed(pattern=None), '"pattern"'),
        (changed(pattern="("), "cannot be built"),
        (changed(special_tokens=["<|end|>"]), "lacks the special token"),
        (changed(special_tokens=["<|endoftext|>", "<|endoftext|>"]), "distinct"),
        (changed(special_tokens=["<|endoftext|>", ""]), "distinct"),
        (changed(special_tokens=["<|endoftext|>", ["x"]]), "distinct"),
        (changed(merges="x"), '"merges"'),
        (changed(merges=[[97, 98, 256]]), "does not fit"),
        (changed(merges=[[97, 98, 99, 1]]), "does not fit"),
        (changed(merges=[[97, 98, 10**6, 1]]), "does not fit"),
        (changed(merges=[[-1, 98, 256, 1]]), "does not fit"),
        (changed(merges=[[97.0, 98, 256, 1]]), "does not fit"),
    ],
)
def test_refuses_malformed_json(data: Any, message: str) -> None:
    with pytest.raises(TokenizerError, match=message):
        Tokenizer.from_json(data)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b'{"format": "glassbox-tok'])
def test_refuses_a_damaged_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(TokenizerError, match="not JSON"):
        Tokenizer.load(path)


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="cannot read"):
        Tokenizer.load(tmp_path / "none.json")


def test_the_file_holds_ranks_and_merges_as_documented() -> None:
    data = json.loads(json.dumps(OURS.to_json()))
    assert [base64.b64decode(token) for token in data["tokens"]] == list(BPE.ranks)
    assert data["merges"][0][2:] == [256, BPE.merges[0].count]


def test_importing_does_not_load_torch() -> None:
    code = "import sys, core.text; sys.exit('torch' in sys.modules or 'tokenizers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPO, check=False).returncode == 0
