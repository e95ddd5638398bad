"""A trained tokenizer for other programs: a rank file for tiktoken, a tokenizer.json for Hugging Face's `tokenizers`.

>>> from core.text import Tokenizer, train_bpe
>>> tokenizer = Tokenizer.from_bpe(train_bpe(["hug hug hugs pug"], 259), "hug")
>>> to_tiktoken(tokenizer).splitlines()[256:]
[b'dWc= 256', b'aHVn 257', b'IGh1Zw== 258']
>>> to_hugging_face(tokenizer)["model"]["merges"]
[['u', 'g'], ['h', 'ug'], ['Ġ', 'hug']]
"""

import base64
from typing import Any

from core.text.bpe import GPT4_PATTERN, TIE_ORDER
from core.text.errors import TokenizerError
from core.text.tokenizer import Tokenizer

# GPT4_PATTERN without possessive quantifiers: Oniguruma, which `tokenizers` uses, reads {1,3}+ as a repetition.
ONIGURUMA_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)

# GPT-2's character for each byte: the 188 printable ones, first in TIE_ORDER, stand for themselves; the others follow
# from U+0100 on.
CHARACTER_OF_BYTE = {byte: chr(byte if i < 188 else 0x100 + i - 188) for i, byte in enumerate(TIE_ORDER)}


def to_tiktoken(tokenizer: Tokenizer) -> bytes:
    """The ranks in the format of `tiktoken.load.load_tiktoken_bpe`: a line "BASE64 RANK" for each token, by rank.

    The format holds neither the pattern nor the special tokens: pass `tokenizer.pattern` and `.special_tokens` to
    `tiktoken.Encoding` along with it.
    """
    by_rank = sorted(tokenizer.ranks.items(), key=lambda item: item[1])
    return b"".join(b"%s %d\n" % (base64.b64encode(token), rank) for token, rank in by_rank)


def to_hugging_face(tokenizer: Tokenizer) -> dict[str, Any]:
    """The contents of a tokenizer.json that `tokenizers.Tokenizer.from_file` loads.

    Special tokens in a text are always tokens there: its ids are those of `tokenizer.encode(text, special=True)`.
    TokenizerError for a vocabulary without its merges (a public one), or with a pattern of its own.
    """
    bpe = tokenizer.bpe
    if bpe is None or len(bpe.merges) != len(bpe.ranks) - 256 or bpe.pattern != GPT4_PATTERN:
        raise TokenizerError("only a tokenizer that was trained here, with all its merges, has a tokenizer.json")
    special = [
        {"id": id, "content": name, "special": True}
        | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
        for name, id in tokenizer.special_tokens.items()
    ]
    pieces = {"type": "Split", "pattern": {"Regex": ONIGURUMA_PATTERN}, "behavior": "Isolated", "invert": False}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [pieces, byte_level]},
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": True,  # as tiktoken: a chunk that is itself a token is taken whole
            "vocab": {_spell(token): rank for token, rank in bpe.ranks.items()},
            "merges": [[_spell(merge.left), _spell(merge.right)] for merge in bpe.merges],
        },
    }


def _spell(token: bytes) -> str:
    return "".join(CHARACTER_OF_BYTE[byte] for byte in token)
