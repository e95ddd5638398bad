"""The stage of the data page: where the documents come from, the stages as a funnel, and what came out at the end."""

from typing import Any

import streamlit as st

from core.data.report import Made, Report
from core.data.stage import Size
from core.data.stages import STAGES
from core.figures.labels import percent
from pages.ui import near, state
from pages.ui.caption import truth, what_you_see
from pages.ui.components import Event, component, pack
from pages.ui.data import making, settings
from pages.ui.data.code import report_code

_pipeline = component("pipeline")
LEGEND = (
    ("kept", "kept"), ("own", "dropped, for what the stage is there for"),
    ("other", "dropped, for another defect"), ("fine", "dropped, though nothing was the matter"),
)  # fmt: skip
FILES = 8  # lines of files that need no scrolling
PLAIN = (("kept", "kept"), ("gone", "dropped or taken out"))


def pipeline() -> None:
    where()
    making.open_page()
    found = making.corpus_on_show()
    plan = settings.plan()
    making.controls(plan, bool(found and making.is_stale(found[1])), found is None)
    report = found[1] if found else None
    if report:
        headline(report)
    funnel(report)
    if report is None:
        return
    sizes = [report.raw, *(made.kept for made in report.stages)]
    documents = [size.documents for size in sizes]
    took = sum(made.seconds for made in report.stages)
    note = f"{len(report.kept):,} of {report.raw.documents:,} documents are left; the stages took {took:.1f} s"
    labelled = "; the labels of the crawl say which should be" if report.labelled else ""
    code = report_code(report).gives("[made.kept.documents for made in report.stages]", documents[1:])
    truth("report.stages", (len(report.stages),), note + labelled, code)
    what_you_see(
        "Each row is a **stage**: it reads every document that the stages above have kept, and keeps it, changes it or "
        "drops it. Our crawl is made of Tinyland, and every defect in it is labelled, so that we can say of each "
        "decision whether it was right: :green[green] pages should go, :orange[orange] ones should have stayed. "
        "Switch a stage off, move it, or press its name to see below what it did."
    )


def where() -> None:
    """The controls of the source, and of what is counted."""
    first, second, third = st.columns([4, 5, 4], gap="medium", vertical_alignment="bottom")
    with first:
        st.segmented_control(
            "Documents from", required=True, on_change=near.follow, wrap=True, **state.control("documents_from")
        )
    with second:
        if state.get("documents_from") == settings.OURS:
            st.select_slider("Pages of the crawl", on_change=near.follow, **state.control("crawl_pages"))
    with third:
        st.segmented_control("Count", required=True, wrap=True, **state.control("measure"))
    if state.get("documents_from") == settings.YOURS:
        upload()


def upload() -> None:
    """The uploader, and what became of each file of the last run."""
    st.file_uploader(
        "Up to 20 MB of txt, md, html, jsonl, csv files, or zips of these. They stay on this server, and are removed a "
        "day after you last looked at them.",
        accept_multiple_files=True, key=settings.UPLOAD, on_change=settings.keep_files, max_upload_size=20,
    )  # fmt: skip
    files = settings.own_files()
    if files and not st.session_state.get(settings.UPLOAD):
        st.text(f"Chosen before: {', '.join(name for name, _ in files)}")
    found = making.corpus_on_show()
    if found and found[1].files and not making.is_stale(found[1]):
        read = found[1].files
        said = sum(bool(file["note"]) for file in read)
        with st.container(height=260 if len(read) > FILES else "content", border=False):
            st.text("\n".join(map(of_file, read)))
        if said:
            st.caption(f"{said} of {len(read)} files were not read, or not as they are: their lines say why.")


def of_file(read: dict[str, Any]) -> str:
    """What became of a file, as a line."""
    count = f"{read['documents']:,} document{'' if read['documents'] == 1 else 's'}"
    return f"{read['name']}: {count}, {read['bytes']:,} bytes{'. ' if read['note'] else ''}{read['note']}"


def headline(report: Report) -> None:
    """What came out, in one sentence."""
    left, raw = report.left, report.raw
    words = (
        f"Of **{raw.documents:,}** raw documents **{left.documents:,}** are left: {amount(left.bytes)} of "
        f"{amount(raw.bytes)}, {left.tokens:,} of {raw.tokens:,} words."
    )
    if report.labelled:
        lost = sum(made.verdicts.get("fine", 0) for made in report.stages)
        many = "page was" if lost == 1 else "pages were"
        words += f" **{lost:,}** {many} thrown away though nothing was the matter."
    st.markdown(words)


def amount(size: int) -> str:
    return f"{size / 1e6:.2f} MB" if size >= 10_000 else f"{size:,} bytes"


def funnel(report: Report | None) -> None:
    now = settings.setup()
    opened = opened_stage()
    rows = [raw_row(report.raw if report else None)]
    rows += [row(key, key not in now.off, report) for key in now.order]

    def on_open(event: Event) -> None:
        if event.get("key") in STAGES:
            near.update(stage_open=event["key"])

    header = {
        "title": "Stages of the pipeline, in order",
        "rows": rows,
        "open": opened,
        "stale": bool(report and making.is_stale(report)),
        "legend": [{"role": role, "words": words} for role, words in legend(report)],
    }
    _pipeline(
        key="pipeline_rows", data=pack(header), on_arrange_change=settings.arrange, on_open_change=on_open,
    )  # fmt: skip


def opened_stage() -> str:
    return str(state.get("stage_open")) if state.get("stage_open") in STAGES else "near"


def legend(report: Report | None) -> tuple[tuple[str, str], ...]:
    if report is None:
        return ()
    return LEGEND if report.labelled and state.get("measure") == "documents" else PLAIN


def measure_of(size: Size) -> int:
    return int(getattr(size, {"words": "tokens"}.get(state.get("measure"), state.get("measure"))))


def count_words(value: int) -> str:
    return amount(value) if state.get("measure") == "bytes" else f"{value:,} {state.get('measure')}"


def raw_row(raw: Size | None) -> dict[str, Any]:
    words = count_words(measure_of(raw)) if raw else ""
    parts = [{"role": "kept", "share": 1.0, "count": words}] if raw else []
    return {"key": "", "name": "what came in", "purpose": "", "on": True, "parts": parts, "words": words, "time": ""}


def row(key: str, on: bool, report: Report | None) -> dict[str, Any]:
    kind = STAGES[key]
    made = report.stage(key) if report else None
    about = {"key": key, "name": kind.name, "purpose": kind.purpose, "on": on, "parts": [], "words": "", "time": ""}
    if report is None or made is None:
        return about | {"words": "" if on else "off"}
    whole = max(measure_of(report.raw), 1)
    parts = [("kept", measure_of(made.kept)), *_dropped(made, report.labelled)]
    shares = [
        {"role": role, "share": count / whole, "count": f"{count_words(count)} {dict(LEGEND + PLAIN)[role]}"}
        for role, count in parts
        if count
    ]
    return about | {"parts": shares, "words": _words(made), "time": _time(made)}


def _dropped(made: Made, labelled: bool) -> list[tuple[str, int]]:
    if labelled and state.get("measure") == "documents":
        return [(role, made.verdicts.get(role, 0)) for role in ("own", "other", "fine")]
    return [("gone", max(measure_of(made.seen) - measure_of(made.kept), 0))]


def _words(made: Made) -> str:
    of = "" if state.get("measure") == "documents" else " documents"
    said = [f"−{made.dropped:,}{of}"] if made.dropped else []
    if made.changed:
        said.append(f"{made.changed:,} changed")
    fine = made.verdicts.get("fine", 0)
    if fine:
        said.append(f"{fine:,} of them fine")
    return ", ".join(said) or "nothing to do"


def _time(made: Made) -> str:
    return f"{made.seconds:.2f} s" if made.seconds >= 0.005 else "< 0.01 s"


def share_of(part: int, whole: int) -> str:
    return percent(part / whole) if whole else "none"
