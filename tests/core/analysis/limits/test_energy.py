"""The calculator against published figures, and the meter against counters of a folder made by hand."""

from dataclasses import replace

import pytest

from core.analysis.limits import energy, meter
from core.analysis.limits.energy import ACCELERATORS, ASSUMPTIONS, PUBLISHED, Constant, cost, training


def fixed(**values):
    return {
        name: Constant(c.title, v := values.get(name, c.value), v, v, c.unit, "") for name, c in ASSUMPTIONS.items()
    }


def test_gpt_3_as_patterson_and_others_reckon_it():
    """V100s at 24.6 TFLOPS and 330 W each, server included, PUE 1.10, 0.429 kg/kWh: 1,287 MWh and 552 t."""
    flops = training(175e9, 300e9)
    assert flops == pytest.approx(3.14e23, rel=0.01)
    found = cost(
        flops, replace(ACCELERATORS["V100"], watts=330), fixed(utilisation=24.6 / 125, server=1, pue=1.1, carbon=429)
    )
    assert found.kwh.value == pytest.approx(1_287_000, rel=0.01)
    assert found.co2_kg.value == pytest.approx(552_000, rel=0.01)


def test_llama_2_hours():
    found = cost(training(70e9, 2e12), ACCELERATORS["A100"], fixed(utilisation=0.435))
    assert found.hours.value == pytest.approx(1_720_320, rel=0.01)


def test_published_figures_lie_in_the_range():
    on = {"GPT-3": "V100", "BLOOM": "A100", "Llama 2 70B": "A100", "Llama 3.1 405B": "H100"}
    for model in PUBLISHED:
        found = cost(training(model.parameters, model.tokens), ACCELERATORS[on[model.name]], ASSUMPTIONS)
        for said, reckoned in ((model.kwh, found.kwh), (model.co2_kg, found.co2_kg)):
            assert said is None or reckoned.low <= said <= reckoned.high, model.name


def test_every_constant_has_a_source_and_a_range_around_it():
    for constant in ASSUMPTIONS.values():
        assert constant.source and min(constant.low, constant.high) <= constant.value <= max(
            constant.low, constant.high
        )
    found = cost(1e20, ACCELERATORS["H100"], ASSUMPTIONS)
    for unit in energy.UNITS[1:]:
        of = getattr(found, unit)
        assert 0 < of.low < of.value < of.high


def test_costs_grow_in_proportion():
    one, ten = (cost(f, ACCELERATORS["H100"], ASSUMPTIONS) for f in (1e20, 1e21))
    assert ten.litres.high == pytest.approx(10 * one.litres.high)
    assert energy.answering(1e9, 100) * 3 == energy.training(1e9, 100)


def write_counter(root, name, used, span=1_000_000):
    (root / name).mkdir(exist_ok=True)
    (root / name / "energy_uj").write_text(str(used))
    (root / name / "max_energy_range_uj").write_text(str(span))


def test_counters_are_added_up_and_may_begin_again(tmp_path):
    write_counter(tmp_path, "intel-rapl:0", 900_000)
    write_counter(tmp_path, "intel-rapl:1", 100)
    write_counter(tmp_path, "intel-rapl:0:0", 5)  # a part of the first
    before = meter.counters(tmp_path)
    assert set(before) == {"intel-rapl:0", "intel-rapl:1"}
    write_counter(tmp_path, "intel-rapl:0", 100_000)
    write_counter(tmp_path, "intel-rapl:1", 200_100)
    assert meter.joules_between(before, meter.counters(tmp_path)) == pytest.approx(0.2 + 0.2)


def test_without_counters_the_energy_is_reckoned(tmp_path):
    assert meter.counters(tmp_path / "none") == {} and meter.joules_between({}, {}) is None
    value, low, high = meter.watt_hours(3600)
    assert (value, low, high) == meter.WATTS and low < value < high
    with meter.measured() as reading:
        sum(range(100_000))
    assert reading.cpu > 0 and reading.clock > 0
