"""What a visitor has set: one table of properties is the state, the URL and the bounds of the controls.

`decode` and `encode` are pure and tested by round trip. The rest of the file keeps the same values in the session,
under their own names, so that `st.slider(…, **state.control("top_k"))` is the control of the property `top_k`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.generation import STAGES
from core.text.bpe import well_formed
from pages.ui.literal import literal

VERSION = "1"
MAX_LINK_TEXT = 1500  # characters of text that a link carries
DEFAULT_TEXT = "One day, Brigid and Suki were in the park. Brigid had a kite. Brigid gave the kite to Suki because she"


@dataclass(frozen=True)
class Property:
    """One row of the table. `kind` is int, float or str; None stands for "not set" where `default` is None."""

    name: str
    kind: type
    default: Any
    low: float = 0
    high: float = 0
    step: float = 1
    options: tuple[str, ...] = ()
    always: bool = False  # written into every link, so that a later change of the default leaves old links alone

    def parse(self, raw: str) -> Any:  # noqa: ANN401 (of the kind that the row says)
        """The value that `raw` spells; ValueError with a message for people when it spells none."""
        if self.kind is str:
            if self.options and raw not in self.options:
                raise ValueError(f"“{literal(raw[:40])}” is not one of {', '.join(self.options)}")
            return clean(raw)[:MAX_LINK_TEXT]
        if len(raw) > 24 or not raw.isascii():
            raise ValueError("not a number")
        try:
            value = self.kind(raw)
        except ValueError:
            raise ValueError(f"“{literal(raw)}” is not a number") from None
        if not math.isfinite(value) or not self.low <= value <= self.high:
            raise ValueError(f"{raw} is not between {self.low:g} and {self.high:g}")
        return value


PROPERTIES: dict[str, Property] = {
    row.name: row
    for row in (
        Property("model", str, "", always=True),
        Property("step", int, None, 0, 10**9, always=True),  # None: the last one
        Property("text", str, DEFAULT_TEXT, always=True),
        Property("cursor", int, None, 0, 10**6),  # the pinned position
        Property("layer", int, 0, 0, 255),
        Property("head", int, 0, 0, 255),
        *(Property(row.name, int if row.whole else float, row.off, *row.slider) for row in STAGES),
        Property("stages", str, ""),  # the sampler's stages in their order, "-" before one that is switched off
        Property("seed", int, 0, 0, 2**31 - 1),
        Property("new_tokens", int, 40, 1, 200),
        Property("dimensions", str, "2-D", options=("2-D", "3-D")),
        Property("word", str, ""),  # the word chosen on the map of embeddings
        Property("projection", str, "PCA", options=("PCA", "t-SNE", "UMAP")),
        Property("metric", str, "cosine", options=("cosine", "Euclidean")),
        Property("compare", str, "as read", options=("as read", "as spoken")),  # embeddings, or the logits they give
        Property("among", str, "all tokens", options=("all tokens", "whole words")),  # where neighbours are looked for
        Property("relation", str, ""),  # of the analogies; a − b + c are words
        Property("vector_a", str, ""),
        Property("vector_b", str, ""),
        Property("vector_c", str, ""),
        Property("second", str, ""),  # the text beside the visitor's, for one word in two contexts; "": an example
        Property("places", str, "taken away", options=("taken away", "50 later", "doubled", "backwards")),  # positions
        Property("run", str, ""),
        Property("tokenizer", str, "model"),  # of the tokenization page; pages/ui/tokenizers.py lists them
        Property("special", str, "text", options=("text", "tokens")),  # what names such as <|end|> are in the text
        Property("open_heads", str, ""),  # "": the one above; "none", "alone", or several as "0.1 2.3"
        Property("also_pinned", str, ""),  # "9: 4 7": beside the cursor at 9, positions 4 and 7
        Property("first_aside", int, 0, 0, 1),  # attention to the first token is left out
        Property("interventions", str, ""),  # changes inside the model: the text form of core.analysis.interventions
        Property("ablation", str, "zero", options=("zero", "mean", "resample")),  # what a part is replaced by
        Property("clean", str, ""),  # patching: two prompts and the word that each asks for; "": the first preset
        Property("corrupted", str, ""),
        Property("clean_answer", str, ""),
        Property("corrupted_answer", str, ""),
        Property("patched", str, "residual", options=("residual", "attention", "mlp", "head")),
        Property("steer_by", str, "a kind of word", options=("a kind of word", "two prompts")),
        Property("steer_kind", str, "animals"),  # a category of Tinyland's words
        Property("steer_plus", str, "Suki was happy"),
        Property("steer_minus", str, "Suki was sad"),
        Property("steer_layer", int, 3, 0, 255),
        Property("steer_strength", float, 0.25, -8.0, 8.0, 0.05),
        Property("block", int, None, 0, 255),  # the block that is open in the diagram of the stream
        Property("cell", str, ""),  # a cell of it that is kept: "mlp_pre.3", "q.2.17" (head 2)
        Property("answer", str, ""),  # the token whose making is watched; "": the model's own answer
        Property("against", str, ""),  # the token that it is compared with; "": none
        Property("maker", str, ""),  # "2.4": the head whose sources are shown; "": the one that adds most
        Property("lens", str, "probability", options=("probability", "rank", "entropy", "divergence")),
        Property("neuron", str, ""),  # "2.113": layer 2, neuron 113; "": the strongest
        Property("strongest", str, "writes", options=("writes", "activation", "effect")),  # what sorts the neurons
    )
}


def clean(text: str) -> str:
    """`text` as well-formed Unicode with \\n line ends: lone surrogates become U+FFFD, everything else stays."""
    return well_formed(text).replace("\r\n", "\n").replace("\r", "\n")


def encode(values: Mapping[str, Any]) -> str:
    """The query of a link that restores `values`; properties at their default are left out unless `always`."""
    query = {"v": VERSION}
    for row in PROPERTIES.values():
        value = values.get(row.name, row.default)
        if value is None or (value == row.default and not row.always):
            continue
        query[row.name] = clean(value)[:MAX_LINK_TEXT] if row.kind is str else repr(row.kind(value))
    return urlencode(query)


def decode(query: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Values for every property, and by name a message for each part of the link that could not be used."""
    values = {row.name: row.default for row in PROPERTIES.values()}
    notes = {}
    if query.get("v", VERSION) != VERSION:
        notes["link"] = "This link was made by another version of Glassbox; what could be read of it was kept."
    for row in PROPERTIES.values():
        if row.name not in query:
            continue
        try:
            values[row.name] = row.parse(query[row.name])
        except ValueError as error:
            notes[row.name] = f"The link's {row.name.replace('_', ' ')} was not used: {error}."
    return values, notes


# ---- the session ----


def restore() -> None:
    """On the first run of a session, reads the link it was opened with."""
    if "notes" in st.session_state:
        return
    values, st.session_state["notes"] = decode(st.query_params.to_dict())
    for name, value in values.items():
        st.session_state.setdefault(name, value)


def get(name: str) -> Any:  # noqa: ANN401 (of the kind that its row says)
    return st.session_state.get(name, PROPERTIES[name].default)


def update(**values: object) -> None:
    """Sets properties. Call it in a callback (`on_click=state.update, kwargs={...}`), before widgets are drawn."""
    for name, value in values.items():
        if name not in PROPERTIES:
            raise KeyError(f"{name} is not a property; see pages/ui/state.py")
        st.session_state[name] = value
        st.session_state.get("notes", {}).pop(name, None)
    if "cursor" in values:
        st.session_state["turn"] = turn() + 1


def turn() -> int:
    """How often the pin was set, so that the browser can tell an old word about it from a new one."""
    return int(st.session_state.get("turn", 0))


def update_quietly(**values: object) -> None:
    """Sets properties whose widgets this run has not drawn yet, and keeps their messages."""
    for name, value in values.items():
        st.session_state[name] = value


def control(name: str) -> dict[str, Any]:
    """Keyword arguments that make a Streamlit widget the control of a property: key, bounds or options, persistence."""
    row = PROPERTIES[name]
    st.session_state.setdefault(name, row.default)
    shared: dict[str, Any] = {"key": name, "persist_state": "session"}
    if row.options:
        return shared | {"options": row.options}
    if row.kind is str:
        return shared
    return shared | {"min_value": row.kind(row.low), "max_value": row.kind(row.high), "step": row.kind(row.step)}


def note(name: str, message: str | None = None) -> None:
    """Shows the message kept for a property beside its control, or keeps a new one to be shown there."""
    notes = st.session_state.setdefault("notes", {})
    if message is not None:
        notes[name] = message
    elif name in notes:
        st.warning(notes[name])


def forget(name: str) -> None:
    """Drops the message of a property: its visitor has set it since."""
    st.session_state.get("notes", {}).pop(name, None)


def query() -> str:
    """The query of a link to what is on the screen now."""
    return encode({name: get(name) for name in PROPERTIES})
