"""Train a tokenizer of one's own on the page: the form, the view that watches it grow, what to do with the result."""

import json
import threading
from collections.abc import Iterable

import streamlit as st

from core.figures import tokenization as figures
from core.runs.records import fingerprint
from core.text import PUBLIC_ENCODINGS, Piece, keep_tokenizer, remove_tokenizer, tinyland, tokenizers_of
from core.text.background import Training, hold_out
from core.text.export import to_hugging_face, to_tiktoken
from core.text.files import decode_file
from core.text.tinyland import HELD_OUT_SEED
from pages.ui import components, near, state, tokenizers
from pages.ui.caption import truth
from pages.ui.code import Code
from pages.ui.literal import literal
from pages.ui.text import chip
from pages.ui.training.owner import key as owner_key
from pages.ui.training.owner import remember
from pages.ui.view import current

SOURCES = ("Tinyland", "A text you paste", "A file")
SIZES = (300, 512, 1024, 2048, 4096, 8192, 16384, 32768)
OWN = ("your text", "your file")
DOCUMENTS, HELD_OUT = 3000, 200  # of Tinyland
LIMIT = 2  # trainings at a time on this server
SHOWN = 200  # of the merges, the newest
TOO_LITTLE = "That is too little text to learn from: it needs a few sentences."
NO_FILE = "Choose a file first."


@st.cache_resource(show_spinner=False)
def _tracks() -> tuple[list[Training], threading.Lock]:
    return [], threading.Lock()


def _begin() -> None:
    """Starts a training from the form; what was wrong is said beside it."""
    asked = st.session_state
    asked["own_message"] = ""
    size = asked["own_size"] if asked["own_size"] in SIZES else 1024
    try:
        training = _training_of_form(asked["own_source"], size)
    except ValueError as error:
        asked["own_message"] = literal(error)
        return
    going, lock = _tracks()
    with lock:
        going[:] = [other for other in going if not other.ended]
        if len(going) >= LIMIT:
            asked["own_message"] = (
                f"{LIMIT} tokenizers are being trained here, as many as this server allows. Try again in a moment."
            )
            return
        going.append(training)
    training.start()
    asked["own_training"], asked["own_kept"] = training, ""


def _training_of_form(source: str, size: int) -> Training:
    """The training that the form describes. ValueError says what is missing."""
    if source == SOURCES[0]:
        held = "\n".join(document.text for document in tinyland.documents(HELD_OUT_SEED, 0, HELD_OUT))
        texts: Iterable[str] = (document.text for document in tinyland.documents(0, 0, DOCUMENTS))
        return Training(f"{DOCUMENTS:,} documents of Tinyland", texts, held, size, len(held) * DOCUMENTS // HELD_OUT)
    if source == SOURCES[1]:
        text = state.clean(st.session_state.get("own_paste") or "")
    else:
        file = st.session_state.get("own_file")
        if file is None:
            raise ValueError(NO_FILE)
        decoded, st.session_state["own_message"] = decode_file(file.getvalue())
        text = state.clean(decoded)
    kept, held = hold_out(text)
    if len(kept) < 100 or not held:
        raise ValueError(TOO_LITTLE)
    return Training(OWN[source == SOURCES[2]], [kept], held, size, len(kept))


def _form(busy: bool) -> None:
    source = st.radio("Learn from", SOURCES, key="own_source", persist_state="page")
    if source == SOURCES[1]:
        st.text_area(
            "Your text", key="own_paste", persist_state="page", height=140, placeholder="Paste a few pages of anything."
        )
    elif source == SOURCES[2]:
        st.file_uploader("A text file, up to 20 MB", key="own_file")
    st.select_slider(
        "Vocabulary size", SIZES, 1024, key="own_size", persist_state="page", format_func=lambda n: f"{n:,}"
    )
    st.button("Train", on_click=_begin, type="primary", width="stretch", disabled=busy, key="own_train")
    if message := st.session_state.get("own_message"):
        st.warning(message)


def _references(training: Training) -> dict[str, float]:
    """Bytes per token of the other tokenizers on the held-out text, measured once for each training."""
    known = st.session_state.get("own_references")
    if known is None or known[0] is not training:
        description, size = current().description, len(training.held_out.encode("utf-8"))
        found = {}
        for key in (tokenizers.MODEL, *PUBLIC_ENCODINGS):
            tokenizer = tokenizers.tokenizer_of(key, description)
            found[tokenizers.TITLES[key]] = size / len(tokenizer.encode(training.held_out)) if tokenizer else 0.0
        known = st.session_state["own_references"] = (training, found)
    return known[1]


def _label(data: bytes) -> str:
    return chip(Piece(0, data, 0, len(data))).label


def _watch(training: Training, going: bool) -> None:
    """The training as it stands: drawn again every second while it goes on."""
    if going and training.ended:
        st.rerun()
    merges = list(training.merges)
    doing = {
        "waiting": "starting",
        "counting": f"counting the chunks: {training.read:,} characters read",
        "failed": "failed",
    }.get(training.state, f"{training.state}: {256 + len(merges):,} of {training.vocab_size:,} tokens")
    st.progress(training.progress, text=f"{literal(training.title)} · {doing} · {training.seconds:.1f} s")
    st.button("Stop", on_click=training.stop, disabled=training.ended, key="own_stop")
    if training.state == "failed":
        st.warning("The training stopped with an error. The end of its output:")
        st.code(training.message[:300] or "none", language=None, wrap_lines=True)
    left, right = st.columns([5, 3], gap="medium")
    with left:
        try:
            references = _references(training)
        except ValueError:
            references = {}
        figure = figures.learning_curve(list(training.curve), training.vocab_size, references)
        components.plot(figure, key="own_curve", height=330, title="Bytes per token against tokens in the list")
        held = len(training.held_out.encode("utf-8"))
        note = f"measured on {held:,} bytes of held-out text, as for the other tokenizers"
        truth("training.curve", (len(training.curve),), note, _code(training).gives("training.curve", training.curve))
    with right:
        newest = merges[-SHOWN:][::-1]
        table = {
            "rank": [merge.rank for merge in newest],
            "joined": [f"{_label(merge.left)} + {_label(merge.right)}" for merge in newest],
            "count": [merge.count for merge in newest],
        }
        st.dataframe(table, hide_index=True, height=330, width="stretch")
        some = f"the newest {len(newest)}" if len(merges) > len(newest) else "the newest first"
        truth("training.merges", (len(merges),), f"{some}, and how often each pair occurred",
              _code(training).gives("training.merges", merges))  # fmt: skip


def _code(training: Training) -> Code:
    """What makes this training in Python."""
    file = 'open("your text.txt", encoding="utf-8").read()'
    documents = f"[document.text for document in tinyland.documents(0, 0, {DOCUMENTS})]"
    held_out = f'"\\n".join(document.text for document in tinyland.documents({HELD_OUT_SEED}, 0, {HELD_OUT}))'
    lines = (
        (f"text, held_out = hold_out({file})", "texts = [text]")
        if training.title in OWN
        else (f"texts = {documents}", f"held_out = {held_out}")
    )
    return (
        Code()
        .with_import("core.text", "tinyland")
        .with_import("core.text.background", "Training", "hold_out")
        .then(*lines, f'training = Training("mine", texts, held_out, {training.vocab_size})', "training.run()")
    )


def _keep(training: Training) -> None:
    name = st.session_state["own_name"]
    try:
        kept = keep_tokenizer(training.tokenizer(name), name, fingerprint(owner_key()))
    except ValueError as error:
        st.session_state["own_kept"] = f"It was not kept: {error}."
    except OSError as error:
        st.session_state["own_kept"] = f"It was not kept: its file cannot be written ({error.strerror})."
    else:
        state.update(tokenizer=tokenizers.KEPT + kept)
        st.session_state["own_kept"] = (
            f"Kept as “{kept}”: it is selected at the top of this page, and the training page offers it."
        )
        near.whole()


def _kept_here() -> None:
    """What this browser has kept, each with a button that removes it."""
    whose = fingerprint(owner_key()) or ""
    names = tokenizers_of(whose)
    if not names:
        return
    with st.popover(f"Your tokenizers ({len(names)})"):
        for name in names:
            one, button = st.columns([3, 1], vertical_alignment="center")
            one.text(name)
            button.button("Remove", on_click=_remove, args=(name, whose), key=f"own_remove_{name}")


def _remove(name: str, whose: str) -> None:
    try:
        remove_tokenizer(name, whose)
    except (ValueError, OSError):  # another window of this browser has removed it
        st.session_state["own_kept"] = f"“{name}” was not removed."
        return
    if state.get("tokenizer") == tokenizers.KEPT + name:
        state.update(tokenizer=tokenizers.MODEL)
    st.session_state["own_kept"] = f"“{name}” was removed."
    near.whole()


def _result(training: Training) -> None:
    """Keep it, take it away."""
    tokenizer = training.tokenizer("mine")
    hugging_face = json.dumps(to_hugging_face(tokenizer), ensure_ascii=False).encode("utf-8")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "A name for it",
            key="own_name",
            persist_state="page",
            max_chars=40,
            placeholder="for example: my-diary",
            width=260,
        )
        st.button("Keep it", on_click=_keep, args=(training,), key="own_keep")
        for label, data, name, kind in (
            ("Rank file for tiktoken", to_tiktoken(tokenizer), "mine.tiktoken", "text/plain"),
            ("tokenizer.json for Hugging Face", hugging_face, "tokenizer.json", "application/json"),
        ):
            st.download_button(label, data, name, kind, on_click="ignore", icon=":material/download:")
    if message := st.session_state.get("own_kept"):
        st.text(message)


def train_your_own() -> None:
    """The form, and the last training of this visitor."""
    st.markdown(
        "Byte-pair encoding (BPE) counts all pairs of neighbours in a text, joins the most frequent pair into a new "
        "token, and counts again: that is all. It is trained on this machine while you go on."
    )
    training: Training | None = st.session_state.get("own_training")
    busy = training is not None and not training.ended
    left, right = st.columns([3, 7], gap="large")
    remember()
    with left:
        _form(busy)
        _kept_here()
    with right:
        if training is None:
            st.info("Nothing learned yet. Press Train: the merges will appear here as they are learned.")
            return
        st.fragment(_watch, run_every=1.0 if busy else None)(training, busy)
        if training.ended and training.state != "failed":
            _result(training)
