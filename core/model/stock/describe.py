"""What a folder in Hugging Face's layout says of its model, without the weights. No torch here."""

from pathlib import Path
from typing import Any

from core.model.description import ELSEWHERE, CheckpointError, Description, check_context, read_json
from core.model.precision import PRECISIONS, Precision
from core.model.stock.config import read_config
from core.text.errors import TokenizerError
from core.text.stock import StockTokenizer, load_stock

OPENED = "glassbox.json"  # beside the files of a model that was opened here: its precision, and where it came from


def describe_stock(folder: Path, step: int | None = None) -> Description:
    """The description of a folder. It has one step, 0. CheckpointError says what cannot be read, and why."""
    if step not in (None, 0):
        raise CheckpointError(f"{folder.name} has no step {step!r}: nothing but its last weights is known, as step 0")
    described = read_json(folder / "config.json")
    config = read_config(described)
    try:
        check_context(config)
    except ValueError as error:
        raise CheckpointError(f"config.json does not describe a model: {error}") from None
    tokenizer = read_tokenizer(folder, described, config.vocab_size)
    card = {"model_type": described["model_type"], "data": {"kind": ELSEWHERE}, "precision": precision_of(folder)}
    return Description(tokenizer, config, (0,), 0, card, folder, folder.name or folder.resolve().name)


def read_tokenizer(folder: Path, described: dict[str, Any], vocab_size: int) -> StockTokenizer:
    try:
        tokenizer = load_stock(folder, folder.name)
    except TokenizerError as error:
        raise CheckpointError(f"the tokenizer of {folder.name} cannot be used: {error}") from None
    ends = described.get("eos_token_id")
    more = [id for id in (ends if isinstance(ends, list) else [ends]) if type(id) is int and 0 <= id < vocab_size]
    tokenizer.stops = tuple(dict.fromkeys([*tokenizer.stops, *more]))
    if tokenizer.vocab_size > vocab_size:
        raise CheckpointError(
            f"the tokenizer of {folder.name} has {tokenizer.vocab_size} ids, its model only {vocab_size}: "
            "they do not belong together"
        )
    tokenizer.rows = vocab_size
    return tokenizer


def precision_of(folder: Path) -> Precision:
    """How the matrices of a model here are to be held: as its glassbox.json says, else float32."""
    if not (folder / OPENED).is_file():
        return "float32"
    asked = read_json(folder / OPENED).get("precision")
    found: Precision = asked if asked in PRECISIONS else "float32"
    return found
