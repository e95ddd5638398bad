"""Every header that a page sends is of the type that its component was checked with: assets/components/headers.d.ts."""

import json
import struct

import pytest

from pages.ui import background
from pages.ui.scripts import FOLDER
from tests.headers import TYPES, faults
from tests.navigation import PAGES
from tests.waiting import wait_for

WITHOUT = {"attention_head", "pin", "takeaway", "typed"}  # these are sent nothing
VISITS = [{}, {"cursor": "2", "text": "the red ball of <|user|> é", "block": "1", "cell": "q.0.1", "word": " Suki"}]


def headers(at) -> list[tuple[str, dict]]:
    """(component, header) for each component of a page."""
    found = []
    for element in at.get("bidi_component"):
        data = element.proto.bytes
        (size,) = struct.unpack("<I", data[:4])
        found.append(
            (element.proto.component_name.rsplit(".", 1)[-1].removeprefix("glassbox_"), json.loads(data[4 : 4 + size]))
        )
    return found


@pytest.fixture
def patient(monkeypatch):
    """Nothing is left to the background: what a page asks for is there when it asks."""
    monkeypatch.setattr(background, "PATIENCE", 120)
    monkeypatch.setattr("core.analysis.embeddings.words.training_texts.__defaults__", (40,))


@pytest.mark.thorough
def test_headers_are_of_their_types(app, patient):
    seen = set()
    at = app("data")  # its first run goes on in a process of its own
    wait_for(lambda: at.run() and "passages" in dict(headers(at)))
    for page in PAGES:
        for visit in VISITS:
            for name, header in headers(app(page, **visit)):
                seen.add(name)
                if name in WITHOUT:
                    assert header == {}
                else:
                    type_name = "".join(part.capitalize() for part in name.split("_")) + "Header"
                    assert list(faults(header, TYPES[type_name], f"{page}: {name}"))[:5] == []
    assert seen == {folder.name for folder in FOLDER.iterdir() if folder.is_dir()} - {"shared"}


def test_every_component_has_a_type_and_every_header_a_component():
    folders = {folder.name for folder in FOLDER.iterdir() if folder.is_dir()} - {"shared"}
    named = {name.removesuffix("Header").lower() for name in TYPES if name.endswith("Header")}
    assert named == {name.replace("_", "") for name in folders - WITHOUT}


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        ({"key": 3}, "key: 3"),
        ({}, "key is missing"),
        ({"key": "a", "more": 1}, "more is not"),
    ],
)
def test_a_fault_is_found(header, fault):
    assert fault in next(faults(header, TYPES["OwnerHeader"]))
