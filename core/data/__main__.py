"""From a crawl, or from files, to a corpus on disk: JSONL shards, a report and a data card.

python -m core.data --pages 100000 --processes 4 --out corpus
python -m core.data --pages 1000000 --scheduler tcp://10.0.0.5:8786 --out corpus
python -m core.data --files letters.zip notes.md --out corpus --without quality c4
python -m core.data --pages 5000 --set near.bands=20 near.rows=5 --stages extract normalise near --out corpus
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from core.data.build import read_files, refine_into
from core.data.card import write_card
from core.data.plan import Choice, Plan, Source, check_source, check_stages, usual_plan
from core.data.report import Report
from core.data.sharded import refine_sharded
from core.data.stages import STAGES


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m core.data", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", required=True, type=Path, help="folder for the shards, the report and the card")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--pages", type=int, default=1000, help="pages of the crawl of Tinyland (1000)")
    source.add_argument("--files", nargs="+", type=Path, help="txt, md, html, jsonl, csv, or zips of these")
    parser.add_argument("--seed", type=int, default=0, help="of the crawl")
    parser.add_argument("--processes", type=int, default=1, help="workers, for a crawl")
    parser.add_argument("--scheduler", help="of a Dask cluster, whose workers do it instead; each has this folder")
    parser.add_argument(
        "--stages", nargs="+", choices=STAGES, metavar="STAGE", help=f"in order, of {', '.join(STAGES)}"
    )
    parser.add_argument("--without", nargs="+", choices=STAGES, default=[], metavar="STAGE", help="stages to leave out")
    parser.add_argument("--set", nargs="+", default=[], metavar="STAGE.NAME=VALUE", help="settings of stages")
    parser.add_argument("--name", default="corpus", help="what the data card calls it")
    return parser.parse_args(arguments)


def plan_of(options: argparse.Namespace) -> Plan:
    """Raises ValueError that says what is wrong."""
    files = " ".join(path.name for path in options.files or ())
    source = Source("files", files=files) if options.files else Source("crawl", options.seed, options.pages)
    keys = options.stages or [choice.key for choice in usual_plan(source).stages]
    settings: dict[str, dict[str, object]] = {}
    for word in options.set:
        name, equals, value = word.partition("=")
        key, dot, knob = name.partition(".")
        if not (equals and dot):
            raise ValueError(f"{word!r} is no setting: write stage.name=value")
        if key not in keys:
            raise ValueError(f"{word!r}: the stage {key!r} is not in this pipeline")
        try:
            settings.setdefault(key, {})[knob] = json.loads(value)
        except ValueError:
            settings.setdefault(key, {})[knob] = value
    choices = [Choice(key, settings.get(key, {})) for key in keys if key not in options.without]  # type: ignore[arg-type]
    return Plan(check_source(source), check_stages(choices))


def carry_out(plan: Plan, options: argparse.Namespace) -> Report:
    if options.files:
        return refine_into(plan, options.out, read_files(options.files))
    with tqdm(total=plan.source.pages, unit="page", disable=None) as bar:
        told = lambda done: bar.update(done - bar.n)  # noqa: E731
        return refine_sharded(plan, options.out, options.processes, told, options.scheduler)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    try:
        plan = plan_of(options)
        report = carry_out(plan, options)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    report.save(options.out / "report.json")
    write_card(options.out, options.name, report)
    print(f"{report.left.documents:,} of {report.raw.documents:,} documents are left, in {report.seconds:.1f} s")
    for made in report.stages:
        print(f"{made.name:22} −{made.dropped:<7,} {made.changed:>7,} changed {made.seconds:8.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
