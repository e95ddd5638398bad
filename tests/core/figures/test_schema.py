"""Every figure is plain data that plotly accepts, and says in JSON what it says in Python."""

import base64
import inspect
import json
import subprocess
import sys

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core import figures
from core.figures.encode import to_json
from core.figures.layout import Panel, grid
from core.figures.palette import DARK, ROLES
from core.model import checkpoint_folder
from core.training.disk.rows import read_rows
from tests.core.figures.examples import EXAMPLES, LABELS, PATTERN, ROWS, drawn


@pytest.mark.parametrize("name", EXAMPLES)
def test_plotly_accepts_every_figure(name):
    figure = EXAMPLES[name]()
    assert type(figure) is dict and set(figure) == {"data", "layout"}
    drawn(figure)


def test_every_figure_has_an_example():
    found = {
        f"{name}.{function.__name__}"
        for name in figures.__all__
        if inspect.ismodule(module := getattr(figures, name))
        for _, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ != "core.figures.layout"
        and function.__annotations__.get("return") is figures.Figure
        and not function.__name__.startswith("_")
    }
    assert found == set(EXAMPLES)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_json_says_the_same(name):
    """plotly reads the packed figure as it reads the dict: the same traces and layout, to the last digit."""
    figure = EXAMPLES[name]()
    packed = json.loads(to_json(figure), parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert plain(drawn(packed)) == plain(drawn(figure))


def read(spec: dict) -> np.ndarray:
    """An array from plotly's base64, as its documentation has it."""
    array = np.frombuffer(base64.b64decode(spec["bdata"]), spec["dtype"])
    return array.reshape([int(n) for n in spec["shape"].split(",")]) if "shape" in spec else array


def plain(shown: go.Figure) -> dict:
    """A figure as lists, where NaN and None are one."""

    def listed(value):
        if isinstance(value, dict):
            return listed(read(value)) if "bdata" in value else {key: listed(item) for key, item in value.items()}
        if isinstance(value, np.ndarray | list | tuple):
            return [listed(item) for item in value]
        if isinstance(value, float | np.floating):
            return float(value) if np.isfinite(value) else None
        return value.item() if isinstance(value, np.generic) else value

    return listed(shown.to_plotly_json())


numbers = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.int32, np.uint8, np.bool_]),
    hnp.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=5),
)


@pytest.mark.slow
@given(numbers)
def test_arrays_come_back_as_they_were(array):
    sent = json.loads(to_json({"data": [{"type": "heatmap", "z": array}], "layout": {}}))["data"][0]["z"]
    back = read(sent) if isinstance(sent, dict) else sent  # nothing, or true and false
    assert np.array_equal(np.asarray(back, dtype=float).ravel(), array.astype(float).ravel(), equal_nan=True)


def test_what_is_no_number_is_null_in_lists():
    sent = json.loads(
        to_json({"data": [{"y": [1.0, float("nan"), np.float32("inf"), (float("-inf"),)]}], "layout": {}})
    )
    assert sent["data"][0]["y"] == [1.0, None, None, [None]]
    with pytest.raises(TypeError):
        to_json({"data": [object()], "layout": {}})


@given(st.integers(1, 30), st.integers(1, 6))
def test_panels_fill_the_figure_without_touching(count, columns):
    panels = grid(count, columns, (0.02, 0.01))
    assert [panel.number for panel in panels] == list(range(1, count + 1))
    assert all(0 <= low < high <= 1 + 1e-9 for panel in panels for low, high in (panel.across, panel.up))

    def apart(a: Panel, b: Panel) -> bool:
        beside = a.across[1] < b.across[0] or b.across[1] < a.across[0]
        return beside or a.up[1] < b.up[0] or b.up[1] < a.up[0]

    assert all(apart(a, b) for a in panels for b in panels if a is not b)
    assert panels[0].across[0] == 0 and panels[0].up[1] == 1


def test_panels_stand_where_plotly_puts_them():
    from plotly.subplots import make_subplots

    theirs = make_subplots(2, 3, horizontal_spacing=0.06, vertical_spacing=0.16).layout
    for panel in grid(6, 3, (0.06, 0.16)):
        axes = panel.axes({}, {})
        for name, spec in axes.items():
            assert spec["domain"] == pytest.approx(theirs[name].domain) and spec["anchor"] == theirs[name].anchor


@pytest.mark.parametrize(("weights", "count"), [(PATTERN[1, 2], 1), (PATTERN[1], 8), (PATTERN, 32)])
def test_a_pattern_shows_the_weights_and_hides_the_future(weights, count):
    traces = drawn(figures.attention.pattern(weights, LABELS, [3])).data
    assert len(traces) == count
    for trace, head in zip(traces, weights.reshape(-1, *weights.shape[-2:]), strict=True):
        z = np.asarray(trace.z)
        assert np.isnan(z[np.triu_indices(len(head), 1)]).all()
        assert np.array_equal(np.tril(np.nan_to_num(z)), np.tril(head))


def test_curves_hold_the_rows_that_have_the_number():
    loss, held_out = drawn(figures.training.curves(ROWS)).data
    assert list(loss.y) == [row["loss_per_token"] for row in ROWS] and list(held_out.x) == list(range(0, 300, 10))
    empty = drawn(figures.training.curves([{"step": 0}]))
    assert [len(trace.x) for trace in empty.data] == [0, 0]


def test_curves_of_the_shipped_life_have_its_losses_and_leave_out_what_feedback_makes_small():
    rows = read_rows(checkpoint_folder("tinyland") / "metrics.jsonl")
    shaped = {row["step"] for row in rows if row.get("statistics")}
    loss, held_out = drawn(figures.training.curves(rows)).data
    assert len(loss.x) > 100 and len(held_out.x) > 10 and shaped
    assert max(loss.x) == min(shaped) and max(held_out.x) == max(shaped)  # the step where feedback begins


def test_show_swaps_the_palette_in_the_dark():
    figure = {"data": [{"type": "bar", "y": [1], "marker": {"color": ROLES["token"]}}], "layout": {}}
    assert figures.show(figure, dark=True).data[0].marker.color == DARK["roles"]["token"]
    assert figures.show(figure).data[0].marker.color == ROLES["token"]
    assert figure["data"][0]["marker"]["color"] == ROLES["token"]
    with pytest.raises(ValueError):
        figures.show({"data": [{"type": "bar", "colour": "red"}], "layout": {}})


def test_figures_are_built_without_plotly_pandas_or_torch():
    code = (
        "import sys, numpy as np; from core import figures; "
        "figures.to_json(figures.attention.pattern(np.eye(3), ['a', 'b', 'c'])); "
        "assert not {'plotly', 'pandas', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
