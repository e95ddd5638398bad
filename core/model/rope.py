"""Rotary positions: how fast each pair of numbers turns, and the tables of cos and sin.

In float32 and in the order of `transformers`, so that logits agree with it also far into a long context, where the last
digit of a frequency is a visible angle.
"""

import math

import torch
from torch import Tensor

from core.model.config import ModelConfig
from core.model.rope_scaling import RopeScaling


def rotary_tables(config: ModelConfig) -> tuple[Tensor, Tensor]:
    """cos and sin of position × frequency, both (context, Dh), the frequencies repeated for the two halves."""
    positions = torch.arange(config.context_length, dtype=torch.float32)
    angles = positions[:, None] * frequencies(config)  # (context, Dh / 2)
    angles = torch.cat((angles, angles), dim=-1)
    factor = config.rope_scaling.attention_factor if config.rope_scaling else 1.0
    return angles.cos() * factor, angles.sin() * factor


def frequencies(config: ModelConfig) -> Tensor:
    """The angle by which each pair turns from one position to the next, (Dh / 2,): θ^(-2i/Dh), or what the scaling
    makes of it."""
    width = config.d_head
    plain: Tensor = 1.0 / (config.rope_theta ** (torch.arange(0, width, 2, dtype=torch.float32) / width))
    match config.rope_scaling:
        case None:
            return plain
        case RopeScaling(kind="linear", factor=factor):
            return plain / factor
        case RopeScaling(kind="llama3") as scaling:
            return _llama3(plain, scaling)
        case scaling:
            return _yarn(config, scaling)


def _llama3(plain: Tensor, s: RopeScaling) -> Tensor:
    lengths = 2 * math.pi / plain  # of a turn, in positions
    longest, shortest = s.original_context / s.low_freq_factor, s.original_context / s.high_freq_factor
    slowed = torch.where(lengths > longest, plain / s.factor, plain)
    share = (s.original_context / lengths - s.low_freq_factor) / (s.high_freq_factor - s.low_freq_factor)
    between = (1 - share) * slowed / s.factor + share * slowed
    return torch.where(~(lengths < shortest) & ~(lengths > longest), between, slowed)


def _yarn(config: ModelConfig, s: RopeScaling) -> Tensor:
    width = config.d_head
    powers: Tensor = config.rope_theta ** (torch.arange(0, width, 2, dtype=torch.float32) / width)

    def pair_with(turns: float) -> float:
        """The pair that makes so many turns in the original context."""
        return width * math.log(s.original_context / (turns * 2 * math.pi)) / (2 * math.log(config.rope_theta))

    low, high = pair_with(s.beta_fast), pair_with(s.beta_slow)
    if s.truncate:
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, width - 1)
    if low == high:
        high += 0.001  # as the reference does
    left = 1 - ((torch.arange(width // 2, dtype=torch.float32) - low) / (high - low)).clamp(0, 1)
    found: Tensor = 1.0 / (s.factor * powers) * (1 - left) + 1.0 / powers * left
    return found
