"""Text to tokens: byte-pair encoding, tokenizers, public encodings. Nothing here imports torch."""

from core.text.bpe import Bpe, Merge, train_bpe
from core.text.public import PUBLIC_ENCODINGS, public_encoding
from core.text.saved import keep_tokenizer, load_saved, remove_tokenizer, saved_path, saved_tokenizers, tokenizers_of
from core.text.tokenizer import SPECIAL_TOKENS, Piece, Tokenizer

__all__ = [
    "PUBLIC_ENCODINGS",
    "SPECIAL_TOKENS",
    "Bpe",
    "Merge",
    "Piece",
    "Tokenizer",
    "keep_tokenizer",
    "load_saved",
    "public_encoding",
    "remove_tokenizer",
    "saved_path",
    "saved_tokenizers",
    "tokenizers_of",
    "train_bpe",
]
