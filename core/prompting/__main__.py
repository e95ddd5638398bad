"""What prompts do to a model, at the end of each stage of its life: `python -m core.prompting [name] [--write]`.

python -m core.prompting tinyland --write        # kept beside the model, for the page Prompting
python -m core.prompting runs/mine --step 2000 --parts "examples lists" heads
"""

import argparse
import time
from pathlib import Path
from typing import Any

from core.model import describe, load_checkpoint
from core.prompting.recorded import PARTS, measure, write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", nargs="?", default="tinyland", help="a model's name or folder")
    parser.add_argument("--step", type=int, help="one step; otherwise the last of each stage")
    parser.add_argument("--parts", nargs="+", choices=PARTS, help="all of them, if none is named")
    parser.add_argument("--write", action="store_true", help="keep the figures beside the model")
    args = parser.parse_args()
    source = Path(args.checkpoint) if Path(args.checkpoint).is_dir() else args.checkpoint
    known = describe(source)
    ends = [step for step in known.ends.values() if step in known.steps]
    for step in ends if args.step is None else [args.step]:
        checkpoint, found = load_checkpoint(source, step), dict[str, Any]()
        for name in args.parts or [name for name, part in PARTS.items() if part.always or step == known.steps[-1]]:
            begun = time.perf_counter()
            try:
                found[name] = measure(checkpoint, name)
            except ValueError as error:
                print(f"step {step:,}, {name}: {error}")
                continue
            print(f"step {step:,}, {name}: {time.perf_counter() - begun:.0f} s, {str(found[name])[:300]}", flush=True)
        if args.write:
            write(checkpoint, found)


if __name__ == "__main__":
    main()
