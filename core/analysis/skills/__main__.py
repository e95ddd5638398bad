"""What a Tinyland model can do, on documents it never saw: `python -m core.analysis.skills [name] [--write]`."""

import argparse
import json
from pathlib import Path

from core.analysis.skills.report import report
from core.analysis.skills.suite import measure
from core.model import load_checkpoint, update_card


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", nargs="?", default="tinyland", help="a model's name or folder")
    parser.add_argument("--step", type=int, help="a snapshot instead of the final model")
    parser.add_argument("--cases", type=int, default=1000, help="about how many cases each skill is measured on")
    parser.add_argument("--write", action="store_true", help="store the figures in the checkpoint's card.json")
    args = parser.parse_args()
    folder = Path(args.checkpoint)
    checkpoint = load_checkpoint(folder if folder.is_dir() else args.checkpoint, args.step)
    skills = measure(checkpoint, args.cases)
    print(report(skills))
    if args.write:
        update_card(checkpoint.folder, skills=json.loads(json.dumps(skills)))


if __name__ == "__main__":
    main()
