"""The corpus to take home: its documents, its data card, and a name under which the training page offers it."""

import streamlit as st

from core.data.card import CROISSANT, MARKDOWN, markdown
from core.jobs import RunError
from core.runs.corpora import DOCUMENTS, corpus_folder, drop_corpus, keep_corpus, kept_corpora
from pages.ui.caption import truth
from pages.ui.data import making
from pages.ui.data.code import report_code
from pages.ui.training.owner import key as owner_key

SAID = "data_kept_said"


def home() -> None:
    st.markdown(
        "A **data card** says where a corpus comes from, what was done to it and what is still wrong with it. This one "
        "was made from what the pipeline counted; it stays with every model that is trained on the corpus."
    )
    found = making.corpus_on_show()
    if found is None:
        st.info("Nothing has been run yet. Press Run above.")
        return
    corpus, report = found
    text = markdown(corpus, report)
    with st.expander("Read the data card"):
        st.text(text)
    code = report_code(report).with_import("core.data.card", "markdown").gives(f"markdown({corpus!r}, report)", text)
    truth(
        "markdown(name, report)", (len(text),), "made from the report of the run; nothing in it was typed by hand", code
    )
    downloads(corpus)
    keeping(corpus)


def downloads(corpus: str) -> None:
    folder = corpus_folder(corpus)
    offered = (
        ("Documents (JSONL)", DOCUMENTS, "application/jsonlines"),
        ("Data card (Markdown)", MARKDOWN, "text/markdown"),
        ("Data card (Croissant)", CROISSANT, "application/ld+json"),
    )
    with st.container(horizontal=True):
        for label, name, kind in offered:
            path = folder / name
            if path.exists():
                large = name == DOCUMENTS  # read when it is asked for, under an address that holds until the next run
                data = path.read_bytes if large else path.read_bytes()
                st.download_button(
                    label, data, f"{corpus}-{name}", kind, on_click="ignore", icon=":material/download:",
                    key=f"data_take_{name}",
                )  # fmt: skip


def keeping(corpus: str) -> None:
    """A name for the corpus, and those that this browser has kept."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Keep it under a name", key="data_name", max_chars=40, placeholder="for example: clean", width=260
        )
        st.button("Keep it", on_click=_keep, args=(corpus,), key="data_keep")
        names = kept_corpora(owner_key())
        if names:
            with st.popover(f"Your corpora ({len(names)})"):
                for name, other in names.items():
                    one, button = st.columns([3, 1], vertical_alignment="center")
                    one.text(name)
                    button.button("Remove", on_click=_drop, args=(other, name), key=f"data_drop_{other}")
    if message := st.session_state.pop(SAID, None):
        st.text(message)


def _keep(corpus: str) -> None:
    try:
        name = keep_corpus(corpus, st.session_state.get("data_name") or "", owner_key())
    except (RunError, OSError) as error:
        st.session_state[SAID] = f"It was not kept: {error}."
    else:
        st.session_state[SAID] = f"Kept as “{name}”: the training page offers it, under “Your text”."


def _drop(corpus: str, name: str) -> None:
    drop_corpus(corpus, owner_key())
    st.session_state[SAID] = f"“{name}” was removed."
