"""The lines under the figures of a page, as they are sent to the browser."""

import json
import struct
from dataclasses import dataclass, fields

from streamlit.testing.v1 import AppTest


@dataclass(frozen=True)
class Truth:
    """What a visitor reads under a figure, and behind "Show code"."""

    sentence: str
    tensor: str
    shape: str
    code: str


def truths(at: AppTest) -> list[Truth]:
    """All of the page, from its top."""
    found = (element.proto for element in at.get("bidi_component"))
    sent = [header(proto.bytes) for proto in found if "-truth-" in proto.id]
    return [Truth(**{field.name: one[field.name] for field in fields(Truth)}) for one in sent]


def header(data: bytes) -> dict:
    """The header that pages.ui.components.pack wrote."""
    (size,) = struct.unpack("<I", data[:4])
    return json.loads(data[4 : 4 + size])


def captions(at: AppTest) -> str:
    """Everything that the page says in small words: its captions, and the sentences under its figures."""
    return " ".join([*(element.value for element in at.caption), *(truth.sentence for truth in truths(at))])


def codes(at: AppTest) -> list[str]:
    """The code behind each "Show code" of the page."""
    return [truth.code for truth in truths(at)]
