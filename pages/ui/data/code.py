"""The Python that runs the pipeline on show: the head of every "Show code" of the page."""

from core.data.report import Report
from pages.ui.code import Code


def report_code(report: Report) -> Code:
    """`report`, made again. A visitor's files are read from where they are."""
    plan = report.plan.to_dict()
    code = Code().with_import("core.data.plan", "Plan").with_import("core.data.build", "refine")
    if report.labelled:
        return code.with_lines(f"report = refine(Plan.from_dict({plan}))")
    return (
        code.with_import("core.data.build", "read_files")
        .with_lines('files = read_files(["your file.txt"])')
        .with_lines(f"report = refine(Plan.from_dict({plan}), files)")
    )
