"""Chat, translation, writing and code, measured over held-out cases: `python -m core.uses [name] [--write]`.

python -m core.uses tinyland --write        # at the end of each stage; kept beside the model
python -m core.uses runs/mine --step 2000
"""

import argparse
from pathlib import Path

from core.model import describe, load_checkpoint
from core.uses.recorded import write
from core.uses.skills import measure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", nargs="?", default="tinyland", help="a model's name or folder")
    parser.add_argument("--step", type=int, help="one step; otherwise the last of each stage")
    parser.add_argument("--cases", type=int, help="at most so many cases of each skill")
    parser.add_argument("--write", action="store_true", help="keep the figures beside the model")
    args = parser.parse_args()
    source = Path(args.checkpoint) if Path(args.checkpoint).is_dir() else args.checkpoint
    steps = list(describe(source).ends.values()) if args.step is None else [args.step]
    for step in steps:
        checkpoint = load_checkpoint(source, step)
        found = measure(checkpoint, most=args.cases)
        print(f"step {step:,}:")
        for one in found:
            low, high = one.share.interval
            rate = f"{one.share.rate:7.1%} ({low:.1%} to {high:.1%}, n = {one.share.n})"
            print(f"  {one.use:11} {one.name:38} {rate}", flush=True)
        if args.write:
            write(checkpoint, found)


if __name__ == "__main__":
    main()
