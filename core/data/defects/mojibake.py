"""Text that was written in one encoding and read in another."""

from html.entities import codepoint2name
from random import Random

from core.text.tinyland import lexicon

SENTENCES = (
    "{a}’s café sells crème brûlée for 3 €, and a piñata for 20 £.",
    "“It is 20 °C in the shade,” said {a} – but the jalapeños were naïve.",
    "{a} met Zoë, José, Jürgen and Søren at the fête… “Voilà!” they cried.",
    "The smörgåsbord at {a}’s house had pâté, soufflé and a façade made of über-large biscuits.",
)
KINDS = ("cp1252", "latin1", "twice", "cp437", "macroman", "entities", "lossy")
LABELS = tuple(f"mojibake_{kind}" for kind in KINDS)


def sentence(rng: Random) -> str:
    return rng.choice(SENTENCES).format(a=rng.choice(lexicon.FEMALE_NAMES + lexicon.MALE_NAMES))


def misread(text: str, kind: str) -> str:
    """UTF-8 read as what it is not; entities escaped twice; or letters lost for ever."""
    match kind:
        case "cp1252":
            return _as_cp1252(text)
        case "twice":
            return _as_cp1252(_as_cp1252(text))
        case "latin1" | "cp437" | "macroman":
            return text.encode().decode({"macroman": "mac-roman"}.get(kind, kind))
        case "entities":
            return "".join(f"&{codepoint2name.get(ord(c), c)};" if ord(c) > 127 else c for c in text)
        case "lossy":
            return "".join(c if ord(c) < 128 else "\ufffd" for c in text)
    raise ValueError(f"unknown kind of mojibake {kind!r}; the kinds are {', '.join(KINDS)}")


def _as_cp1252(text: str) -> str:
    """As browsers read it: the five bytes that Windows-1252 leaves open are control characters."""
    return "".join(_OF_BYTE[byte] for byte in text.encode())


_OF_BYTE = tuple(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in range(256))
