"""Comparisons that people made: a JSONL file for each rater, one line a comparison, so that they outlive page and
server; and as the field exchanges them, {"prompt", "chosen", "rejected"}."""

import json
from dataclasses import asdict
from pathlib import Path

from core.files import json_lines, write_atomically
from core.generation.rollouts import rollouts
from core.lab.raters import Pair
from core.model import Checkpoint, runs_root
from core.runs.records import fingerprint

CHOICES = ("a", "b", "tie")
MOST = 5000  # comparisons that are kept
TOKENS = 32  # of a continuation


def ratings_file(key: str) -> Path:
    """Where the comparisons of the holder of a key are kept; the key itself is not."""
    return runs_root() / "ratings" / f"{fingerprint(key)}.jsonl"


def read_ratings(path: Path) -> list[Pair]:
    """All whole comparisons of a file, the oldest first; none where there is no such file."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            pair = Pair(**json.loads(line))
        except (ValueError, TypeError, RecursionError):
            continue
        if pair.choice in CHOICES and all(isinstance(x, str) for x in (pair.prompt, pair.a, pair.b)):
            found.append(pair)
    return found


def write_ratings(path: Path, pairs: list[Pair]) -> None:
    """Keep these comparisons, the newest MOST of them, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json_lines(map(asdict, pairs[-MOST:])).encode())


def export_pairs(pairs: list[Pair]) -> str:
    """JSONL of {"prompt", "chosen", "rejected"}; ties are left out."""
    rows = []
    for pair in pairs:
        if pair.choice != "tie":
            chosen, rejected = (pair.a, pair.b) if pair.choice == "a" else (pair.b, pair.a)
            rows.append({"prompt": pair.prompt, "chosen": chosen, "rejected": rejected})
    return json_lines(rows)


def import_pairs(text: str) -> tuple[list[Pair], list[str]]:
    """What `export_pairs` wrote, and what is wrong with each line that is no comparison."""
    pairs, problems = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            prompt, chosen, rejected = (row[name] for name in ("prompt", "chosen", "rejected"))
        except (ValueError, TypeError, KeyError, RecursionError):
            problems.append(f'line {number}: it must be {{"prompt": …, "chosen": …, "rejected": …}}')
            continue
        if not all(isinstance(x, str) for x in (prompt, chosen, rejected)):
            problems.append(f"line {number}: prompt, chosen and rejected must be texts")
        elif chosen == rejected:
            problems.append(f"line {number}: both texts are the same, so nothing is preferred")
        else:
            pairs.append(Pair(prompt, chosen, rejected, "a"))
    return pairs, problems


def continuations(checkpoint: Checkpoint, prompt: str, count: int, seed: int = 0, tokens: int = TOKENS) -> list[str]:
    """What the model writes after a prompt at temperature 1, `count` times, each up to the end of its document."""
    tokenizer = checkpoint.tokenizer
    ids = [tokenizer.eot, *tokenizer.encode(prompt)][-max(1, checkpoint.config.context_length - tokens) :]
    stop = tuple(tokenizer.special_tokens.values())
    seeds = [(seed << 20) + i for i in range(count)]
    found: list[str] = []
    for start in range(0, count, 64):
        part = seeds[start : start + 64]
        drawn = rollouts(checkpoint.model, [ids] * len(part), part, tokens, stop=stop)
        found += [tokenizer.decode([id for id in sample.ids if id not in stop]) for sample in drawn]
    return found
