r"""The text of a file whose encoding nobody knows: UTF-8, or UTF-16 and UTF-32 with or without their mark.

>>> decode_file("naïve".encode())
('naïve', '')
>>> decode_file("naïve, in sixteen bits".encode("utf-16-be"))
('naïve, in sixteen bits', 'The file was read as UTF-16, with the high byte first. ')
"""

import codecs

import regex

# The longer marks first: that of UTF-32 begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UNMARKED = {
    "utf-32-le": "UTF-32, with the low byte first",
    "utf-32-be": "UTF-32, with the high byte first",
    "utf-16-le": "UTF-16, with the low byte first",
    "utf-16-be": "UTF-16, with the high byte first",
}
NUL = "There are NUL characters in it: it may not be a text. "
SAMPLE = 100_000  # bytes by which an encoding is guessed: divisible by four
# What every text is full of, whatever its language: spaces, line ends, digits, ASCII and ideographic punctuation. With
# the bytes of a pair exchanged hardly anything is of this kind.
_COMMON = regex.compile(r"[ \n\r\t!-~，。、「」？！：]")
_NEVER = regex.compile(r"[\p{Cn}\p{Co}\x00-\x08\x0e-\x1f]")  # unassigned, private, control


def decode_file(data: bytes) -> tuple[str, str]:
    """The text of a file, and a sentence about what had to be done to read it ("" when nothing)."""
    marked = next((name for mark, name in MARKS if data.startswith(mark)), "")
    guessed = "" if marked else _guess_encoding(data)
    encoding = marked or guessed or "utf-8"
    text = data.decode(encoding, "replace")
    note = f"The file was read as {UNMARKED[guessed]}. " if guessed else ""
    wrong = text.count("\ufffd") - (data.count("\ufffd".encode()) if encoding.startswith("utf-8") else 0)
    if wrong > 0:
        kind = encoding.removesuffix("-sig").upper()
        note += f"In {wrong:,} places bytes that spell no character became �: this is not {kind}. "
    return text, note + (NUL if "\x00" in text else "")


def _guess_encoding(data: bytes) -> str:
    """The encoding of more than one byte that unmarked data is in; "" when it is UTF-8 or nothing fits."""
    if len(data) < 4 or (b"\x00" not in data and _is_utf8(data)):
        return ""
    scores = {name: _score(data[:SAMPLE], name) for name in UNMARKED if len(data) % (4 if "32" in name else 2) == 0}
    best = max(scores, key=scores.__getitem__, default="")
    return best if best and scores[best] > 0 else ""


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _score(data: bytes, encoding: str) -> float:
    """How much of the data is what texts are full of; 0 when it is no text in this encoding."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError:
        return 0.0
    if not text or len(_NEVER.findall(text)) > 0.001 * len(text):
        return 0.0
    common = len(_COMMON.findall(text)) / len(text)
    return common if common > 0.03 else 0.0
