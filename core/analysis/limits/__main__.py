"""What a model invents, how sure it is, what fewer bits do to it: `python -m core.analysis.limits [name] [--write]`.

python -m core.analysis.limits tinyland --write        # at the end of each stage; kept beside the model
python -m core.analysis.limits runs/mine --step 2000
"""

import argparse
from pathlib import Path

import numpy as np

from core.analysis.calibration import ece, ece_if_calibrated, ece_interval
from core.analysis.limits.bias import Pronouns, amplification, amplification_interval
from core.analysis.limits.bias_inside import PAIR, Inside
from core.analysis.limits.next_token import Beside
from core.analysis.limits.recall import STRANGER, Recall
from core.analysis.limits.recorded import PARTS, Part, measure, write
from core.analysis.limits.rounding import SHOWN, Rounding
from core.analysis.limits.untold import HELD_OUT, TOLD, WITHHELD, Untold
from core.model import describe, load_checkpoint


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", nargs="?", default="tinyland", help="a model's name or folder")
    parser.add_argument("--step", type=int, help="one step; otherwise the last of each stage")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--write", action="store_true", help="keep the figures beside the model")
    args = parser.parse_args()
    source = Path(args.checkpoint) if Path(args.checkpoint).is_dir() else args.checkpoint
    steps = list(describe(source).ends.values()) if args.step is None else [args.step]
    for step in steps:
        checkpoint, found = load_checkpoint(source, step), dict[str, Part]()
        for part in args.parts:
            try:
                found[part] = measure(checkpoint, part)
            except ValueError as error:
                print(f"step {step:,}, {part}: {error}")
                continue
            print(f"step {step:,}, {part}:", *lines(found[part]), sep="\n  ", flush=True)
        if args.write:
            write(checkpoint, found)


def lines(part: Part) -> list[str]:
    """What to print of a part."""
    if isinstance(part, Recall):
        return _recall(part)
    if isinstance(part, Untold):
        return _untold(part)
    if isinstance(part, Beside):
        return [
            f"{len(part.kl):,} places: {part.entropy.mean():.4f} nats unavoidable, {part.kl.mean():.4f} added (KL)",
            f"confidence is off by {part.calibration_gap:.4f} from the true probability, on average",
        ]
    if isinstance(part, Pronouns):
        low, high = amplification_interval(part)
        return [f"amplification {amplification(part.corpus, part.mean):.2f} (95 %: {low:.2f} to {high:.2f})"]
    if isinstance(part, Inside):
        carrier = part.carriers(1)[0]
        adds = part.amount(carrier)[0]
        return [f"{' and '.join(PAIR)}: {part.total:+.2f} logits apart, of which {adds:+.2f} by {carrier.phrase}"]
    return _rounding(part)


def _recall(part: Recall) -> list[str]:
    found = []
    for count in dict.fromkeys(part.count.tolist()):
        verdict, who = part.verdict[part.count == count], "nobody" if count == STRANGER else f"told {count:>5} times"
        sure = part.confidence[part.count == count].mean()
        found.append(f"{who}: {_shares(verdict)}; {sure:.0%} sure of its date (n = {len(verdict)})")
    told = part.of(part.count >= 0)
    low, high = ece_interval(told.confidence, told.right_date)
    chance = ece_if_calibrated(told.confidence)[0]
    error = ece(told.confidence, told.right_date)
    return [*found, f"ECE {error:.3f} (95 %: {low:.3f} to {high:.3f}; {chance:.3f} if calibrated)"]


def _untold(part: Untold) -> list[str]:
    found = []
    for group, name in ((TOLD, "told"), (WITHHELD, "withheld, asked by feedback"), (HELD_OUT, "withheld, held out")):
        verdict, sure = part.verdict[part.group == group], part.sure[part.group == group].mean()
        found.append(f"{name}: {_shares(verdict)}; {sure:.0%} sure (n = {len(verdict)})")
    return found


def _shares(verdict: np.ndarray) -> str:
    return ", ".join(f"{np.mean(verdict == kind):.0%} {kind}" for kind in ("right", "unknown", "wrong"))


def _rounding(part: Rounding) -> list[str]:
    return [
        f"{grid:8} {size / 1e6:6.2f} MB, {loss:8.3f} nats per document, skills {rights}"
        for grid, size, loss, rights in zip(
            SHOWN, part.size, part.loss, (part.right / part.cases).round(2).tolist(), strict=True
        )
    ]


if __name__ == "__main__":
    main()
