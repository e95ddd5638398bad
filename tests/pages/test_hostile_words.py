"""Hostile words in everything that a visitor, a link, a file or a folder can name: no element of any page has them raw.

Every string that is sent to the browser is looked at, whatever element it belongs to; only those that Streamlit shows
as they are, and what components are sent, may hold markup. tests/browser/test_literal.py shows that `literal` works.
"""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest
from google.protobuf.message import Message

from core import jobs
from core.runs.records import Record, fingerprint, write_record
from core.text import Tokenizer, train_bpe
from core.text.saved import saved_path
from core.training import preset
from pages.ui import state
from pages.ui.tokenization.training import Training
from tests.navigation import PAGES
from tests.tiny import make_checkpoint

HOSTILE = "![p](http://x.example/a.png) <b>x</b> :material/home: $x$ [l](http://x.example) www.x.example a@b.example"
MARKUP = re.compile(r"(?<!\\)(!\[|<b>|:material/home|:smile:|\$x\$)|\]\(http|https?://x|www\.x|a@b")
NAME = "![p](http://x.example/a.png) :smile: www.x.example a@b"  # 60 characters at most
TAGS = ("<b>x</b> :material/home:", "$x$ a@b.example", "www.x.example")  # 24 at most
KEY = "k" * 43
RUN, PARENT, BROKEN = "run-20260301-0123456789ab", "run-20260302-0123456789cd", "run-20260303-0123456789ef"
# By message and field: text that is never read as Markdown, and what is no text.
PLAIN = {
    "Text.body", "Code.code_text", "TextArea.default", "TextArea.value", "TextArea.placeholder", "TextInput.default",
    "TextInput.value", "TextInput.placeholder", "Selectbox.options", "Selectbox.raw_value", "MultiSelect.options",
    "Slider.options", "BidiComponent.mixed", "BidiComponent.json", "BidiComponent.html_content",
    "BidiComponent.css_content", "BidiComponent.js_content", "DownloadButton.url", "PageLink.page",
}  # fmt: skip


def strings(message: Message, path: str = "") -> Iterator[tuple[str, str]]:
    """("Message.field", string) of a message and all below it; ids, which hold the keys of widgets, are left out."""
    for field, value in message.ListFields():
        name = f"{message.DESCRIPTOR.name}.{field.name}"
        if field.name in ("id", "element_id", "user_key", "form_id"):
            continue
        for one in value if field.is_repeated else [value]:
            if isinstance(one, Message):
                yield from strings(one)
            elif isinstance(one, str):
                yield name, one


def raw(at) -> list[tuple[str, str]]:
    """What of a page holds markup that was not ours, where Streamlit may read it."""
    found = []
    nodes = [at._tree]
    while nodes:
        node = nodes.pop()
        nodes += getattr(node, "children", {}).values()
        proto = getattr(node, "proto", None)
        if isinstance(proto, Message):
            found += [(name, text) for name, text in strings(proto) if name not in PLAIN and MARKUP.search(text)]
    return found


@pytest.fixture
def planted(runs, monkeypatch):
    """Runs, a fork, a damaged run, a model and a tokenizer with names that a visitor or a folder could give them."""
    monkeypatch.setenv("GLASSBOX_RUNS", str(runs))
    config = preset("live", steps=20, vocab_size=320, data={"kind": "text", "path": "corpus.txt"})
    changed = replace(config, target_loss=1.5)
    for run, made in ((RUN, changed), (PARENT, config), (BROKEN, config)):
        make_checkpoint(runs / run)
        (runs / run / "train.json").write_text(json.dumps(replace(made, out=str(runs / run)).to_dict()))
        (runs / run / "corpus.txt").write_text(HOSTILE * 20)
        rows = [{"step": 0, "val_loss_per_token": 5.0}, {"step": 20, "val_loss_per_token": 2.0, "status": "failed",
                 "message": HOSTILE, "error": HOSTILE}]  # fmt: skip
        (runs / run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        parent = {"run": PARENT, "step": 10, "changes": {HOSTILE: HOSTILE}} if run == RUN else None
        write_record(runs / run, Record(fingerprint(KEY), NAME, TAGS, 1.0, parent))
    (runs / BROKEN / "train.json").write_text(json.dumps({HOSTILE: HOSTILE}))
    make_checkpoint(runs / "www.x.example")
    saved_path("www.x.example").parent.mkdir(exist_ok=True)
    Tokenizer.from_bpe(train_bpe([HOSTILE] * 9, 270), HOSTILE).save(saved_path("www.x.example"))
    yield
    for name in (RUN, PARENT, BROKEN, "www.x.example", "tokenizers"):
        shutil.rmtree(runs / name)


TEXTS = {
    name: HOSTILE for name, row in state.PROPERTIES.items()
    if row.kind is str and not row.options and name not in ("model", "run", "tokenizer", "interventions")
}  # fmt: skip
NUMBERS = {name: HOSTILE[:24] for name, row in state.PROPERTIES.items() if row.kind is not str or row.options}
PATCH = quote(HOSTILE[:40], safe="")
VISITS = {
    "every text, number and choice": TEXTS | NUMBERS,
    "unknown names": {"model": HOSTILE, "run": HOSTILE, "tokenizer": HOSTILE, "interventions": HOSTILE},
    "a run": {"run": RUN, "model": RUN, "tokenizer": "kept: www.x.example"},
    "a damaged run": {"run": BROKEN, "tokenizer": "kept: www.y.example"},
    "a model": {"model": "www.x.example", "step": "77"},
    "interventions": {"interventions": f"patch:L0R@1:{PATCH} steer:L1:2:{PATCH}:{PATCH}", "text": HOSTILE},
    "interventions that do not fit": {"interventions": f"patch:L0R@60:{PATCH} steer:L9:2:{PATCH}:{PATCH} zero:L0"},
}


@pytest.mark.thorough
@pytest.mark.parametrize("visit", VISITS)
@pytest.mark.parametrize("page", PAGES)
def test_no_element_has_a_hostile_word_raw(app, planted, page, visit):
    at = app(page, **VISITS[visit])
    assert not at.exception and raw(at) == []


@pytest.mark.slow
def test_the_eye_that_looks_sees():
    """What it would find if the words came in: the same walk over a script without `literal`."""
    from streamlit.testing.v1 import AppTest

    def script(word: str) -> None:
        import streamlit as st

        st.text(word)
        st.selectbox("choice", [word])
        st.text_input("input", word, help=word)
        st.slider(word, 0, 3)
        with st.expander(word):
            st.radio("which", [word])
        st.tabs([word])
        st.popover(word)
        st.metric("loss", word)
        st.download_button(word, "")

    found = [name for name, _ in raw(AppTest.from_function(script, args=(HOSTILE,)).run())]
    assert sorted(found) == sorted(
        ["TextInput.help", "Slider.label", "Expandable.label", "Radio.options", "Tab.label", "Popover.label",
         "Metric.body", "DownloadButton.label"]
    )  # fmt: skip


@pytest.mark.slow
def test_ticked_runs_are_compared_renamed_and_tagged_under_their_names(app, planted):
    at = app("training", run=RUN)
    at.session_state["training_key"] = KEY
    for ticked in ([RUN], [RUN, PARENT], [BROKEN]):
        at.session_state["training_overlay"] = ticked
        assert not at.run().exception and raw(at) == []
    at.session_state["training_overlay"] = [RUN]
    at.run()
    at.text_input(key=f"name_{RUN}").set_value(HOSTILE).run()
    at.text_input(key=f"tags_{RUN}").set_value(",".join(TAGS)).run()
    assert not at.exception and raw(at) == [] and jobs.record(RUN).name == HOSTILE[:60].strip()
    at.session_state["training_key"] = "somebody else"
    at.text_input(key=f"name_{RUN}").set_value("![x](http://y.example)").run()
    assert not at.exception and raw(at) == []


@pytest.mark.slow
def test_a_failed_tokenizer_and_an_uploaded_text(app, planted):
    at = app("tokenization")
    failed = Training(HOSTILE, [HOSTILE], HOSTILE, 300)
    failed.state, failed.message = "failed", HOSTILE
    at.session_state["own_training"], at.session_state["own_message"] = failed, ""
    at.session_state["longer_text"] = None
    assert not at.run().exception and raw(at) == []
    at.file_uploader(key="longer_file").set_value((f"{HOSTILE}.txt", HOSTILE.encode(), "text/plain")).run()
    assert not at.exception and raw(at) == [] and HOSTILE in at.session_state["longer_text"].text
