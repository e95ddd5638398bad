"""What to change inside a model, as small values with a text form: `zero:L1H3 cut:L0A:7>4 steer:L2:1.5:animals`.

Written after one another, separated by spaces, they act in that order. The forms:

    zero:PART  mean:PART  resample:PART     replace what a part puts out (see `Ablate`)
    cut:L1H3:7>4                            position 7 no longer reads position 4 in that head (L1A: in all its heads)
    patch:L2R@5:TEXT                        at position 5, take the part's value from a run on another text
    steer:L2:1.5:CATEGORY                   add a direction to the stream that enters block 2 (see `Steer`)
    steer:L2:1.5:TEXT:TEXT

A PART is `L1` (a whole layer), `L1A` (its attention), `L1M` (its MLP), `L1H3` (a head) or `L1R` (the residual stream as
it enters block 1; for patches only). Every TEXT is percent-encoded. See `intervene` for how they act.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from core.model import ModelConfig
    from core.text import Tokenizer

MOST = 32  # interventions at a time
MOST_CHARS = 1500  # of the text form: what a link carries
MOST_TEXT = 300  # characters of one text inside an intervention
MOST_STRENGTH = 100.0

Kind = Literal["layer", "attention", "mlp", "head", "residual"]
How = Literal["zero", "mean", "resample"]
HOWS: tuple[How, ...] = ("zero", "mean", "resample")
_LETTERS: dict[str, Kind] = {"": "layer", "A": "attention", "M": "mlp", "H": "head", "R": "residual"}
_PART = re.compile(r"L(\d{1,3})(?:([AMR])|H(\d{1,3}))?", re.ASCII)


@dataclass(frozen=True)
class Part:
    """A part of the model: `kind` of block `layer`; `head` for kind "head" only."""

    kind: Kind
    layer: int
    head: int | None = None

    def __str__(self) -> str:
        letter = next(letter for letter, kind in _LETTERS.items() if kind == self.kind)
        return f"L{self.layer}{letter}{'' if self.head is None else self.head}"

    @property
    def phrase(self) -> str:
        """The part as a person would call it."""
        names = {"layer": "layer", "attention": "attention of layer", "mlp": "MLP", "residual": "stream into layer"}
        if self.kind == "head":
            return f"layer {self.layer}, head {self.head}"
        return f"{names[self.kind]} {self.layer}"


@dataclass(frozen=True)
class Ablate:
    """Replace what a part puts out, at every position.

    By nothing ("zero"), by its mean over a sample of texts ("mean"), or by what it put out at places drawn from that
    sample, a different one for each position ("resample"). A head's output is its z; of attention, MLP and layer it is
    what they add to the stream. An ablated layer passes the stream on as it came, plus the replacement.
    """

    part: Part
    how: How

    def __str__(self) -> str:
        return f"{self.how}:{self.part}"

    @property
    def phrase(self) -> str:
        return f"{self.part.phrase}: {({'zero': 'silenced', 'mean': 'mean', 'resample': 'resampled'})[self.how]}"


@dataclass(frozen=True)
class Cut:
    """Position `query` may not read position `key`, as if the causal mask covered it: its other weights are
    renormalised to add up to one. `part` is a head, or the attention of a layer, for all its heads."""

    part: Part
    query: int
    key: int

    def __str__(self) -> str:
        return f"cut:{self.part}:{self.query}>{self.key}"

    @property
    def phrase(self) -> str:
        return f"{self.part.phrase}: {self.query} no longer reads {self.key}"


@dataclass(frozen=True)
class Patch:
    """At `position`, the part has the value that it has there when the untouched model reads `text`."""

    part: Part
    position: int
    text: str

    def __str__(self) -> str:
        return f"patch:{self.part}@{self.position}:{quote(self.text, safe='')}"

    @property
    def phrase(self) -> str:
        return f"{self.part.phrase} at {self.position}: as in “{self.text}”"


@dataclass(frozen=True)
class Steer:
    """Add `strength` × a direction to the stream that enters block `layer`, at every position.

    The direction is the stream after the prompt `plus` less the stream after the prompt `minus` (both at their last
    token); or, when `minus` is None, `plus` is a category of words: the mean stream where a word of it comes next, less
    the mean stream everywhere, over a sample of texts.
    """

    layer: int
    strength: float
    plus: str
    minus: str | None = None

    def __str__(self) -> str:
        texts = (self.plus,) if self.minus is None else (self.plus, self.minus)
        return ":".join([f"steer:L{self.layer}:{self.strength:g}", *(quote(text, safe="") for text in texts)])

    @property
    def phrase(self) -> str:
        towards = f"“{self.plus}”, away from “{self.minus}”" if self.minus is not None else self.plus
        return f"into layer {self.layer}: {self.strength:g} × towards {towards}".replace("-", "−", self.strength < 0)


Intervention = Ablate | Cut | Patch | Steer


def parse(text: str) -> tuple[Intervention, ...]:
    """The interventions that `text` spells, in order; none for an empty text.

    ValueError, with a sentence for people (in which nothing of `text` is repeated), for anything that `show` would not
    have written, for a text longer than MOST_CHARS, more than MOST interventions, and one that is there twice.
    """
    if len(text) > MOST_CHARS:
        raise ValueError(f"{len(text):,} characters of interventions are more than {MOST_CHARS:,}")
    words = text.split()
    if len(words) > MOST:
        raise ValueError(f"{len(words)} interventions are more than {MOST}")
    found = tuple(_one(word, number) for number, word in enumerate(words, 1))
    if len(set(found)) < len(found):
        raise ValueError("the same intervention is there twice")
    return found


def show(interventions: Sequence[Intervention]) -> str:
    """The text form, which `parse` reads."""
    return " ".join(map(str, interventions))


def check_all(interventions: Sequence[Intervention], config: "ModelConfig", tokenizer: "Tokenizer") -> None:
    """ValueError, with a sentence for people, when one does not fit the model, or cuts leave a reader nothing."""
    cuts: dict[tuple[int, int, int], set[int]] = {}
    for one in interventions:
        check(one, config, tokenizer)
        if isinstance(one, Cut):
            for head in range(config.n_heads) if one.part.head is None else (one.part.head,):
                keys = cuts.setdefault((one.part.layer, head, one.query), set())
                keys.add(one.key)
                if len(keys) > one.query:
                    raise ValueError(f"position {one.query} would have nothing left to read in {one.part.phrase}")


def check(intervention: Intervention, config: "ModelConfig", tokenizer: "Tokenizer") -> None:
    """ValueError, with a sentence for people, when this one alone does not fit a model of this shape."""
    part = Part("residual", intervention.layer) if isinstance(intervention, Steer) else intervention.part
    if part.layer >= config.n_layers:
        raise ValueError(f"there is no layer {part.layer}: this model has {_range_of('layer', config.n_layers)}")
    if part.head is not None and part.head >= config.n_heads:
        raise ValueError(f"there is no head {part.head}: each layer has {_range_of('head', config.n_heads)}")
    if isinstance(intervention, Steer) and intervention.minus is None and not _is_category(intervention.plus):
        raise ValueError("Tinyland has no such category of words to steer towards")
    last = max(intervention.query, intervention.key) if isinstance(intervention, Cut) else 0
    if isinstance(intervention, Patch):
        last = intervention.position
        length = _check_text(intervention.text, f"the patch ({part.phrase}, position {last})", config, tokenizer)
        if last >= length:
            raise ValueError(
                f"the text of the patch ({part.phrase}) has {length} tokens with the start, so none at position {last}"
            )
    if isinstance(intervention, Steer) and intervention.minus is not None:
        for text in (intervention.plus, intervention.minus):
            _check_text(text, f"the steering into layer {part.layer}", config, tokenizer)
    if last >= config.context_length:
        raise ValueError(f"there is no position {last} (this model reads {config.context_length} tokens)")


def _check_text(text: str, whose: str, config: "ModelConfig", tokenizer: "Tokenizer") -> int:
    """How many tokens the model reads of a text, the start token included. ValueError when it cannot read it all."""
    ids = [tokenizer.eot, *tokenizer.encode(text)]
    if len(ids) > config.context_length:
        raise ValueError(
            f"a text of {whose} has {len(ids)} tokens with the start, and this model reads {config.context_length}"
        )
    if max(ids) >= config.vocab_size:
        raise ValueError(f"a text of {whose} has tokens that this model does not know")
    return len(ids)


def _is_category(name: str) -> bool:
    from core.text.tinyland import lexicon  # every page imports this module, and few need that one

    return name in lexicon.CATEGORIES


def _range_of(what: str, count: int) -> str:
    return f"{what}s 0 to {count - 1}" if count > 1 else f"only {what} 0"


def _one(word: str, number: int) -> Intervention:
    name, _, rest = word.partition(":")
    fields = rest.split(":")
    try:
        made: Intervention
        if name in HOWS:
            made = Ablate(_part(fields[0], "layer", "attention", "mlp", "head"), name)
        elif name == "cut":
            query, key = fields[1].split(">")
            made = Cut(_part(fields[0], "head", "attention"), _whole(query), _whole(key))
        elif name == "patch":
            place, position = fields[0].split("@")
            made = Patch(_part(place, "residual", "attention", "mlp", "head"), _whole(position), _text(fields[1]))
        elif name == "steer":
            texts = [_text(field) for field in fields[2:4]]
            made = Steer(_part(fields[0], "layer").layer, float(fields[1]), texts[0], *texts[1:])
        else:
            raise ValueError
    except (ValueError, IndexError):
        raise ValueError(f"number {number} of the interventions cannot be read") from None
    _sensible(made)
    if str(made) != word:
        raise ValueError(f"number {number} of the interventions is not written as it should be")
    return made


def _sensible(made: Intervention) -> None:
    if isinstance(made, Cut) and not 0 <= made.key <= made.query:
        raise ValueError(f"position {made.query} does not read position {made.key}, which comes later")
    if isinstance(made, Cut) and made.query == 0:
        raise ValueError("position 0 reads only itself: nothing would be left to read")
    if isinstance(made, Steer) and not (math.isfinite(made.strength) and abs(made.strength) <= MOST_STRENGTH):
        raise ValueError(f"a strength lies between −{MOST_STRENGTH:g} and {MOST_STRENGTH:g}")


def _part(word: str, *allowed: Kind) -> Part:
    found = _PART.fullmatch(word)
    if not found:
        raise ValueError
    layer, letter, head = found.groups()
    part = Part("head", int(layer), int(head)) if head is not None else Part(_LETTERS[letter or ""], int(layer))
    if part.kind not in allowed:
        raise ValueError
    return part


def _whole(word: str) -> int:
    if not re.fullmatch(r"\d{1,6}", word, re.ASCII):
        raise ValueError
    return int(word)


def _text(word: str) -> str:
    text = unquote(word, errors="strict")
    if not 0 < len(text) <= MOST_TEXT:
        raise ValueError
    return text
