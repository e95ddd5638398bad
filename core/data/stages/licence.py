"""May it be used? Only with a licence that allows it, and where nobody opted out or refused."""

from urllib.parse import urlsplit

from core.data.document import Document
from core.data.stage import Dropped, Kept, Stage

FREE = ("creativecommons.org/publicdomain/", "creativecommons.org/licenses/by/", "creativecommons.org/licenses/by-sa/")


class Licence(Stage):
    """Reads what Extract found in the head of the page."""

    name = "licence and consent"
    purpose = "Keeps what is under a free licence, and where nobody has opted out or refused."
    drops = frozenset({"no_licence", "opt_out", "no_consent"})

    def __init__(self, allowed: tuple[str, ...] = FREE) -> None:
        super().__init__()
        self.allowed = allowed

    def judge(self, document: Document) -> Kept | Dropped:
        said = document.meta
        licence = said.get("licence", "")
        if not licence:
            return Dropped("no licence")
        address = urlsplit(licence)
        if not f"{address.netloc}{address.path}".startswith(self.allowed):
            return Dropped("licence not among those allowed", licence)
        robots = {word.strip() for word in said.get("robots", "").split(",")}
        if "noai" in robots or said.get("tdm-reservation") == "1":
            return Dropped("opted out")
        return Dropped("consent refused") if said.get("consent") == "refused" else Kept(document)
