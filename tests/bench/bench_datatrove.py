"""Our stages beside datatrove's blocks: python -m tests.bench.bench_datatrove [documents]

The table: how many decisions are the same on pages of our crawl, how long each took on one core, in alternation, in one
run, and below each rule the decisions that differ, by what both said. With the same words what differs are the rules;
datatrove's own come from spaCy (`--spacy`: pip install -r tests/bench/requirements.txt), which makes words of
punctuation marks: they count among those without a letter, and Gopher's quality rule then drops prose whose sentences
are short.
"""

import argparse
import contextlib
import sys

from tests.bench.datatrove_blocks import Compared, compare_duplicates, compare_rules, documents, same_words

COUNT = 20_000


def show(name: str, compared: Compared) -> None:
    ratio = compared.theirs / compared.ours if compared.ours else float("nan")
    print(f"{name:30s} {compared.agreement:9.3%} {compared.ours:9.1f} {compared.theirs:9.1f} {ratio:7.1f}")
    for (ours, theirs), count in compared.kinds.most_common():
        number = next(n for n, *reasons in compared.differ if reasons == [ours, theirs])
        print(f"    {count:5d} ours: {ours}; theirs: {theirs}; the first is document {number}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", type=int, nargs="?", default=COUNT)
    parser.add_argument("--spacy", action="store_true", help="datatrove with spaCy's words")
    args = parser.parse_args()
    found = list(documents(args.documents))
    print(f"{len(found):,} documents, {sum(len(one.text) for one in found) / 1e6:.1f} million characters")
    print(f"{'':30s} {'agreement':>9s} {'ours, s':>9s} {'theirs, s':>9s} {'ratio':>7s}")
    with contextlib.nullcontext() if args.spacy else same_words():
        made = compare_rules(found) | compare_duplicates(found)
        for name, compared in made.items():
            show(name, compared)
    counted = [one for name, one in made.items() if "same hashes" not in name]
    ours, theirs = sum(one.ours for one in counted), sum(one.theirs for one in counted)
    print(f"{'all':30s} {'':9s} {ours:9.1f} {theirs:9.1f} {theirs / ours:7.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
