"""What a pipeline is to do, as data: where the documents come from, and which stages with which settings, in order.

usual_plan(Source(pages=1000))
Plan.from_dict({"source": {"pages": 1000}, "stages": [["extract", {}], ["near", {"rows": 4}]]})
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from core.data.defects import leaks
from core.data.stage import Knob, Stage
from core.data.stages import STAGES, make

MOST_PAGES = 1_000_000
Settings = Mapping[str, bool | int | float | str]


@dataclass(frozen=True, slots=True)
class Source:
    """Pages of the crawl of a seed; or files, which lie beside the plan and are named by the hash of what they hold."""

    kind: Literal["crawl", "files"] = "crawl"
    seed: int = 0
    pages: int = 1000
    files: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A stage by its name, and those of its settings that are not as usual."""

    key: str
    settings: Settings = field(default_factory=dict)

    def stage(self) -> Stage:
        questions = leaks.questions() if self.key == "decontaminate" else ()
        return make(self.key, questions, **self.settings)


@dataclass(frozen=True, slots=True)
class Plan:
    source: Source
    stages: tuple[Choice, ...]

    def make(self) -> list[Stage]:
        return [choice.stage() for choice in self.stages]

    def to_dict(self) -> dict[str, Any]:
        return {"source": asdict(self.source), "stages": [[c.key, dict(c.settings)] for c in self.stages]}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "Plan":
        """Raises ValueError that names what is wrong."""
        try:
            source = Source(**raw["source"])
            stages = [Choice(key, settings) for key, settings in raw["stages"]]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"this is no plan of a pipeline: {error}") from None
        return cls(check_source(source), check_stages(stages))

    def name(self) -> str:
        """Two plans have the same name if, and only if, they are the same and so is the code that carries them out."""
        text = json.dumps([self.to_dict(), code()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def usual_plan(source: Source) -> Plan:
    """Every stage as it comes; of a visitor's files nobody knows a licence, so that stage is left out."""
    keys = [key for key in STAGES if source.kind == "crawl" or key != "licence"]
    return Plan(source, tuple(Choice(key) for key in keys))


def knobs(key: str) -> dict[str, Knob]:
    return {knob.name: knob for knob in STAGES[key].knobs}


def check_source(source: Source) -> Source:
    if source.kind not in ("crawl", "files"):
        raise ValueError("documents come from the crawl or from files")
    if not (type(source.pages) is int and 1 <= source.pages <= MOST_PAGES):
        raise ValueError(f"a crawl has from 1 to {MOST_PAGES:,} pages")
    if not (type(source.seed) is int and 0 <= source.seed < 2**31):
        raise ValueError("the seed of a crawl is a whole number of at most 31 bits")
    return source


def check_stages(stages: Iterable[Choice]) -> tuple[Choice, ...]:
    """The stages with settings that have their default left out. ValueError for what is no stage, or no setting."""
    found: list[Choice] = []
    for choice in stages:
        if choice.key not in STAGES or any(choice.key == other.key for other in found):
            raise ValueError(f"there is no stage {choice.key!r}, or it is there twice")
        known = knobs(choice.key)
        for name, value in choice.settings.items():
            if name not in known or not known[name].fits(value):
                raise ValueError(f"{choice.key} cannot be set to {name} = {value!r}")
        settings = {name: value for name, value in choice.settings.items() if value != known[name].default}
        found.append(Choice(choice.key, settings))
    return tuple(found)


@cache
def code() -> str:
    """A hash of what makes a corpus, and of the world that is crawled: results of other code are not taken for those of
    this."""
    room = Path(__file__).parent
    own = (file for file in room.rglob("*.py") if file.parent.name != "passages")
    files = sorted([*own, *(room.parent / "text" / "tinyland").rglob("*.py")])
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.read_bytes())
    return whole.hexdigest()[:16]
