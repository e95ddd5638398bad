"""All that is measured of the heads of a model: where they look, what they matter for, and both as a file.

A model may be shipped with its measurements, `heads.json` in its folder, for every step of its life:
`python -m core.analysis.heads NAME --every --write` makes them. They hold for the very weights they were measured on.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from core.analysis.heads.causes import HeadCause, cause, copying_probes, reference_probes
from core.analysis.heads.referents import naming_cases, person_choices, referent_cases, referent_score
from core.analysis.heads.scores import HeadScore, head_scores, repeated_sequences
from core.analysis.interventions.intervene import sample_parts
from core.analysis.skills.chats import kinds_read
from core.files import finite, write_atomically
from core.model import Checkpoint, Description
from core.model.folders import weights_digest
from core.text.tinyland.coined import SYLLABLES

HALF, SEQUENCES, STORIES = 25, 100, 200  # random tokens that are repeated, such sequences, and stories with a pronoun
COPIED, CHOSEN = 40, 100  # sequences, and places where one of two must be named, that are read without each head
SHORTEST = 9  # a context below this holds no two copies worth measuring
TITLE, SPOKEN = "The baby says:\n", [f" {syllable}" for syllable in SYLLABLES]  # a recital
FILE = "heads.json"
DIGITS = 5  # of a number in the file


@dataclass(frozen=True, eq=False)
class Measurements:
    """Of every head: where it looks, by the score's name, and what it matters for, by the skill's."""

    scores: Mapping[str, HeadScore]
    causes: Mapping[str, HeadCause]


def measure(checkpoint: Checkpoint, seed: int = 0) -> Measurements:
    """Everything. A context too short for a score or a skill leaves it out; below SHORTEST all."""
    model, tokenizer, longest = checkpoint.model, checkpoint.tokenizer, checkpoint.config.context_length
    if longest < SHORTEST:
        return Measurements({}, {})
    said = nonsense_for(checkpoint)
    scores = head_scores(model, **asdict(said), cases=SEQUENCES, seed=seed)
    sequences = repeated_sequences(**asdict(said), cases=COPIED, seed=seed)
    probes = {"copying": copying_probes(sequences, said.half + len(said.end))}
    pronouns = referent_cases(tokenizer, longest, STORIES)
    if len(pronouns) > 1:
        scores.append(referent_score(model, pronouns))
    chosen = person_choices(tokenizer, longest, STORIES)
    if len(chosen) > 1:
        scores.append(referent_score(model, naming_cases(chosen), name="naming"))
        probes["reference"] = reference_probes(chosen[:CHOSEN])
    mean = sample_parts(checkpoint).mean
    causes = [cause(model, skill, asked, mean) for skill, asked in probes.items()]
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
    return description.read.get("kind") == "tinyland" and "recital" in kinds_read(description)


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
