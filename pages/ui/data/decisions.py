"""One stage: its settings, why it dropped or changed what, how often it was right, and examples with what changed."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.data.diff import diff, mark_spans
from core.data.report import Made, Report
from core.data.score import Rate
from core.data.stage import Knob
from core.data.stages import STAGES
from core.figures import data as figures
from pages.ui import components, near
from pages.ui.caption import truth
from pages.ui.components import component, pack
from pages.ui.data import making, settings
from pages.ui.data.code import report_code
from pages.ui.data.names import KINDS, kind_of
from pages.ui.data.stage import opened_stage
from pages.ui.literal import literal

_passages = component("passages")
LABELS = {
    "own": "dropped, rightly",
    "other": "dropped, for another defect",
    "fine": "dropped, but fine",
    "missed": "missed",
    "changed": "changed",
}
PLAIN = {"fine": "dropped", "changed": "changed"}  # of files that nobody has labelled
MARKED = ["marked", "labelled by the crawl"]
FEW = 6  # reasons that the figure shows


def decisions() -> None:
    key = opened_stage()
    st.selectbox(
        "Stage", list(STAGES), list(STAGES).index(key), format_func=lambda k: STAGES[k].name, key="data_stage_box",
        on_change=_open, width=320,
    )  # fmt: skip
    st.markdown(STAGES[key].purpose)
    tuning(key)
    found = making.corpus_on_show()
    made = found[1].stage(key) if found else None
    if found is None or made is None:
        st.info("This stage was switched off, or nothing has been run yet. Press Run above.")
        return
    report = found[1]
    counts(made, report)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        why(made, report)
    if report.labelled:
        with right:
            how_often_right(made, report)
    examples(made, report)


def _open() -> None:
    near.update(stage_open=st.session_state["data_stage_box"])


def tuning(key: str) -> None:
    """The knobs of the stage, each a control of what a link calls `tuned`."""
    knobs = STAGES[key].knobs
    if not knobs:
        st.caption("This stage has nothing to set.")
        return
    for start in range(0, len(knobs), 3):
        for column, knob in zip(st.columns(3, gap="medium"), knobs[start : start + 3], strict=False):
            with column:
                control(key, knob)


def control(key: str, knob: Knob) -> None:
    name = f"knob_{key}_{knob.name}"
    value = st.session_state[name] = settings.value_of(key, knob)

    def changed() -> None:
        settings.tune(key, knob.name, st.session_state[name])

    if isinstance(value, bool):
        st.toggle(knob.title, key=name, on_change=changed)
    elif isinstance(value, str):
        st.segmented_control(knob.title, knob.options, key=name, on_change=changed, required=True, wrap=True)
    elif isinstance(value, int):
        st.slider(knob.title, int(knob.low), int(knob.high), step=int(knob.step), key=name, on_change=changed)
    else:
        st.slider(knob.title, float(knob.low), float(knob.high), step=float(knob.step), key=name, on_change=changed)


def counts(made: Made, report: Report) -> None:
    """The figures of the stage, in a line."""
    said = [
        f"**{made.seen.documents:,}** documents in",
        f"**{made.dropped:,}** dropped",
        f"**{made.changed:,}** changed",
        f"**{made.seconds:.2f} s**",
    ]
    if report.labelled:
        said.insert(2, f"**{made.verdicts.get('fine', 0):,}** of them though nothing was the matter")
    st.markdown(" · ".join(said))


def why(made: Made, report: Report) -> None:
    """The reasons, the most frequent first."""
    st.markdown("**Why**")
    found = made.reasons or made.steps
    if not found:
        st.caption("It dropped nothing, and gives no reasons for what it changed.")
        return
    kinds = {name: kind_of(name) for name in found}
    most = dict(sorted(found.items(), key=lambda item: -item[1])[:FEW])
    figure = figures.reasons([kinds[name] for name in most], list(most.values()))
    height = 24 + figures.ROW * len(most)
    components.plot(figure, key="data_reasons", height=height, title=f"Reasons of the stage {made.name}")
    what = "documents dropped" if made.reasons else "changes"
    code = report_code(report).gives(f"report.stage({made.key!r}).{'reasons' if made.reasons else 'steps'}", found)
    rest = f"; {len(found) - len(most)} rarer reasons are not drawn" if len(found) > len(most) else ""
    truth("report.stage(…).reasons", (len(found),), f"{what}, counted by the reason that the stage gave{rest}", code)


def interval(rate: Rate) -> tuple[float, float, float]:
    return (rate.value if rate.total else 0.0, *rate.interval)


def how_often_right(made: Made, report: Report) -> None:
    """Precision, and recall for each kind of label, with 95 % intervals."""
    st.markdown("**How often is it right?**")
    rows = [("precision: its own defects", made.precision)]
    if made.dropped:
        rows.append(("precision: any defect", made.lenient))
    order = sorted(made.labelled, key=lambda kind: -made.labelled[kind])
    rows += [(f"recall: {KINDS.get(kind, kind)}", made.recall_of(kind)) for kind in order]
    rows = [(name, rate) for name, rate in rows if rate.total]
    if not rows:
        st.caption("No label says what this stage should do: it only tidies.")
        return
    figure = figures.rates(
        [name for name, _ in rows], [interval(rate) for _, rate in rows],
        [f"{rate.hits:,} of {rate.total:,}" for _, rate in rows],
    )  # fmt: skip
    height = 40 + figures.ROW * len(rows)
    components.plot(figure, key="data_rates", height=height, title=f"Precision and recall of {made.name}")
    code = report_code(report).with_lines(f"made = report.stage({made.key!r})")
    code = code.gives("made.precision, made.recall", (made.precision, made.recall))
    note = "decisions against the labels of the crawl, on the documents that reached the stage; Wilson's 95 % intervals"
    truth("made.precision, made.recall", (len(rows),), note, code)


# ---- examples ----


def examples(made: Made, report: Report) -> None:
    """A browser of decisions: which kind, which one, its text and what became of it."""
    names = LABELS if report.labelled else PLAIN
    found = {verdict: [one for one in made.examples if one["verdict"] == verdict] for verdict in names}
    found = {verdict: some for verdict, some in found.items() if some}
    st.markdown("**Examples**")
    if not found:
        st.caption("There are none: this stage left every document as it was.")
        return
    first, second = st.columns([3, 2], gap="medium", vertical_alignment="bottom")
    if st.session_state.get("data_verdict") not in found:
        st.session_state["data_verdict"] = "fine" if "fine" in found else next(iter(found))

    def words(verdict: str) -> str:
        total = made.verdicts.get(verdict, 0)
        return f"{names[verdict]} ({total:,})"

    with first:
        verdict = st.segmented_control(
            "What became of them", list(found), key="data_verdict", format_func=words, required=True, wrap=True
        )
    some = found[verdict or next(iter(found))]
    key = f"data_example_{made.key}_{verdict}"
    number = min(int(st.session_state.get(key, 1)), len(some))
    with second:
        if len(some) > 1:
            st.session_state[key] = number
            number = st.slider("Example", 1, len(some), key=key)
    one = some[number - 1]
    st.caption(about(one, report))
    header = {"title": "An example", **columns(one, report)}
    _passages(key="data_passages", data=pack(header))


def about(one: dict[str, Any], report: Report) -> str:
    """What the stage said, and what the labels say."""
    where = (
        f"Page {one['id']:,} of the crawl" if report.labelled else f"Document {one['id']:,} from {literal(one['file'])}"
    )
    said = f"{where}, {one['length']:,} characters. "
    if one["after"] is None:
        said += f"Dropped: {literal(kind_of(one['reason']))}{_detail(one['detail'])}. "
    else:
        said += "Kept. "
    if report.labelled:
        kinds = [KINDS.get(kind, kind) for kind in one["labels"]]
        said += f"Labels: {', '.join(kinds)}." if kinds else "Labels: nothing is the matter with it."
    return said


def _detail(detail: str) -> str:
    return f" ({literal(detail)})" if detail else ""


def columns(one: dict[str, Any], report: Report) -> dict[str, Any]:
    """Before and after with what changed, or, of what was dropped, the text with what is labelled in it."""
    cut = ", its beginning" if one["length"] > len(one["before"]) else ""
    spans = [(KINDS.get(kind, kind), shown) for kind, shown, _ in one["spans"]]
    after = one["after"]
    if after is None or after == one["before"]:
        beside = _twin(one, report)
        pieces = mark_spans(one["before"], spans if beside is None else [])
        title = "The text as the stage read it" + cut
        if beside is None:
            legend = [MARKED] if any(kind != "same" for kind, _ in pieces) else []
            return {"columns": [_column(title, "", pieces)], "legend": legend}
        twin, which = beside
        changes = diff(twin, one["before"])
        return {
            "columns": [
                _column(f"{which}, which was kept", "", [p for p in changes if p[0] != "new"]),
                _column(title, "", [p for p in changes if p[0] != "gone"]),
            ],
            "legend": [["gone", "only there"], ["new", "only here"]],
        }
    if "<html" in one["before"][:200].lower():  # of markup nobody wants to read a diff: it is left out, all of it
        return {
            "columns": [_column("Before" + cut, "the page as it was fetched", mark_spans(one["before"], [])),
                        _column("After", "the text that was found in it", mark_spans(after, spans))],
            "legend": [MARKED] if spans else [],
        }  # fmt: skip
    changes = diff(one["before"], after)
    steps = sorted({how for _, _, how in one["changes"] if how})
    return {
        "columns": [
            _column("Before" + cut, "", [p for p in changes if p[0] != "new"]),
            _column("After", "; ".join(map(kind_of, steps[:4])), [p for p in changes if p[0] != "gone"]),
        ],
        "legend": [["gone", "taken out"], ["new", "put in"]],
    }


def _column(title: str, note: str, pieces: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {"title": title, "note": note, "pieces": [list(piece) for piece in pieces]}


def _twin(one: dict[str, Any], report: Report) -> tuple[str, str] | None:
    """The text that this one repeats, where the stage named it and the report has it."""
    twin = one.get("twin")
    if twin is None:
        return None
    return str(twin["text"]), f"{'Page' if report.labelled else 'Document'} {twin['id']:,}"
