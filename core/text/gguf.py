"""A tokenizer as GGUF files hold it: byte-level BPE, which they call "gpt2", with a token for every row of the model.

>>> from core.text import Tokenizer, train_bpe
>>> fields = to_gguf(Tokenizer.from_bpe(train_bpe(["hug hug hugs pug"], 259), "hug"), rows=265)
>>> fields["merges"], fields["pre"]
(['u g', 'h ug', 'Ġ hug'], 'llama-bpe')
>>> fields["tokens"][258], fields["tokens"][263:], fields["token_type"][258:]
('Ġhug', ['<|end|>', '[PAD264]'], [1, 3, 3, 3, 3, 3, 5])
"""

import json
import re
from typing import Any

import tokenizers

from core.text.errors import TokenizerError
from core.text.export import ONIGURUMA_PATTERN
from core.text.stock import tokenizer_json
from core.text.tokenizer import Tokenizer

NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5  # the types of token
# The ways to cut a text that programs for GGUF have, by their names: what each is made of in a tokenizer.json.
_BYTES = {"type": "ByteLevel", "add_prefix_space": False}
_BY_GPT2 = [_BYTES | {"use_regex": True}]
CUTTERS: dict[str, list[dict[str, Any]]] = {
    "gpt-2": _BY_GPT2,
    "smollm": [{"type": "Digits", "individual_digits": True}, *_BY_GPT2],
} | {
    name: [
        {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
        _BYTES | {"use_regex": False},
    ]
    for name, pattern in {
        "llama-bpe": ONIGURUMA_PATTERN,
        "qwen2": ONIGURUMA_PATTERN.replace(r"\p{N}{1,3}", r"\p{N}"),
    }.items()
}


def to_gguf(tokenizer: Tokenizer, rows: int) -> dict[str, Any]:
    """The tokens, their types, the merges, the name of the way it cuts texts, for a model with so many rows.

    TokenizerError: it is not byte-level BPE, has no merges, or cuts texts in a way that has no name there.
    """
    spelled = tokenizer_json(tokenizer)
    pre, merges = _cutter(spelled), spelled["model"]["merges"]
    if not merges:
        raise TokenizerError("a tokenizer without merges, of single bytes, has no form in GGUF")
    tokens, types = [f"[PAD{id}]" for id in range(rows)], [UNUSED] * rows
    for token, id in spelled["model"]["vocab"].items():
        tokens[id], types[id] = token, NORMAL
    for added in spelled["added_tokens"]:
        tokens[added["id"]], types[added["id"]] = added["content"], CONTROL if added["special"] else USER_DEFINED
    return {
        "pre": pre,
        "tokens": tokens,
        "token_type": types,
        "merges": [pair if isinstance(pair, str) else " ".join(pair) for pair in merges],
        "add_bos_token": _adds_start(spelled, tokenizer.eot),
    }


def plain_template(template: str) -> str:
    """A chat template without the marks around what the assistant says, which only Hugging Face's Jinja reads."""
    template = re.sub(r"(\{%-?\s*)generation(\s*-?%\})", r"\1if true\2", template)
    return re.sub(r"(\{%-?\s*)endgeneration(\s*-?%\})", r"\1endif\2", template)


def _cutter(spelled: dict[str, Any]) -> str:
    given = spelled.get("pre_tokenizer") or {}
    parts = given.get("pretokenizers", [given])
    for name, wanted in CUTTERS.items():
        alike = zip(parts, wanted, strict=False)
        if len(parts) == len(wanted) and all(part | known == part for part, known in alike):
            return name
    raise TokenizerError("only byte-level BPE that cuts as GPT-2, SmolLM, Llama 3 or Qwen does has a form in GGUF")


def _adds_start(spelled: dict[str, Any], start: int) -> bool:
    """Whether it puts the token that texts begin with before each text."""
    ids: list[int] = tokenizers.Tokenizer.from_str(json.dumps(spelled)).encode("a").ids
    return ids[:1] == [start]
