"""What a Tinyland model can do, on documents it never saw: `python -m core.analysis.skills [name]`.

python -m core.analysis.skills tinyland --step 2000
python -m core.analysis.skills runs/life/3-preference --every --write     # into card.json, by the stage that ended
"""

import argparse
import json
from pathlib import Path

from core.analysis.skills.report import report
from core.analysis.skills.suite import measure
from core.model import describe, load_checkpoint, update_card


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", nargs="?", default="tinyland", help="a model's name or folder")
    parser.add_argument("--step", type=int, help="a snapshot instead of the final model")
    parser.add_argument("--every", action="store_true", help="at the end of every stage of its life")
    parser.add_argument("--cases", type=int, default=1000, help="about how many cases each skill is measured on")
    parser.add_argument("--write", action="store_true", help="with --every: store all in the checkpoint's card.json")
    args = parser.parse_args()
    if (args.write and not args.every) or (args.every and args.step is not None):
        parser.error("--write is for all stages: give --every with it, and no --step")
    source = Path(args.checkpoint) if Path(args.checkpoint).is_dir() else args.checkpoint
    found = describe(source, args.step)
    ends = found.ends if args.every else {"": found.step}
    skills = {}
    for stage, step in ends.items():
        skills[stage] = measure(load_checkpoint(source, step), args.cases)
        print(f"step {step:,}{stage and f', the end of {stage}'}", report(skills[stage]), "", sep="\n", flush=True)
    if args.write:
        update_card(found.folder, skills=json.loads(json.dumps(skills)))


if __name__ == "__main__":
    main()
