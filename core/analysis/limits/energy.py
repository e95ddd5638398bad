"""From parameters and tokens to operations, hours of a processor, kilowatt-hours, CO₂, water and money, at any scale.

    cost(training(parameters=175e9, tokens=300e9), ACCELERATORS["V100"], ASSUMPTIONS)

Every constant is a `Constant`: its value, a low and a high that are both defensible, and where it comes from. A result
is a `Range`: with all constants as they are, with all in favour of little, and with all in favour of much.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Constant:
    """`value`, between `low` and `high`; `unit`; `source`: who says so."""

    title: str
    value: float
    low: float
    high: float
    unit: str
    source: str


@dataclass(frozen=True)
class Range:
    """A result, and what it is when every constant is at the end that makes it small, or large."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Accelerator:
    """A processor: operations per second at its peak, in the format that models are trained in, and watts."""

    peak: float
    watts: float
    source: str


ACCELERATORS = {
    "H100": Accelerator(989e12, 700, "NVIDIA data sheet, SXM, bfloat16 without sparsity"),
    "A100": Accelerator(312e12, 400, "NVIDIA data sheet, SXM, bfloat16"),
    "V100": Accelerator(125e12, 300, "NVIDIA data sheet, SXM2, float16 with tensor cores"),
    "a core of a laptop": Accelerator(1e11, 10, "about what one core was measured to do in float32; 10 W are assumed"),
}
ASSUMPTIONS: dict[str, Constant] = {
    "utilisation": Constant(
        "part of the peak that is reached", 0.4, 0.55, 0.2, "",
        "0.20 for GPT-3 (Patterson et al. 2021, arXiv:2104.10350), 0.46 for PaLM (arXiv:2204.02311), "
        "0.38 to 0.43 for Llama 3 (arXiv:2407.21783)"),
    "server": Constant(
        "watts of the server for each watt of its processors", 1.5, 1.1, 2.0, "",
        "host processors, memory, network: a DGX H100 takes up to 10.2 kW for 8 × 0.7 kW (NVIDIA data sheet)"),
    "pue": Constant(
        "watts of the building for each watt of its servers (PUE)", 1.2, 1.08, 1.56, "",
        "1.09 Google's own (2024 report), 1.56 the world's mean (Uptime Institute 2024)"),
    "carbon": Constant(
        "CO₂ of the electricity", 450, 50, 700, "g/kWh",
        "the world about 470 in 2024 (Ember); France about 50, coal-heavy grids 700 and more"),
    "water": Constant(
        "water for cooling and for making the electricity", 4, 0.5, 7, "L/kWh",
        "on site 0.2 to 1.8, at the power plant 3.1 on average in the USA (Li et al. 2023, arXiv:2304.03271)"),
    "price": Constant(
        "price of an hour of a processor", 2.5, 1.5, 6, "$", "usual offers to rent an H100 in 2025; assumed, editable"),
}  # fmt: skip
UNITS = ("flops", "hours", "kwh", "co2_kg", "litres", "dollars")


@dataclass(frozen=True)
class Cost:
    """Operations, hours of processors, kWh, kg of CO₂, litres of water, dollars."""

    flops: float
    hours: Range
    kwh: Range
    co2_kg: Range
    litres: Range
    dollars: Range


def training(parameters: float, tokens: float) -> float:
    """Operations to train on so many tokens: 6 for each parameter and token (Kaplan et al. 2020, arXiv:2001.08361)."""
    return 6.0 * parameters * tokens


def answering(parameters: float, tokens: float) -> float:
    """Operations to read or write so many tokens: 2 for each parameter and token. Attention adds more in long texts."""
    return 2.0 * parameters * tokens


def cost(flops: float, on: Accelerator, constants: Mapping[str, Constant]) -> Cost:
    """What so many operations take on an accelerator."""
    at = {side: {name: getattr(c, side) for name, c in constants.items()} for side in ("value", "low", "high")}

    def spread(of: str) -> Range:
        return Range(**{side: _chain(flops, on, values)[of] for side, values in at.items()})

    return Cost(flops, *(spread(unit) for unit in UNITS[1:]))


def _chain(flops: float, on: Accelerator, a: Mapping[str, float]) -> dict[str, float]:
    """One line of thought, from operations to money."""
    hours = flops / (on.peak * a["utilisation"]) / 3600
    kwh = hours * on.watts / 1000 * a["server"] * a["pue"]
    return {
        "hours": hours,
        "kwh": kwh,
        "co2_kg": kwh * a["carbon"] / 1000,
        "litres": kwh * a["water"],
        "dollars": hours * a["price"],
    }


@dataclass(frozen=True)
class Published:
    """What its makers (or those who studied it) say of a model; None where they say nothing."""

    name: str
    parameters: float
    tokens: float
    kwh: float | None
    co2_kg: float | None
    source: str


PUBLISHED = (
    Published("GPT-3", 175e9, 300e9, 1_287_000, 552_000, "Patterson et al. 2021, arXiv:2104.10350"),
    Published("BLOOM", 176e9, 366e9, 433_000, 24_700, "Luccioni et al. 2022, arXiv:2211.02001"),
    Published("Llama 2 70B", 70e9, 2e12, None, 291_000, "Touvron et al. 2023, arXiv:2307.09288"),
    Published("Llama 3.1 405B", 405e9, 15.6e12, None, 8_930_000, "Meta's model card, location-based"),
)
PER_ANSWER_WH = {  # watt-hours of one answer, as published
    "Gemini, a median text prompt": (0.24, "Google 2025, arXiv:2508.15734; chips alone 0.10"),
    "ChatGPT, an average query": (0.34, "S. Altman 2025, without a method"),
}
EVERYDAY_SOURCE = "round figures of ours: physics for the water, usual labels for the rest"
EVERYDAY_KWH = {  # to compare with; round figures
    "boiling a litre of water": 0.11,
    "an hour of a laptop": 0.05,
    "a night of a fridge": 0.3,
    "100 km in an electric car": 18.0,
    "a household for a year": 3500.0,
}
RULES = {  # how operations are counted: what, says, source
    "training": ("operations of training", "6 for each parameter and token", "Kaplan et al. 2020, arXiv:2001.08361"),
    "answering": ("operations of answering", "2 for each parameter and token", "Kaplan et al. 2020, arXiv:2001.08361"),
}
