"""The heads of a model, each with its role, its score and its cause: `python -m core.analysis.heads [name]`.

    python -m core.analysis.heads tinyland --step 2000
    python -m core.analysis.heads runs/life/3-preference --every --write     # heads.json, to ship with the model

A role is proved when two things hold: the whole 95 % interval of the head's attention where such a head looks lies
above 30 % and above chance; and replacing the head's output by its mean raises the loss of the skill that the role is
for by more than doing so to 95 % of the other heads does.
"""

import argparse
from pathlib import Path

from core.analysis.heads.measurements import measure, write
from core.analysis.heads.report import births_lines, heads_table, step_line
from core.model import describe, load_checkpoint


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", nargs="?", default="tinyland", help="a model's name or folder")
    parser.add_argument("--step", type=int, help="a snapshot instead of the final model")
    parser.add_argument("--every", action="store_true", help="every snapshot, and when each role was born")
    parser.add_argument("--write", action="store_true", help="with --every: keep all as heads.json in its folder")
    args = parser.parse_args()
    if (args.write and not args.every) or (args.every and args.step is not None):
        parser.error("--write is for all steps: give --every with it, and no --step")
    source = Path(args.checkpoint) if Path(args.checkpoint).is_dir() else args.checkpoint
    found = describe(source, args.step)
    steps = found.steps if args.every else (found.step,)
    measured = {}
    for step in steps:
        measured[step] = measure(load_checkpoint(source, step))
        print(step_line(step, measured[step]), flush=True)
    print(heads_table(measured[steps[-1]]))
    if args.every:
        print(*births_lines(list(measured.items())), sep="\n")
    if args.write:
        write(found.folder, measured)


if __name__ == "__main__":
    main()
