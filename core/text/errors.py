"""What goes wrong with tokenizers."""


class TokenizerError(ValueError):
    """A tokenizer that cannot be loaded, or an id that it does not have; the message says which and what to do."""
