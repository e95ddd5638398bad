"""Where a text comes from: its passages that stand in what the model has read, and a verdict on what it says."""

from dataclasses import dataclass

import streamlit as st

from core.data.passages.index import Index, Match, cover, lineage
from core.figures.labels import percent
from pages.ui import background, cache
from pages.ui.caption import truth, what_you_see
from pages.ui.code import Code
from pages.ui.components import component, pack
from pages.ui.data.cause import is_it_a_cause
from pages.ui.data.searched import index_of, scope, searched

_passages = component("passages")
LONGEST = 1500  # characters that are looked up
FEW = 8  # passages that can be opened
PART = " Only a part of the training text is searched: a passage that is not found may stand in the rest."
VERDICTS = {  # short: on a phone a longer one is cut off
    "copied": "copied word for word",
    "composed": "composed of facts stated",
    "elsewhere": "true, not stated in this part",
    "never stated": "true, never stated",
}


@dataclass(frozen=True)
class Found:
    """Passages of a text, longest first, and the facts that it states: subject, relation, value, verdict, truth."""

    matches: list[Match]
    facts: list[tuple[str, str, str, str, str]]


def where_from(model: str, text: str, key: str, causes: bool = False) -> None:
    """The whole section for one text and a model; `key` for what is drawn. causes: with the question whether a match
    is one."""
    described = cache.description(model)
    known = index_of(model, key)
    if known is None:
        return
    searched(model, known, key)
    text = text[:LONGEST]
    if not text.strip():
        st.info("There is no text to look up yet.")
        return

    def work(report: background.Report) -> Found:
        from core.analysis.skills.origin import origin

        report(0.1, "looking for its passages")
        matches = lineage(text, known)
        report(0.3, "reading what it says")
        said = origin(text, matches, known)
        facts = [(*one.claim, one.verdict, one.truth or "") for one in said]
        return Found(sorted(cover(matches), key=lambda m: m.start - m.end), facts)

    stamp = (model, cache.stamp(model), known.documents, text)
    found = background.compute(("lineage", *stamp), work, "Looking it up", height=300)
    if found is None:
        return
    where = scope(known)
    passages(text, found.matches, known, where, key)
    code = (
        Code()
        .with_import("core.model", "describe")
        .with_import("core.jobs.lineage", "index")
        .with_import("core.data.passages.index", "cover", "lineage")
        .with_lines(f"text = {text!r}", f"known = index(describe({described.name!r}))")
        .gives(
            "[(match.start, match.end, match.count) for match in cover(lineage(text, known))]",
            [(m.start, m.end, m.count) for m in sorted(found.matches, key=lambda m: m.start)],
        )
    )
    note = f"passages of at least 12 characters; searched: {where}, {known.size / 1e6:.1f} MB"
    truth("lineage(text, index)", (len(found.matches),), note, code)
    facts(found, known)
    what_you_see(
        "Marked is what stands **word for word** in a document that the model was trained on. A sentence without a "
        "mark is new, which says nothing about whether it is true. We can say that too, because every fact of Tinyland "
        f"is known, and so is whether any document states it.{'' if known.is_whole else PART}"
    )
    if causes:
        is_it_a_cause(text, found.matches, known)


def passages(text: str, matches: list[Match], known: Index, where: str, key: str) -> None:
    """The text with its passages, beside a document in which one of them stands."""
    if not matches:
        st.markdown(f"No passage of this text stands anywhere in {where}.")
        return
    covered = sum(match.end - match.start for match in matches)
    longest = matches[0]
    st.markdown(
        f"**{percent(covered / len(text))}** of the text stands word for word somewhere in {where}. The longest "
        f"passage has {longest.end - longest.start:,} characters."
    )
    shown = {f"{text[m.start : m.end]}": m for m in matches[:FEW]}
    chosen = st.selectbox("A passage", list(shown), key=f"{key}_passage", format_func=_short)
    match = shown.get(chosen, longest)
    number = match.places[0]
    document = known.document(number)
    at = document.find(text[match.start : match.end])
    there = [("same", document[:at]), ("where it stands", document[at : at + match.end - match.start]),
             ("same", document[at + match.end - match.start :])]  # fmt: skip
    times = "once" if match.count == 1 else f"{match.count:,} times"
    stands = f"The passage stands {times} in what was searched"
    header = {
        "title": "The text and where its passages stand",
        "height": 170,
        "legend": [["marked", "stands in the training text"]],
        "columns": [
            {"title": "The text", "note": f"{len(text):,} characters", "pieces": pieces(text, matches)},
            {"title": f"Document {number:,} of the training text", "note": f"{stands}.",
             "pieces": [piece for piece in there if piece[1]]},
        ],
    }  # fmt: skip
    _passages(key=f"{key}_passages", data=pack(header))


def pieces(text: str, matches: list[Match]) -> list[tuple[str, str]]:
    """The text cut where passages begin and end."""
    found, end = list[tuple[str, str]](), 0
    for match in sorted(matches, key=lambda m: m.start):
        times = "once" if match.count == 1 else f"{match.count:,} times"
        found += [("same", text[end : match.start]), (f"stands {times}", text[match.start : match.end])]
        end = match.end
    return [piece for piece in [*found, ("same", text[end:])] if piece[1]]


def _short(passage: str) -> str:
    words = " ".join(passage.split())
    return words if len(words) <= 70 else f"{words[:68]} …"


def facts(found: Found, known: Index) -> None:
    """What the text says about the world, and whether that is so."""
    words = VERDICTS | ({"elsewhere": "true, stated in no document"} if known.is_whole else {})
    if not found.facts:
        st.markdown("It states no fact about the world of Tinyland that could be true or false.")
        return
    st.dataframe(
        {
            "it says": [f"{subject}, {relation}: {value}" for subject, relation, value, _, _ in found.facts],
            "verdict": [words.get(verdict) or untrue(true) for *_, verdict, true in found.facts],
        },
        hide_index=True, width="stretch",
    )  # fmt: skip


def untrue(truth: str) -> str:
    """A verdict that says how it is, where the world knows."""
    return f"false: it is {truth}" if truth else "false"
