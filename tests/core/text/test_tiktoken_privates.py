"""What is taken from inside tiktoken is still there, and is what its public names are made of."""

from importlib.metadata import version

import tiktoken

from core.text import tiktoken_privates

RANKS = {bytes([byte]): byte for byte in range(256)} | {b"ab": 256, b"abc": 257}
SPECIAL = {"<|a|>": 300, "<|b|>": 301}
ENCODING = tiktoken.Encoding("small", pat_str=r"\w+|\W", mergeable_ranks=RANKS, special_tokens=SPECIAL)


def test_they_are_what_the_encoding_was_made_of():
    assert tiktoken_privates.pattern(ENCODING) == r"\w+|\W"
    assert tiktoken_privates.ranks(ENCODING) == RANKS
    assert tiktoken_privates.special_tokens(ENCODING) == SPECIAL
    tiktoken_privates.special_tokens(ENCODING).clear()
    assert ENCODING.encode("<|b|>", allowed_special="all") == [301]


def test_a_chunk_alone_has_the_ids_that_it_has_in_a_text():
    for chunk in ("abcab", "ab", "x", "é"):
        assert tiktoken_privates.ids_of_chunk(ENCODING, chunk.encode()) == ENCODING.encode_ordinary(chunk)


def test_the_file_names_the_installed_version():
    assert f"tiktoken {'.'.join(version('tiktoken').split('.')[:2])}." in tiktoken_privates.__doc__
