"""Rows of metrics.jsonl: old names upgraded, damaged ones left out, and no number in JSON that is none."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.files import finite_json
from core.model.folders import SHIPPED
from core.training.disk.rows import FITS, OLD_NAMES, RowWriter, as_row, last_row, new_rows, read_rows

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from([*FITS, *OLD_NAMES])


def test_rows_of_the_shipped_run_are_read_under_the_names_of_today():
    path = SHIPPED / "tinyland" / "metrics.jsonl"
    old, new = [json.loads(line) for line in path.read_text().splitlines()], read_rows(path)
    assert len(old) == len(new)
    for was, row in zip(old, new, strict=True):
        if "val_loss" not in was:
            continue
        assert row["val_loss_per_token"] == was["val_loss"] and row["floor_per_document"] == was["floor"]
        per_document = was["val_document_loss"] / was["val_loss"]  # tokens of a document
        assert row["floor_per_token"] * per_document == pytest.approx(was["floor"])
        for kind, (loss, floor, count) in was["by_kind"].items():
            assert row["by_kind"][kind] == {
                "loss_per_document": loss, "floor_per_document": floor, "documents": count
            }  # fmt: skip
    assert last_row(path) == new[-1] and new_rows(path, 0)[0] == new


@pytest.mark.slow
@given(st.dictionaries(NAMES, JSON))
def test_any_json_gives_a_row_that_fits_or_none(values):
    row = as_row(json.loads(json.dumps(values)))
    assert row is None or all(FITS[name](value) for name, value in row.items())
    assert as_row(row) == row, "an upgraded row stays as it is"
    json.dumps(row, allow_nan=False)


@pytest.mark.slow
@given(JSON)
def test_written_json_has_no_number_that_is_none(value):
    def refuse(name: str) -> None:
        raise AssertionError(name)

    json.loads(finite_json(value), parse_constant=refuse)


def test_the_writer_gives_back_what_readers_find(tmp_path):
    writer = RowWriter(tmp_path)
    told = [writer.write({"step": 0, "loss_per_token": math.inf, "update_ratio": {"embed": math.nan}, "lr": 0.1})]
    told.append(writer.write({"step": 1, "loss_per_token": 2.0}))
    writer.close()
    assert told == read_rows(tmp_path / "metrics.jsonl") == [{"step": 0, "lr": 0.1}, {"step": 1, "loss_per_token": 2.0}]
    assert json.loads((tmp_path / "metrics.jsonl").read_text().splitlines()[0])["loss_per_token"] is None
