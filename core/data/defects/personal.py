"""Personal data that belongs to nobody, and numbers that only look like it.

Every number is from a range kept free for examples and fiction, and passes its check: domains of RFC 2606, addresses of
RFC 5737 and 3849, telephone numbers that regulators reserve for drama, card numbers of payment test ranges, bank codes
that no bank has.
"""

from collections.abc import Callable
from random import Random

from stdnum import iban, luhn

from core.data.writer import Writer
from core.text.tinyland import lexicon
from core.text.tinyland.birthdays import FIRST_NAMES, LAST_NAMES

STREETS = ("Mill Lane", "Station Road", "Church Street", "Orchard Row", "Harbour Way", "Green Hill")
PHONES = (  # # is any digit
    "(202) 555-01##", "+1 312-555-01##", "+44 20 7946 0###", "+49 30 23125###", "0049 171 39200##",
    "+33 1 99 00 ## ##", "+61 491 570 15#", "+46 31 390 06 ##",
)  # fmt: skip
CARDS = ("4000 00## #### ###", "5200 82## #### ###", "3782-82####-####", "401288########")
IBANS = ("GBTEST##############", "DE5000000" + "#" * 11, "NLTEST##########")


def _digits(rng: Random, pattern: str) -> str:
    return "".join(str(rng.randrange(10)) if c == "#" else c for c in pattern)


def _email(rng: Random, name: str) -> str:
    first, last = name.lower().split()
    domain = rng.choice(("example.com", "example.org", "mail.example.net"))
    return rng.choice((f"{first}.{last}", f"{first}{rng.randint(2, 99)}", f"{first[0]}_{last}")) + f"@{domain}"


def _card(rng: Random, _name: str) -> str:
    number = _digits(rng, rng.choice(CARDS))
    return number + luhn.calc_check_digit("".join(c for c in number if c.isdigit()))


def _iban(rng: Random, _name: str) -> str:
    pattern = _digits(rng, rng.choice(IBANS))
    number = f"{pattern[:2]}00{pattern[2:]}"
    number = number[:2] + iban.calc_check_digits(number) + number[4:]
    return iban.format(number) if rng.random() < 0.6 else number


def _ip(rng: Random, _name: str) -> str:
    network = rng.choice(("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8::"))
    return f"{network}{rng.randint(1, 254):{'x' if ':' in network else 'd'}}"


def _address(rng: Random, _name: str) -> str:
    return f"{rng.randint(1, 199)} {rng.choice(STREETS)}, {rng.choice(lexicon.TOWN_NAMES)}"


WRITTEN: dict[str, tuple[Callable[[Random, str], str], str]] = {
    "email": (_email, "You can write to {n} at {x} or call at the office."),
    "phone": (lambda rng, _name: _digits(rng, rng.choice(PHONES)), "{n} can be reached by telephone: {x}."),
    "card": (_card, "The tickets were paid for by {n} with the card {x}."),
    "iban": (_iban, "Please send the money for the cake to {n}, {x}, before the end of the week."),
    "ip": (_ip, "The last message of {n} came from {x} and was read by all."),
    "address": (_address, "Bring the parcel to {n}, {x}, and ring the bell."),
}
KINDS = tuple(WRITTEN)
DECOYS = (  # what looks like it -> where
    ("card", "The number of the order is {x}, and the parcel is on its way.", "4000 0012 3456 ####"),
    ("card", "The log begins at {x} and ends an hour later.", "17#####00####"),
    ("ip", "Version {x} of the program has a new button.", "3.1#.256.#"),
    ("phone", "The book with the ISBN {x} is about owls.", "978-0-00-######-#"),
    ("phone", "The fair was held from {x}, every day.", "12.05.201# to 14.05.201#"),
    ("phone", "There were {x} ants in the garden.", "1,202,555,1##"),
    ("email", "Follow {x} to see the pictures of the cat.", "@cat_of_the_day_##"),
    ("iban", "The engine has the serial number {x} and is still new.", "GB00ENGINE##########"),
)


def _passes(kind: str, number: str) -> bool:
    """By accident, which a decoy must not."""
    if kind == "card":
        return bool(luhn.is_valid("".join(c for c in number if c.isdigit())))
    return kind == "iban" and bool(iban.is_valid(number))


def person(rng: Random, page: Writer, kind: str) -> None:
    """A paragraph in which a name stands beside one piece of personal data."""
    make, sentence = WRITTEN[kind]
    name = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
    before, rest = sentence.split("{n}")
    between, after = rest.split("{x}")
    page.markup("<p>")
    for piece, label in ((before, None), (name, "name"), (between, None), (make(rng, name), kind), (after, None)):
        if label:
            with page.labelled(label):
                page.text(piece)
        else:
            page.text(piece)
    page.markup("</p>\n")


def decoy(rng: Random, page: Writer) -> None:
    kind, sentence, pattern = rng.choice(DECOYS)
    number = _digits(rng, pattern)
    while _passes(kind, number):
        number = _digits(rng, pattern)
    before, after = sentence.split("{x}")
    page.markup("<p>")
    page.text(before)
    with page.labelled("decoy"):
        page.text(number)
    page.text(after)
    page.markup("</p>\n")
