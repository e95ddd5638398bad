"""What is left at the end of each defect, and how many decoys were taken for what they look like."""

import streamlit as st

from core.data.report import GROUPS, Report
from core.data.stages import STAGES
from core.figures import data as figures
from core.figures.labels import percent
from pages.ui import components
from pages.ui.caption import truth
from pages.ui.data import making
from pages.ui.data.code import report_code
from pages.ui.data.names import KINDS

APART = frozenset({"decoy"}).union(*GROUPS.values())  # no defect; or shown as part of a group
NAMES = {name: words for name, words in KINDS.items() if name not in APART} | {
    "any mojibake": "mojibake of any kind",
    "any contact": "contact details",
    "any menu or script": "a menu or a script",
}


def what_is_left() -> None:
    found = making.corpus_on_show()
    if found is None:
        st.info("Nothing has been run yet. Press Run above.")
        return
    report = found[1]
    if not report.labelled:
        st.info(
            "Nobody has labelled your files, so nobody can say what is wrong with what is left of them. Our crawl is "
            "labelled: run the same stages on it, and see what they miss."
        )
        return
    shares(report)
    decoys(report)


def shares(report: Report) -> None:
    raw, kept = report.raw.documents, max(report.left.documents, 1)
    rows = [(words, report.before.get(name, 0), report.after.get(name, 0)) for name, words in NAMES.items()]
    rows = sorted((row for row in rows if row[1]), key=lambda row: (-row[2], -row[1]))
    figure = figures.defects(
        [name for name, _, _ in rows],
        [before / raw for _, before, _ in rows],
        [after / kept for _, _, after in rows],
        [f"{before:,} → {after:,}" for _, before, after in rows],
    )
    height = 60 + figures.ROW * len(rows)
    components.plot(figure, key="data_defects", height=height, title="Share of each defect, before and after")
    code = report_code(report).gives("report.before, report.after", (report.before, report.after))
    note = "pages with each defect, of all raw pages and of all that are left; behind them the numbers of pages"
    truth("report.before, report.after", (len(rows),), note, code)
    through = [name for name, _, after in rows if after][:3]
    if through:
        st.markdown(
            f"What gets through most: **{', '.join(through)}**. A rule removes what is easy to describe; a paraphrase, "
            "a translation or a rude sentence looks like any other text."
        )


def decoys(report: Report) -> None:
    """Numbers that look personal and are not."""
    made = report.stage("personal")
    if made is None or not made.right + made.wrong:
        return
    total, wrong, stage = made.right + made.wrong, made.wrong, STAGES["personal"].name
    st.caption(
        f"Decoys: {report.before.get('decoy', 0):,} raw pages hold a number that only looks personal, such as that of "
        f"an order. Of {total:,} replacements by the stage “{stage}”, {wrong:,} hit one of these or other harmless "
        f"text ({percent(wrong / total)})."
    )
