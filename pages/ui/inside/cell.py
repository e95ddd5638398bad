"""The arithmetic of the cell that is kept: every product, every step, and the check against the trace."""

import numpy as np
import streamlit as st

from core.figures import inside as figures
from pages.ui import cache, components, state
from pages.ui.caption import truth
from pages.ui.inside.stream import kept_cell, open_block
from pages.ui.view import View

LARGEST = 12  # products that are drawn; the others are in the sum


def arithmetic(view: View) -> None:
    """Nothing until a cell is kept; then its inputs and the steps from them to its value."""
    found = kept_cell(view)
    layer = open_block(view)
    if found is None or layer is None:
        return
    name, index, cell = found
    place = ", ".join(map(str, index))
    with st.container(border=True):
        top, close = st.columns([8, 1])
        top.markdown(f"**The arithmetic of `{name}[{place}]` in block {layer}, position {view.focus}**")
        close.button("Close", key="cell_close", on_click=state.update, kwargs={"cell": ""}, type="tertiary")
        left, right = st.columns([5, 6], gap="medium")
        with left:
            st.markdown(f"`{cell.formula}`")
            rows = [(what, f"{value:.6f}".replace("-", "−")) for what, value in cell.steps]
            rows.append(("the model's own number", f"{cell.value:.6f}".replace("-", "−")))
            st.table({"step": [row[0] for row in rows], "result": [row[1] for row in rows]}, hide_index=True)
        with right:
            products = (cell.inputs * cell.weights).numpy()
            order = np.argsort(-np.abs(products), kind="stable")[:LARGEST]
            st.caption(f"Inputs: {cell.kind}. The {len(order)} largest of {len(products):,} products.")
            inputs, weights = cell.inputs.numpy(), cell.weights.numpy()
            hovers = [f"{inputs[i]:.4f} × {weights[i]:.4f} = {products[i]:.4f}".replace("-", "−") for i in order]
            names = [f"{i}: {inputs[i]:.2f} × {weights[i]:.2f}".replace("-", "−") for i in order]
            figure = figures.ranked_bars(names, products[order].tolist(), hovers)
            components.plot(figure, key="products", height=60 + 24 * len(order), title="The largest products")
        code = view.code.with_import("core.analysis.stream.cells", "explain")
        code = code.then(f"cell = explain(checkpoint.model, trace, {name!r}, {layer}, {view.focus}, {index})")
        shown = "cell.inputs, cell.weights, cell.steps, cell.value"
        code = code.gives(shown, (cell.inputs, cell.weights, cell.steps, cell.value))
        note = f"recomputed in float64; differs from the trace by {abs(cell.result - cell.value):.0e}"
        if cache.active(view.name):
            note += ", by rounding and by your changes inside the model"
        truth("explain(model, trace, …)", (), note, code)
