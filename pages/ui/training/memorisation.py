"""The memorisation meter: the longest passage of each sample that the training text holds word for word."""

from collections.abc import Mapping
from functools import lru_cache

import streamlit as st

from core import jobs
from core.figures import training as figures
from core.lab.memorisation import Overlap, longest_overlap
from pages.ui import components
from pages.ui.caption import truth
from pages.ui.code import Code
from pages.ui.training.curves import metrics


@lru_cache(maxsize=512)
def _overlap(written: str, text: str) -> Overlap:
    return longest_overlap(written, text)


def memorisation(runs: Mapping[str, str], text: str, key: str) -> None:
    """The meter of runs (id -> what to call it) that learned from `text`; and the passage of the first one."""
    lines, last = {}, None
    for run, label in runs.items():
        rows = [row for row in metrics(jobs.run_folder(run)) if isinstance(row.get("sample"), str)]
        found = [_overlap(row["sample"], text) for row in rows]
        lines[label] = ([row["step"] for row in rows], [overlap.length for overlap in found])
        last = last or (found[-1] if found else None)
    if not last:
        return
    st.markdown("### How much it knows by heart")
    components.plot(figures.memorisation(lines), key=key, height=200, title="Longest passage repeated word for word")
    first = next(iter(runs))
    code = Code().with_import("core.lab.memorisation", "longest_overlap").with_import("core.model", "checkpoint_folder")
    code = code.with_import("core.training.disk.rows", "read_rows").then(
        f"text = (checkpoint_folder({first!r}) / 'corpus.txt').read_text(encoding='utf-8')",
        f"rows = [read_rows(checkpoint_folder(run) / 'metrics.jsonl') for run in {list(runs)}]",
    )
    call = "[longest_overlap(row['sample'], text).length for row in run if 'sample' in row]"
    code = code.gives(f"[{call} for run in rows]", [lengths for _, lengths in lines.values()])
    truth(
        "longest_overlap(sample, text)",
        (sum(len(lengths) for _, lengths in lines.values()),),
        f"counted in a sample of 80 tokens at each step; the text has {len(text):,} characters, held-out end included",
        code,
    )
    st.caption("The longest passage of the last sample that stands in the training text:")
    st.code(last.passage, language=None, wrap_lines=True)
