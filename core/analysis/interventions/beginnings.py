"""What was found of recent texts, for others that begin alike: of one that somebody goes on typing, most was read."""

from collections.abc import Sequence

from core.analysis.interventions.intervene import PartChanges
from core.sequences import common_beginning

MOST_BYTES = 2**25  # eleven texts of 22 tokens of the shipped model, or one that fills its context


class Beginnings:
    """The changes found of the latest texts, all of the same parts ablated in the same way. Threads share it."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self.kept: tuple[PartChanges, ...] = ()  # the latest first; replaced as a whole, so nobody sees half a change

    def closest(self, ids: Sequence[int]) -> PartChanges | None:
        """Of the text that begins with most of the same ids; of such, of the latest. None: nothing is kept."""
        return max(self.kept, key=lambda one: common_beginning(one.ids, ids), default=None)

    def keep(self, changes: PartChanges) -> None:
        """Also these; the oldest go where there are too many bytes. What has no past is of no use to another text."""
        kept, room = [], self.most_bytes
        for one in (changes, *self.kept):
            if one.past is not None and (room := room - one.past.nbytes) >= 0:
                kept.append(one)
        self.kept = tuple(kept)
