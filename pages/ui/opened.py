"""The popover that opens a model made elsewhere: a zip, a folder of the server, or one of the Hugging Face hub."""

from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.model.description import made_elsewhere
from pages.ui import background, cache, near, state
from pages.ui.literal import literal

if TYPE_CHECKING:
    from core.model import Description

ZIP_MEGABYTES = 2000  # that a visitor may send
HELD = {"float32": "as float32", "bfloat16": "in half the memory (bfloat16)", "int8": "in a quarter (int8)"}
NAMES = {"gpt2": "GPT-2", "llama": "Llama", "mistral": "Mistral", "qwen2": "Qwen2", "qwen3": "Qwen3"}
from_elsewhere = made_elsewhere
_cancelled: dict[str, Event] = {}  # by the id of a model that is being fetched


def opener() -> None:
    """The popover, below the list of models."""
    label, icon = "Open another model", ":material/folder_open:"
    with st.popover(label, icon=icon, width="stretch", key="opened_open", on_change="rerun") as box:
        if box.open:
            _ways()


def _ways() -> None:
    """What the popover holds: it is drawn while it is open, and kept while it is shut."""
    from core.model.folders import folder_roots

    kept: Any = {"persist_state": "session"}
    st.caption(
        "GPT-2, Llama, Mistral, Qwen2 and Qwen3 models in the layout of Hugging Face, with their weights in "
        "safetensors. Every page then shows that model; everybody on this server can choose it."
    )
    st.selectbox("Its numbers are held", list(HELD), format_func=HELD.__getitem__, key="opened_precision", **kept)
    st.file_uploader(
        "A zip of its folder", type="zip", key=_zip_key(), on_change=_take_zip, max_upload_size=ZIP_MEGABYTES
    )
    if folder_roots():
        st.text_input("Or a folder of the server", key="opened_path", on_change=_take_path, **kept)
    st.text_input("Or its name on the Hugging Face hub", key="opened_hub", placeholder="owner/name", **kept)
    st.button("Fetch it from the hub", key="opened_fetch", on_click=_fetch)
    _fetching()
    state.note("opened")


def origin(description: "Description") -> None:
    """In the sidebar: what an opened model is, and what is not known of it."""
    card = description.card
    held = {"float32": "", "bfloat16": ", held in bfloat16", "int8": ", held in int8"}[card.get("precision", "float32")]
    kind = NAMES.get(card["model_type"], str(card["model_type"]))
    st.caption(
        f"A {literal(kind)} model made elsewhere{held}: its training is not known here, so there "
        "are no earlier steps, no training text, and no facts to check it against."
    )
    _compared(description.name)
    if description.name in _mine():
        told = "It is taken from this server: nobody can choose it any more."
        st.button("Close this model", key="opened_close", on_click=_close, args=(description.name,), help=told)


def _compared(name: str) -> None:
    """On request, how far our logits are from those of `transformers`, where it is installed."""
    from core.model.stock.compare import installed

    asked = st.session_state.setdefault("opened_compared", set())
    if not installed():
        return
    if name not in asked:
        told = "Both read the same sentence; you see the largest difference between any two logits."
        st.button("Compare with transformers", key="opened_compare", on_click=asked.add, args=(name,), help=told)
        return
    stamp = cache.files_stamp(name)

    def work(report: background.Report) -> tuple[float, int]:
        from core.model import checkpoint_folder, load_checkpoint
        from core.model.stock.compare import largest_difference

        report(0.1, "reading it twice")
        return largest_difference(load_checkpoint(checkpoint_folder(name)))

    found = background.compute(("compared", name, stamp), work, "Comparing", slow=True)
    if found is not None:
        st.caption(f"Largest difference from transformers on {found[1]} tokens: {found[0]:.1e}.")


def missing(what: str, instead: str) -> None:
    """Says that a section cannot be shown for a model made elsewhere, and what can be done instead."""
    st.info(f"{what} is not known of a model that was made elsewhere. {instead}")


def _zip_key() -> str:
    """The uploader is a new one for each model, so that no zip stays in memory once its model is open."""
    return f"opened_zip_{st.session_state.get('opened_count', 0)}"


def _take_zip() -> None:
    from core.model.stock.opened import open_zip

    file = st.session_state[_zip_key()]
    if file is not None:
        _open(lambda: open_zip(file, file.name, st.session_state["opened_precision"]))


def _take_path() -> None:
    from core.model.stock.opened import open_allowed_folder

    if path := st.session_state["opened_path"].strip():
        _open(lambda: open_allowed_folder(path, st.session_state["opened_precision"]))


def _open(opening: Callable[[], str]) -> None:
    """Opens a model and shows it; or says beside the control what is wrong, and leaves everything as it was."""
    toast = st.toast("The model is being read …", duration="infinite")
    try:
        _show(opening())
        toast.toast("The model is open.")
    except ValueError as error:  # CheckpointError says what is wrong with it
        told = str(error)
        state.note("opened", literal(f"{told[:1].upper()}{told[1:]}. Nothing was changed."))
        toast.toast("The model could not be opened.")


def _show(name: str) -> None:
    """Shows a model that this session has opened."""
    state.update(model=name, step=None, layer=0, head=0)
    state.forget("opened")
    _mine().add(name)
    st.session_state["opened_count"] = st.session_state.get("opened_count", 0) + 1


def _mine() -> set[str]:
    """The models that were opened in this session, which alone may close them."""
    mine: set[str] = st.session_state.setdefault("opened_mine", set())
    return mine


def _close(name: str) -> None:
    from core.model.stock.opened import close

    cache.let_go(name)
    with suppress(ValueError):  # CheckpointError: it is closed already
        close(name)
    _mine().discard(name)
    near.whole(model="", step=None, layer=0, head=0)


# ---- the hub ----


def _fetch() -> None:
    wanted = st.session_state["opened_hub"].strip()
    if wanted:
        st.session_state["notes"].pop("opened", None)
        st.session_state["opened_asked"] = (wanted, st.session_state["opened_precision"])
        _stop(wanted).clear()  # one that was cancelled and has not noticed yet goes on
        background.forget(("hub", *st.session_state["opened_asked"]))


def _fetching() -> None:
    """The bar of a model that is on its way, with its Cancel; when it is there, it is shown."""
    asked = st.session_state.get("opened_asked")
    if not asked:
        return
    hub_id, precision = asked
    stop = _stop(hub_id)

    def work(report: background.Report) -> str:
        from core.model.stock import hub
        from core.model.stock.opened import open_folder

        folder = hub.fetch(hub_id, precision, report, stop.is_set)
        return open_folder(folder, precision, hub_id.replace("/", "-"))

    name = background.compute(("hub", hub_id, precision), work, f"Fetching {hub_id}", slow=True)
    if name is None:
        st.button("Cancel", key="opened_cancel", on_click=_cancel, args=(hub_id,))
        return
    st.session_state.pop("opened_asked")
    st.button(f"Show {name}", key="opened_show", on_click=_show, args=(name,))


def _stop(hub_id: str) -> Event:
    return _cancelled.setdefault(hub_id, Event())


def _cancel(hub_id: str) -> None:
    _stop(hub_id).set()
    st.session_state.pop("opened_asked", None)
