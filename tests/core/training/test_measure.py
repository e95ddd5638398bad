"""The precision that "auto" stands for."""

import pytest
import torch

from core.training.costs import measure


@pytest.mark.parametrize(("short", "full", "expected"), [(2e9, 82e9, torch.float32), (4e11, 2e11, torch.bfloat16)])
def test_auto_is_the_faster_of_two_precisions(monkeypatch, short, full, expected):
    speeds = {torch.bfloat16: short, torch.float32: full}
    monkeypatch.setattr(measure, "product_seconds", lambda square: 1 / speeds[square.dtype])
    measure.working_dtype.cache_clear()
    try:
        assert measure.working_dtype("auto") == expected
        assert measure.working_dtype("float32") == torch.float32 and measure.working_dtype("bfloat16") == torch.bfloat16
    finally:
        measure.working_dtype.cache_clear()
