"""All that is measured of the heads of a model: where they look, what they matter for, and both as a file.

A model may be shipped with its measurements, `heads.json` in its folder, for every step of its life:
`python -m core.analysis.heads NAME --every --write` makes them. They hold for the very weights they were measured on.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from core.analysis.heads.causes import HeadCause, cause, copying_probes, reference_probes
from core.analysis.heads.referents import naming_cases, person_choices, referent_cases, referent_score
from core.analysis.heads.scores import HeadScore, head_scores, repeated_sequences
from core.analysis.interventions.intervene import sample_parts
from core.files import finite, write_atomically
from core.model import Checkpoint, Description, ModelConfig
from core.model.folders import weights_digest
from core.text.tinyland.coined import SYLLABLES

HALF = 25  # random tokens that are repeated
STORY, SAMPLE = 100, 10_000  # tokens of a story, and of the texts that give each head its mean, about
LONG = 1e13  # operations, some minutes of a core: a model for which more were needed is measured on fewer cases
SHORTEST = 9  # a context below this holds no two copies worth measuring
TITLE, SPOKEN = "The baby says:\n", [f" {syllable}" for syllable in SYLLABLES]  # a recital
FILE = "heads.json"
DIGITS = 5  # of a number in the file
Report = Callable[[float, str], object]


@dataclass(frozen=True, eq=False)
class Measurements:
    """Of every head: where it looks, by the score's name, and what it matters for, by the skill's."""

    scores: Mapping[str, HeadScore]
    causes: Mapping[str, HeadCause]


@dataclass(frozen=True)
class Cases:
    """How many are read: random sequences, and stories with a pronoun; and without each head, sequences that are to be
    copied, and places where one of two must be named."""

    sequences: int
    stories: int
    copied: int
    chosen: int


MANY, FEW = Cases(100, 200, 40, 100), Cases(20, 30, 8, 12)


def operations(config: ModelConfig, cases: Cases) -> float:
    """About how many it takes: two for every weight and token (Kaplan et al. 2020, section 2.1). Without a head, a pass
    begins at its layer: half of the blocks, on average, and the unembedding."""
    blocks, unembedding = config.weights_per_token()
    scored = SAMPLE + 2 * HALF * cases.sequences + 2 * STORY * cases.stories
    ablated = (2 * HALF * cases.copied + STORY * cases.chosen) * config.n_heads * config.n_layers
    return 2.0 * (blocks * scored + (blocks / 2 + unembedding) * ablated)


def cases_for(config: ModelConfig) -> Cases:
    """MANY, where that is not too LONG."""
    return MANY if operations(config, MANY) <= LONG else FEW


def measure(checkpoint: Checkpoint, seed: int = 0, report: Report = lambda *_: None) -> Measurements:
    """Everything, on `cases_for` the model. A context too short for a score or a skill leaves it out; below SHORTEST
    all. `report` is told the share that is done, and what is at hand."""
    cases = cases_for(checkpoint.config)
    model, tokenizer, longest = checkpoint.model, checkpoint.tokenizer, checkpoint.config.context_length
    if longest < SHORTEST:
        return Measurements({}, {})
    said = nonsense_for(checkpoint)
    report(0.02, "random sequences")
    scores = head_scores(model, **asdict(said), cases=cases.sequences, seed=seed)
    sequences = repeated_sequences(**asdict(said), cases=cases.copied, seed=seed)
    probes = {"copying": copying_probes(sequences, said.half + len(said.end))}
    report(0.05, "stories")
    pronouns = referent_cases(tokenizer, longest, cases.stories)
    if len(pronouns) > 1:
        scores.append(referent_score(model, pronouns))
    chosen = person_choices(tokenizer, longest, cases.stories)
    if len(chosen) > 1:
        scores.append(referent_score(model, naming_cases(chosen), name="naming"))
        probes["reference"] = reference_probes(chosen[: cases.chosen])
    mean = sample_parts(checkpoint).mean
    causes, done, whole = [], 0, sum(map(len, probes.values()))
    for skill, asked in probes.items():

        def on_probes(count: int) -> None:
            report(0.1 + 0.9 * (done + count) / whole, "each head off in turn")  # noqa: B023

        causes.append(cause(model, skill, asked, mean, on_probes))
        done += len(asked)
    return Measurements({score.name: score for score in scores}, {one.skill: one for one in causes})


@dataclass(frozen=True)
class Nonsense:
    """Random sequences for a model to copy: what stands before them, of which tokens and how many each is made, and
    what ends each of its two copies."""

    start: list[int]
    tokens: list[int]
    half: int
    end: list[int]


def reads_recitals(description: Description) -> bool:
    """Whether Tinyland's recitals, nonsense that is said again, are among what the model learned from."""
    return description.has_read("recital")


def nonsense_for(description: Description) -> Nonsense:
    """A model that learned from recitals gets syllables as they have them: it knows exactly where nonsense stands, and
    expects none elsewhere. Another gets any tokens but the special ones. ValueError: a context below SHORTEST."""
    tokenizer, longest = description.tokenizer, description.config.context_length
    if longest < SHORTEST:
        raise ValueError(f"a context of {longest} tokens holds no two copies")
    special = set(tokenizer.special_tokens.values())
    start, end = [tokenizer.eot], []
    tokens = [token for token in range(tokenizer.vocab_size) if token not in special]
    if reads_recitals(description):
        title, stop = tokenizer.encode(TITLE), tokenizer.encode(".\n")
        syllables = sorted({ids[0] for ids in map(tokenizer.encode, SPOKEN) if len(ids) == 1})
        if longest >= SHORTEST + len(title) + 2 * len(stop) and len(syllables) >= SHORTEST:
            start, tokens, end = [*start, *title], syllables, stop
    return Nonsense(start, tokens, min(HALF, (longest - len(start)) // 2 - len(end), len(tokens)), end)


def measurements_of(checkpoint: Checkpoint) -> Measurements:
    """Those that the model was shipped with, else measured now."""
    found = shipped_measurements(checkpoint)
    return measure(checkpoint) if found is None else found


# ---- as a file ----


def shipped_measurements(description: Description) -> Measurements | None:
    """The measurements in the model's folder, if they are of these weights. None for a file that cannot be read."""
    try:
        stored = json.loads((description.folder / FILE).read_bytes())["steps"][str(description.step)]
        if stored["sha256"] != weights_digest(description.folder, description.step):
            return None
        return from_json(stored)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def write(folder: Path, measured: Mapping[int, Measurements]) -> None:
    """Write the measurements of the folder's steps."""
    steps = {
        str(step): {"sha256": weights_digest(folder, step)} | to_json(one) for step, one in sorted(measured.items())
    }
    text = json.dumps({"steps": finite(steps)}, allow_nan=False)
    write_atomically(folder / FILE, f"{text}\n".encode())


def to_json(measured: Measurements) -> dict[str, Any]:
    """As plain values, numbers rounded to DIGITS significant digits."""
    return {part.name: [_record(one) for one in getattr(measured, part.name).values()] for part in fields(measured)}


def from_json(stored: Mapping[str, Any]) -> Measurements:
    """What `to_json` gave. ValueError, KeyError or TypeError for anything else."""
    scores = [HeadScore(**_arrays(one)) for one in stored["scores"]]
    causes = [HeadCause(**_arrays(one)) for one in stored["causes"]]
    shapes = {one.mean.shape for one in scores} | {one.mean.shape for one in causes}
    if len(shapes) > 1 or any(len(shape) != 2 for shape in shapes):
        raise ValueError("measurements of heads that are not one model's")
    return Measurements({score.name: score for score in scores}, {one.skill: one for one in causes})


def _record(one: HeadScore | HeadCause) -> dict[str, Any]:
    return {field.name: _plain(getattr(one, field.name)) for field in fields(one)}


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        return [_plain(one) for one in value.tolist()]
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) and math.isfinite(value) else value


def _arrays(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {name: np.array(v, dtype=np.float64) if isinstance(v, list) else v for name, v in stored.items()}
