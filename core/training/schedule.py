"""Learning-rate schedules, as a factor of the peak rate.

Cosine: Loshchilov & Hutter 2017, https://arxiv.org/abs/1608.03983. WSD (warm-up, stable, decay): Hu et al. 2024,
https://arxiv.org/abs/2404.06395, here with a linear decay to zero (Hägele et al. 2024, https://arxiv.org/abs/2405.18392).
"""

import math

SCHEDULES = ("wsd", "cosine", "constant")


def lr_factor(schedule: str, step: int, progress: float, warmup_steps: int, decay_fraction: float) -> float:
    """Factor in [0, 1] for update number `step` (the first is 0).

    `progress` in [0, 1] is the part of the budget spent before this update: step / steps, or seconds / budget when
    time is what runs out. `decay_fraction` is the last part of the budget in which "wsd" goes down to zero.
    """
    warmup = min(1.0, (step + 1) / warmup_steps) if warmup_steps else 1.0
    if schedule == "cosine":
        decay = 0.5 * (1 + math.cos(math.pi * progress))
    elif schedule == "wsd":
        decay = min(1.0, (1 - progress) / decay_fraction) if decay_fraction else 1.0
    elif schedule == "constant":
        decay = 1.0
    else:
        raise ValueError(f"unknown schedule {schedule!r}: choose one of {', '.join(SCHEDULES)}")
    return warmup * decay


def log_spaced_steps(steps: int, count: int) -> tuple[int, ...]:
    """At most `count` (2 or more) steps from 0 to `steps`, denser at the start: (0, 1, 2, 3, 5, 8, …, steps).

    Rounding merges neighbours, so a short run gets fewer. Used for the snapshots that make the life of the model.
    """
    inner = count - 2
    return tuple(sorted({0, steps} | {round(steps ** (i / inner)) for i in range(inner)}))
