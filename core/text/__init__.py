"""Text to tokens: byte-pair encoding, tokenizers, public encodings. Nothing here imports torch."""

from core.text.bpe import Bpe, Merge, train_bpe
from core.text.public import PUBLIC_ENCODINGS, public_encoding
from core.text.tokenizer import SPECIAL_TOKENS, Piece, Tokenizer

__all__ = [
    "PUBLIC_ENCODINGS",
    "SPECIAL_TOKENS",
    "Bpe",
    "Merge",
    "Piece",
    "Tokenizer",
    "public_encoding",
    "train_bpe",
]
