"""How the chosen model learned, step by step, and a place to train a small one."""

import streamlit as st

from pages.ui import components, state
from pages.ui.caption import page_header, truth, try_it, what_you_see
from pages.ui.runs import curves, live, metrics
from pages.ui.view import View, current


def life(view: View) -> None:
    rows = metrics(view.checkpoint.folder)
    if not any(row.get("val_loss") is not None for row in rows):
        st.info("The training of this model left no record here. Choose another in the sidebar, or train one below.")
        return
    steps = view.checkpoint.steps
    log = st.toggle("Logarithmic steps", value=True, key="training_log", persist_state="session")
    code = f"rows = read_rows(load_checkpoint({view.name!r}).folder / 'metrics.jsonl')\n"
    code = "from core.model import load_checkpoint\n\n" + code

    def to_snapshot(event: components.PlotEvent) -> None:
        if isinstance(event.x, (int, float)):
            state.update(step=min(steps, key=lambda step: abs(step - event.x)))

    curves(rows, code, "life", log, view.step, to_snapshot)
    samples = [row for row in rows if isinstance(row.get("sample"), str)]
    if samples:
        row = min(samples, key=lambda row: abs(row["step"] - view.step))
        st.markdown(f"##### What the model wrote at step {row['step']:,}, asked for nothing")
        st.code(row["sample"], language=None, wrap_lines=True)
        truth("row['sample']", (), "temperature 0.8, the same random draws at every evaluation")
    what_you_see(
        "The **loss** is how surprised the model is by each next token, in *nats*: 0 is certainty. It is measured on "
        "the documents it trains on and on **held-out** ones that it never trains on. The dashed **entropy floor** is "
        "the surprise left to a reader who knows exactly how the documents are made, so what lies between is "
        "what is still to be learned. Click a curve to move every page to the nearest kept step."
    )
    scored = [row for row in rows if row.get("floor") and row.get("val_document_loss")]
    if scored:
        last = scored[-1]
        loss, floor = last["val_document_loss"], last["floor"]
        try_it(
            "With far more training, could the loss fall to 0?",
            "No. The documents are partly chance: which name, which colour. Their own author would still be surprised "
            f"by {floor:.1f} nats in each. At step {last['step']:,} the model stands at {loss:.1f}.",
            label="Go to the last step",
            key="training_floor",
            update={"step": steps[-1]},
        )


page_header("How did the model learn?", "By being wrong, a little less each time.")
life(current())
live()
