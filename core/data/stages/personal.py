"""Personal data is replaced by what kind it is: patterns propose, check digits and numbering plans decide.

No names: those need more than a pattern. Addresses are found where the street calls itself one.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator

import phonenumbers
from stdnum import iban, luhn

from core.data.document import Document
from core.data.stage import Change, Kept, Stage

Found = Iterator[tuple[int, int]]
REGIONS = ("US", "GB")  # how a number without a country is dialled; abroad is 011 from the one, 00 from the other
# A number that is written in groups, in those of its country: else numbers of versions are taken for telephones.
LENIENCY = phonenumbers.Leniency.STRICT_GROUPING

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_CARD = re.compile(r"(?<![\w-])[2-6](?:[ -]?\d){12,18}(?![\w-])")
_IP = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7})(?![\w:]|\.\d)")
_STREET = "Street|Road|Lane|Avenue|Row|Way|Hill|Square"
_ADDRESS = re.compile(rf"\b\d{{1,4}} (?:[A-Z]\w+ ){{1,3}}(?:{_STREET}), [A-Z]\w+")
_DIGITS = re.compile(r"\d(?:\D{0,3}\d){6}")


def _checked(pattern: re.Pattern[str], passes: Callable[[str], object]) -> Callable[[str], Found]:
    return lambda text: (found.span() for found in pattern.finditer(text) if passes(found[0]))


def _is_ip(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def _is_card(text: str) -> bool:
    return bool(luhn.is_valid(re.sub(r"\D", "", text)))


def _phones(text: str) -> Found:
    if not _DIGITS.search(text):
        return
    for region in REGIONS:
        for found in phonenumbers.PhoneNumberMatcher(text, region, LENIENCY):
            yield found.start, found.end


FINDERS: dict[str, Callable[[str], Found]] = {  # in this order: a card's digits are not to be taken for a telephone's
    "email": _checked(_EMAIL, bool),
    "iban": _checked(_IBAN, iban.is_valid),
    "card": _checked(_CARD, _is_card),
    "ip": _checked(_IP, _is_ip),
    "address": _checked(_ADDRESS, bool),
    "phone": _phones,
}


class PersonalData(Stage):
    name = "personal data"
    purpose = "Replaces addresses, telephone, card and account numbers by a word for what they were."
    mends = frozenset({*FINDERS, "name"})

    def judge(self, document: Document) -> Kept:
        text, changes = document.text, []
        for kind, find in FINDERS.items():
            placeholder = f"[{kind.upper()}]"
            pieces, end = [], 0
            for start, stop in sorted(set(find(text))):
                if start < end:
                    continue
                changes.append(Change(text[start:stop], placeholder, kind))
                pieces += [text[end:start], placeholder]
                end = stop
            text = "".join([*pieces, text[end:]])
        return Kept(Document(document.id, text, document.meta), tuple(changes))
