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


def usual(questions: Sequence[str]) -> list[Stage]:
    """Text first, then whole documents, what costs little before what costs much. questions: of the test."""
    return [
        Extract(), Repair(), Normalise(), Language(), GopherRepetition(), GopherQuality(), C4(), FineWeb(),
        ExactDuplicates(), NearDuplicates(), PersonalData(), Decontaminate(questions), Licence(),
    ]  # fmt: skip
