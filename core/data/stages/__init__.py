"""The stages, a file for each, and the usual order."""

from collections.abc import Sequence

from core.data.stage import Stage
from core.data.stages.c4 import C4
from core.data.stages.decontaminate import Decontaminate
from core.data.stages.exact import ExactDuplicates
from core.data.stages.extract import Extract
from core.data.stages.fineweb import FineWeb
from core.data.stages.gopher import GopherQuality, GopherRepetition
from core.data.stages.language import Language
from core.data.stages.licence import Licence
from core.data.stages.near import NearDuplicates
from core.data.stages.normalise import Normalise
from core.data.stages.personal import PersonalData
from core.data.stages.repair import Repair

# In the usual order: text first, then whole documents, what costs little before what costs much. The names are those of
# plans and links.
STAGES: dict[str, type[Stage]] = {
    "extract": Extract,
    "repair": Repair,
    "normalise": Normalise,
    "language": Language,
    "repetition": GopherRepetition,
    "quality": GopherQuality,
    "c4": C4,
    "fineweb": FineWeb,
    "exact": ExactDuplicates,
    "near": NearDuplicates,
    "personal": PersonalData,
    "decontaminate": Decontaminate,
    "licence": Licence,
}


def make(key: str, questions: Sequence[str] = (), **settings: bool | int | float | str) -> Stage:
    """A stage by its name, with settings by the names of its knobs. questions: of the test."""
    kind = STAGES[key]
    asked = {"questions": questions} if kind is Decontaminate else {}
    return kind(**asked, **settings)


def usual(questions: Sequence[str]) -> list[Stage]:
    return [make(key, questions) for key in STAGES]
