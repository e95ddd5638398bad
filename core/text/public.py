"""Public encodings as tokenizers, without the network: gpt2, cl100k_base and o200k_base."""

from functools import cache

from core.text.rank_files import PUBLIC_ENCODINGS, load_encoding
from core.text.tokenizer import Tokenizer

__all__ = ["PUBLIC_ENCODINGS", "public_encoding"]


@cache
def public_encoding(name: str) -> Tokenizer:
    """A public encoding by name, one of `PUBLIC_ENCODINGS`, loaded once and without the network.

    TokenizerError when the name is unknown, or when the package that carries its ranks is missing or altered.
    """
    return Tokenizer(load_encoding(name))
