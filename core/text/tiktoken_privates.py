"""What Glassbox takes from inside tiktoken, which has no public name for it. Written for tiktoken 0.14.

tests/core/text/test_tiktoken_privates.py fails when an upgrade changes any of it. No public issue asks for these names.
"""

import tiktoken


def special_tokens(encoding: tiktoken.Encoding) -> dict[str, int]:
    """The special tokens with their ids; the public `special_tokens_set` has no ids."""
    return dict(encoding._special_tokens)


def pattern(encoding: tiktoken.Encoding) -> str:
    """The pattern that cuts a text into chunks."""
    return encoding._pat_str


def ranks(encoding: tiktoken.Encoding) -> dict[bytes, int]:
    """The ranks of all tokens but the special ones: the encoding's own table, to be read only."""
    return encoding._mergeable_ranks


def ids_of_chunk(encoding: tiktoken.Encoding, chunk: bytes) -> list[int]:
    """The ids of one chunk, without the pattern."""
    return encoding._encode_single_piece(chunk)
