"""The tokenizers that the tokenization page offers, the text that it reads, and what each makes of it."""

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.text import (
    PUBLIC_ENCODINGS,
    Piece,
    Tokenizer,
    cuts,
    load_saved,
    public_encoding,
    saved_path,
    saved_tokenizers,
    tinyland,
)
from core.text.files import decode_file
from pages.ui import cache, near, state
from pages.ui.code import Code
from pages.ui.literal import literal

if TYPE_CHECKING:
    from core.model import Description

MODEL = "model"
TITLES = {MODEL: "this model", "gpt2": "GPT-2", "cl100k_base": "GPT-4", "o200k_base": "GPT-4o"}
UNTRAINED = ("words", "characters", "bytes")
KEPT = "kept: "
MAX_TEXT = 1_000_000  # characters of a text that this page cuts
MAX_DRAWN = 40_000  # pieces that are drawn; all are counted
WORD_DOCUMENTS = 2000  # of Tinyland, whose words the word list holds
MISSING = "The public tokenizers cannot be read here."


@dataclass(frozen=True)
class Source:
    """The text of this page. `shared` says whether it is the sidebar's, which the other pages read too."""

    text: str
    shared: bool
    name: str = ""


@dataclass(frozen=True)
class Cut:
    """What one tokenizer makes of a text. `tokenizer` is None for words, characters and bytes."""

    key: str
    pieces: tuple[Piece, ...]  # the first MAX_DRAWN
    total: int  # how many pieces the whole text has
    size: int  # the bytes that they spell
    unknown: int  # how many of them the list of words does not have
    tokenizer: Tokenizer | None
    version: tuple[Any, ...]  # what the cut depends on, but for the text

    @property
    def title(self) -> str:
        return TITLES.get(self.key, self.key.removeprefix(KEPT))


def source() -> Source:
    """The longer text, unless the sidebar's was changed after it was given."""
    longer = st.session_state.get("longer_text")
    text = state.clean(state.get("text") or "")
    if longer and longer.beside == text:
        return Source(longer.text, False, longer.name)
    return Source(text, True) if text else Source(state.DEFAULT_TEXT, True)


def options() -> list[str]:
    """The keys of all that can be chosen; kept tokenizers last."""
    return [MODEL, *PUBLIC_ENCODINGS, *UNTRAINED, *(KEPT + name for name in saved_tokenizers())]


def title(key: str) -> str:
    """As the control shows it."""
    return f"{TITLES[key]} ({key})" if key in PUBLIC_ENCODINGS else TITLES.get(key, key)


def tokenizer_of(key: str, description: "Description") -> Tokenizer | None:
    """The tokenizer of a key, None for an untrained cut. ValueError, with a message for people, when it is not here."""
    if key == MODEL:
        return description.tokenizer
    if key in PUBLIC_ENCODINGS:
        return _public(key)
    if key.startswith(KEPT):
        return _kept(key.removeprefix(KEPT), _time(key.removeprefix(KEPT)))
    return None


def _time(name: str) -> int:
    path = saved_path(name)
    return path.stat().st_mtime_ns if path.is_file() else 0


@st.cache_resource(show_spinner="Reading a public tokenizer …")
def _public(name: str) -> Tokenizer:
    return public_encoding(name)


@st.cache_resource(max_entries=8, show_spinner=False)
def _kept(name: str, stamp: int) -> Tokenizer:
    return load_saved(name)


@st.cache_resource(show_spinner="Counting the words of Tinyland …")
def word_list() -> dict[str, int]:
    """Every word of the first documents of Tinyland, the most frequent first."""
    return cuts.word_list((document.text for document in tinyland.documents(0, 0, WORD_DOCUMENTS)), 100_000)


def cut(key: str, description: "Description", text: str, special: bool = False) -> Cut:
    """The pieces of a text. ValueError when the tokenizer is not here."""
    tokenizer = tokenizer_of(key, description)
    if key == MODEL:
        version = (key, special, description.name, *cache.stamp(description.name))
    else:
        version = (key, special, _time(key.removeprefix(KEPT)) if key.startswith(KEPT) else 0)
    return _cut(version, text, tokenizer)


@st.cache_resource(max_entries=48, show_spinner="Cutting a long text …")
def _cut(version: tuple[Any, ...], text: str, _tokenizer: Tokenizer | None) -> Cut:
    key, special, *_ = version
    size = len(text.encode("utf-8", "replace"))
    unknown = 0
    if _tokenizer is not None:
        ids = _tokenizer.encode(text, special=special)
        pieces, total = _tokenizer.locate(ids[:MAX_DRAWN]), len(ids)
    elif key == "words":
        pieces = cuts.words(text, word_list())
        total, size = len(pieces), sum(len(piece.bytes) for piece in pieces)
        unknown = sum(piece.id == cuts.UNKNOWN for piece in pieces)
    elif key == "characters":
        pieces, total = cuts.characters(text[:MAX_DRAWN]), len(text)
    else:
        pieces, total = cuts.single_bytes(text[:MAX_DRAWN]), size
    return Cut(key, tuple(pieces[:MAX_DRAWN]), total, size, unknown, _tokenizer, version)


def maker(key: str, description: "Description") -> str:
    """The Python expression for a tokenizer that was trained."""
    if key == MODEL:
        return f"describe({description.name!r}).tokenizer"
    return f"public_encoding({key!r})" if key in PUBLIC_ENCODINGS else f"load_saved({key.removeprefix(KEPT)!r})"


def call(key: str, description: "Description", special: bool = False) -> str:
    """The Python expression for the pieces of `text`."""
    untrained = {
        "words": "cuts.words(text, known)",
        "characters": "cuts.characters(text)",
        "bytes": "cuts.single_bytes(text)",
    }
    return untrained.get(key) or f"{maker(key, description)}.pieces(text{', special=True' if special else ''})"


def python(source: Source) -> Code:
    """What these expressions need: the text, and the list of words."""
    documents = f"tinyland.documents(0, 0, {WORD_DOCUMENTS})"
    text = repr(source.text) if len(source.text) <= 400 else 'open("your text.txt").read()'
    return (
        Code(head=(f"text = {text}", f"known = cuts.word_list((d.text for d in {documents}), 100_000)"))
        .with_import("core.model", "describe")
        .with_import("core.text", "cuts", "load_saved", "public_encoding", "tinyland")
    )


# ---- a longer text ----


@dataclass(frozen=True)
class _Longer:
    name: str
    text: str
    beside: str  # what the sidebar said at the time


def _within_limit(text: str, note: str) -> tuple[str, str]:
    if len(text) > MAX_TEXT:
        note += f"Only the first {MAX_TEXT:,} of {len(text):,} characters are cut."
    return text[:MAX_TEXT], note


def longer_text() -> None:
    """The popover that takes a text too long for the sidebar, pasted or from a file."""
    with st.popover("A longer text", icon=":material/description:", width="stretch"):
        st.file_uploader("A text file", key="longer_file", on_change=_take_file)
        st.text_area("Or paste it here", key="longer_paste", height=120, on_change=_take_paste)
        if not source().shared:
            st.button("Back to the text in the sidebar", on_click=_forget_longer, key="longer_back")


def longer_note() -> None:
    """What had to be done to the longer text, and where it came from."""
    if note := st.session_state.get("longer_note"):
        st.warning(note)
    if not (here := source()).shared:
        size = f"{len(here.text):,} characters"
        st.caption(f"This page reads {literal(here.name)}, {size}; the other pages read the text in the sidebar.")


def _take(name: str, text: str, note: str) -> None:
    if text.strip():
        st.session_state["longer_text"] = _Longer(name, text, state.clean(state.get("text") or ""))
        st.session_state.pop("pieces_pin", None)
    else:
        note = "There is no text in it, so nothing was changed."
    st.session_state["longer_note"] = note
    near.whole()


def _take_file() -> None:
    file = st.session_state["longer_file"]
    if file is not None:
        text, note = decode_file(file.getvalue())
        _take("your file", *_within_limit(state.clean(text), note))


def _take_paste() -> None:
    if pasted := st.session_state["longer_paste"]:
        _take("what you pasted", *_within_limit(state.clean(pasted), ""))


def _forget_longer() -> None:
    for key in ("longer_text", "longer_note", "pieces_pin"):
        st.session_state.pop(key, None)
    st.session_state["longer_paste"] = ""
    near.whole()


def read(text: str) -> None:
    """Makes `text` the visitor's text, on every page. Call it in a callback."""
    near.whole(text=text, cursor=None)


# ---- controls ----


def choice() -> str:
    """The control that says whose tokens are shown; the key chosen."""
    found = options()
    asked = state.get("tokenizer")
    if asked not in found:
        st.session_state["tokenizer_missing"] = (
            f"There is no tokenizer “{literal(asked[:60])}” here; these are this model's tokens."
        )
        state.update_quietly(tokenizer=MODEL)
    st.selectbox("Tokenizer", found, format_func=title, on_change=_on_choose, **state.control("tokenizer"))
    if message := st.session_state.get("tokenizer_missing"):
        st.warning(message)
    return str(state.get("tokenizer"))


def _on_choose() -> None:
    st.session_state.pop("tokenizer_missing", None)
    near.follow()


def say_special(cut: Cut, text: str) -> None:
    """Which names are special for this tokenizer, when the text has one or the visitor asked for them."""
    names = list(cut.tokenizer.special_tokens) if cut.tokenizer else []
    here = [name for name in names if name in text]
    if state.get("special") == "tokens":
        said = f"One token each: {'  '.join(names)}" if names else "This tokenizer has no special tokens."
    elif here:
        said = f"Read as ordinary text, letter by letter: {'  '.join(here)}"
    else:
        return
    st.text(said)


def most_cut(cut: Cut, most: int = 2000, cap: int = 60) -> int:
    """The first token of the chunk with the most tokens, among the first `most`; but for those over `cap` bytes, and
    those in which nothing was joined."""
    pieces = cut.pieces[:most]
    if not pieces or cut.tokenizer is None:
        return 0
    text = b"".join(piece.bytes for piece in pieces).decode("utf-8", "replace")
    ends = list(accumulate(len(part.encode("utf-8")) for part in cut.tokenizer.split(text)))
    chunks = [bisect_right(ends, piece.start) for piece in pieces]
    sizes = Counter(chunks)
    fits = {chunk for chunk in sizes if chunk < len(ends) and ends[chunk] - (ends[chunk - 1] if chunk else 0) <= cap}
    joined = {chunk for chunk, piece in zip(chunks, pieces, strict=True) if len(piece.bytes) > 1}
    return chunks.index(max(fits & joined or fits or sizes, key=lambda chunk: (sizes[chunk], -chunk)))
