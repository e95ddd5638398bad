"""The rows of metrics.jsonl, units in their names: what a run writes as it goes, and how anybody reads it again."""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypedDict, cast

from core.files import finite_json, write_atomically
from core.messages import without_folders

FILE = "metrics.jsonl"
TAIL = 1 << 17  # bytes from the end of a metrics file in which its last row lies


class KindLoss(TypedDict):
    """Held-out documents of one kind: means in nats per document, and how many there were."""

    loss_per_document: float
    floor_per_document: float
    documents: int


class Row(TypedDict, total=False):
    """One row. Losses are in nats; `step` counts updates and is always there, the others where they are known.

    loss_per_token: training, the mean since the last row. val_…: held out. floor_…: what the generator of the documents
    itself would score on them; per token only where every held-out token is its own. excess_error_per_document: the
    standard error of val_loss_per_document - floor_per_document. grad_norm (before clipping), update_ratio (by part of
    the model) and lr (of the main optimizer) are of the last update. seconds: of training so far; utilisation: part of
    the machine's peak. statistics: of preference tuning (see core.training.preference). event: "lr" (with `was`),
    "target_loss" or "patience" (set to `value`, or taken back), "fork" (message: what changed), "paused", "baselines".
    status: of the last row, "finished", "stopped" or "failed";
    message: why.
    """

    step: int
    tokens: int
    seconds: float
    flops: float
    loss_per_token: float
    val_loss_per_token: float
    val_loss_per_document: float
    floor_per_token: float
    floor_per_document: float
    excess_error_per_document: float
    by_kind: dict[str, KindLoss]
    sample: str
    grad_norm: float
    lr: float
    was: float
    value: float
    update_ratio: dict[str, float]
    tokens_per_second: float
    utilisation: float
    baselines_per_token: dict[str, float]
    counted_tokens: int
    tokens_per_sequence: float
    statistics: dict[str, float]
    event: str
    status: str
    message: str


@dataclass(frozen=True)
class Progress:
    """One row of metrics.jsonl. `status` is None until the last one: "finished", "stopped" or "failed"."""

    step: int
    steps: int
    row: Row
    status: str | None = None


class RowWriter:
    """Appends rows to the metrics file of a run, at once visible to readers."""

    def __init__(self, folder: Path, keep_until: int | None = None) -> None:
        """keep_until: go on after this step. Rows that a killed process wrote beyond it are dropped, for step 0, which
        evaluates again, all of them; pauses leave no trace. None: a new file, or all that is there."""
        path = folder / FILE
        if keep_until is not None:
            rows = [row for row in read_rows(path) if row["step"] <= keep_until and "status" not in row]
            kept = [row for row in rows if row.get("event") != "paused" and (keep_until or row.get("event") == "fork")]
            write_atomically(path, "".join(finite_json(row) + "\n" for row in kept).encode())
        self._file: IO[str] = open(path, "a", encoding="utf-8")  # noqa: SIM115

    def write(self, row: Row) -> Row:
        """Append `row`; returns it as a reader finds it, without the numbers that are none (null in the file)."""
        text = finite_json(row)
        self._file.write(text + "\n")
        self._file.flush()
        return cast(Row, as_row(json.loads(text)))

    def close(self) -> None:
        """Close the file; fails on a full disk, when a row is still to be written."""
        self._file.close()


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _text(value: object) -> bool:
    return isinstance(value, str)


def _numbers(value: object) -> bool:
    return isinstance(value, dict) and all(map(_number, value.values()))


def _kinds(value: object) -> bool:
    fields = KindLoss.__annotations__.keys()
    return isinstance(value, dict) and all(_numbers(one) and one.keys() == fields for one in value.values())


FITS: Mapping[str, Callable[[object], bool]] = dict.fromkeys(Row.__annotations__, _number) | {
    "step": _whole, "tokens": _whole, "counted_tokens": _whole, "sample": _text, "event": _text, "status": _text,
    "message": _text, "update_ratio": _numbers, "statistics": _numbers, "baselines_per_token": _numbers,
    "by_kind": _kinds,
}  # fmt: skip
OLD_NAMES = {
    "loss": "loss_per_token", "val_loss": "val_loss_per_token", "val_document_loss": "val_loss_per_document",
    "floor": "floor_per_document", "excess_error": "excess_error_per_document", "baselines": "baselines_per_token",
}  # fmt: skip

PAIRED = ("val_loss_per_token", "val_loss_per_document", "floor_per_document")


def upgrade(row: dict[str, Any]) -> dict[str, Any]:
    """A row of an earlier version, whose names had no units, under the names of today; others as they are."""
    if row.keys().isdisjoint(OLD_NAMES):
        return row
    new = {OLD_NAMES.get(name, name): value for name, value in row.items()}
    fields = tuple(KindLoss.__annotations__)
    if isinstance(kinds := new.get("by_kind"), dict):
        new["by_kind"] = {
            kind: dict(zip(fields, one, strict=False)) if isinstance(one, list) else one for kind, one in kinds.items()
        }
    token, document, floor = (new.get(name, 0) for name in PAIRED)
    if document and _numbers({"token": token, "document": document, "floor": floor}):
        new["floor_per_token"] = float(floor) * float(token) / float(document)
    return new


def as_row(value: object) -> Row | None:
    """A parsed line of a metrics file as a Row, without fields that are not what they should be and without the folders
    of this machine; None for no row."""
    if not isinstance(value, dict):
        return None
    row = {name: x for name, x in upgrade(value).items() if name in FITS and FITS[name](x)}
    if "message" in row:
        row["message"] = without_folders(row["message"])
    return cast(Row, row) if "step" in row else None


def _parse(lines: list[bytes]) -> list[Row]:
    """The rows of some lines; half a row, where the disk was full or a process was killed, is none."""
    rows = []
    for line in lines:
        with contextlib.suppress(ValueError, RecursionError):
            if (row := as_row(json.loads(line))) is not None:
                rows.append(row)
    return rows


def read_rows(path: Path) -> list[Row]:
    """All whole rows of a metrics file; none where there is no such file."""
    try:
        return _parse(path.read_bytes().splitlines())
    except OSError:
        return []


def column(rows: Sequence[Mapping[str, Any]], name: str) -> tuple[list[int], list[float]]:
    """The steps and numbers of the rows that have the number `name`. What preference tuning makes small is no loss of a
    text: its rows, which have `statistics`, have none for training."""
    known = (row for row in rows if not (name == "loss_per_token" and row.get("statistics")))
    kept = [(int(row["step"]), float(row[name])) for row in known if row.get(name) is not None]
    return [step for step, _ in kept], [value for _, value in kept]


def last_row(path: Path) -> Row:
    """The last whole row of a metrics file, found from its end; {} where there is none."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            lines = file.read().splitlines()
    except OSError:
        return {}
    for line in reversed(lines):
        if rows := _parse([line]):
            return rows[0]
    return {}


def new_rows(path: Path, offset: int) -> tuple[list[Row], int, int]:
    """The whole rows after byte `offset` (all of them when the file is shorter), the next offset, the file's number."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(offset if 0 <= offset <= size else 0)
            start_at, data, number = file.tell(), file.read(), os.fstat(file.fileno()).st_ino
    except OSError:
        return [], 0, 0
    data = data[: data.rfind(b"\n") + 1]
    return _parse(data.splitlines()), start_at + len(data), number
