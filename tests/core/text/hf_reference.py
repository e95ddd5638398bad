"""Hugging Face's trainer set up as ours: the same pattern, all 256 bytes, no special tokens."""

from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from core.text.bpe import TIE_ORDER
from core.text.export import ONIGURUMA_PATTERN

# The alphabet, sorted, are the characters that stand for the bytes in TIE_ORDER (test_bpe.py proves that order).
BYTE_OF_CHARACTER = dict(zip(sorted(pre_tokenizers.ByteLevel.alphabet()), TIE_ORDER, strict=True))


def train_hf(texts: Iterable[str], vocab_size: int) -> Tokenizer:
    """The tokenizer that Hugging Face's BpeTrainer learns."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(ONIGURUMA_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        special_tokens=[],
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def tokens_in_order(tokenizer: Tokenizer) -> list[bytes]:
    """Its vocabulary as bytes, by id."""
    vocabulary = tokenizer.get_vocab()
    return [bytes(BYTE_OF_CHARACTER[c] for c in token) for token in sorted(vocabulary, key=vocabulary.__getitem__)]
