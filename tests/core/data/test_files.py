"""Files that people bring: each kind, and each way in which one can be bad. The rest always goes on."""

import csv
import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data import files as module
from core.data.files import Files


def read(*files):
    """Documents, and the note of each file."""
    reader = Files()
    documents = list(reader.read(files))
    assert [document.id for document in documents] == list(range(len(documents)))
    assert sum(report.documents for report in reader.reports) == len(documents)
    return documents, {report.name: report.note for report in reader.reports}


def zipped(members, **options):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data, **options)
    return whole.getvalue()


GOOD = ("good.txt", b"A text that can be read.")


def test_every_kind_of_file():
    rows = io.StringIO()
    csv.writer(rows).writerows([["id", "text"], ["1", "one, two"], ["2", "three\nfour"]])
    documents, notes = read(
        ("a.txt", b"plain"),
        ("b.MD", b"# title"),
        ("c.html", b"<p>page"),
        ("d.jsonl", b'{"text": "first"}\n\n"second"\n'),
        ("e.csv", rows.getvalue().encode()),
        ("f.zip", zipped({"in/g.txt": "inside", "h.jsonl": '{"content": "third"}'})),
    )
    texts = ["plain", "# title", "<p>page", "first", "second", "one, two", "three\nfour", "inside", "third"]
    assert [document.text for document in documents] == texts
    assert [document.meta["format"] for document in documents] == ["text", "text", "html", *["text"] * 6]
    assert documents[7].meta["file"] == "f.zip › in/g.txt"
    assert set(notes.values()) == {""}


BOMB = zipped({f"{i}.txt": b"a" * 15_000_000 for i in range(6)})
ENCRYPTED = bytearray(zipped({"x.txt": "secret"}))
ENCRYPTED[6] |= 1  # the flag that says so, in the header of the file and in the directory
ENCRYPTED[ENCRYPTED.index(b"PK\x01\x02") + 8] |= 1
BAD = {
    "empty": ("x.txt", b"", "it is empty"),
    "only spaces": ("x.txt", b" \n\t", "it is empty"),
    "binary": ("x.txt", bytes(range(256)) * 40, "not text"),
    "a picture called text": ("x.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(400), "not text"),
    "unknown kind": ("x.exe", b"text", "only txt, md, html, jsonl, csv and zip files"),
    "no ending": ("readme", b"text", "only txt"),
    "no zip": ("x.zip", b"PK\x03\x04 but no more", "damaged, or no zip"),
    "cut off": ("x.zip", zipped({"a.txt": "b" * 5000})[:60], "damaged, or no zip"),
    "zip in a zip": ("x.zip", zipped({"y.zip": zipped({"a.txt": "b"})}), "a zip within a zip"),
    "leads out": ("x.zip", zipped({"../../etc/passwd.txt": "b"}), "leads out of the zip"),
    "absolute": ("x.zip", zipped({"/etc/passwd.txt": "b"}), "leads out of the zip"),
    "drive": ("x.zip", zipped({"C:\\x.txt": "b"}), "leads out of the zip"),
    "bomb": ("x.zip", BOMB, "more than 40 MB together"),
    "encrypted": ("x.zip", bytes(ENCRYPTED), "cannot be unpacked"),
    "no json": ("x.jsonl", b'{"text": "a"}\n{broken\n[1]\n', "Line 2 is no JSON and was left out."),
    "json without text": ("x.jsonl", b'{"text": 3}\n{"title": "a"}\n7\n', "3 lines have no text in a field"),
    "deep json": ("x.jsonl", b"[" * 100_000, "Line 1 is no JSON"),
    "csv without a name": ("x.csv", b"1;a long text\n2;another long text\n", "column 2, the longest, was read"),
    "csv with holes": ("x.csv", b"text,n\na,1\n,2\nb,3\n", "1 rows have nothing in that column"),
    "too large": ("x.txt", b"a" * 20_000_001, "more than 20 MB together"),
    "wrong encoding": ("x.txt", "café crème brûlée ".encode("latin-1") * 3, "bytes that spell no character"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_bad_is_said_and_the_rest_goes_on(name):
    file, data, said = BAD[name]
    documents, notes = read((file, data), GOOD)
    assert said in " ".join(note for which, note in notes.items() if which != "good.txt")
    assert notes["good.txt"] == "" and documents[-1].text == GOOD[1].decode()


def test_a_bomb_is_not_unpacked_further_than_there_is_room(monkeypatch):
    """Whatever the directory of the zip says about sizes."""
    monkeypatch.setattr(module, "MOST_UNPACKED", 1000)
    documents, notes = read(("x.zip", zipped({"a.txt": b"a" * 900, "b.txt": b"b" * 900, "c.txt": b"c" * 90})))
    assert [document.text[0] for document in documents] == ["a", "c"]
    assert "together" in notes["x.zip › b.txt"]


def test_a_wrong_encoding_is_read_as_well_as_it_can_be():
    documents, notes = read(("x.txt", "naïve, in sixteen bits".encode("utf-16-be")))
    assert documents[0].text == "naïve, in sixteen bits" and "UTF-16" in notes["x.txt"]


def test_too_many_files_in_a_zip(monkeypatch):
    monkeypatch.setattr(module, "MOST_FILES", 3)
    documents, notes = read(("x.zip", zipped({f"{i}.txt": str(i) for i in range(5)})))
    assert len(documents) == 3 and "only the first 3" in notes["x.zip"]


def test_too_many_documents(monkeypatch):
    monkeypatch.setattr(module, "MOST_DOCUMENTS", 4)
    documents, notes = read(("x.jsonl", b'"a"\n' * 9), ("y.jsonl", b'"b"\n'))
    assert len(documents) == 4 and "Only the first 4" in notes["x.jsonl"] and "Only the first 4" in notes["y.jsonl"]


@given(
    st.lists(
        st.tuples(st.sampled_from(["a.txt", "b.jsonl", "c.csv", "d.zip", "e.html", "f"]), st.binary(max_size=200)),
        max_size=4,
    )
)
def test_nothing_that_a_file_may_hold_raises(files):
    documents, _ = read(*files)
    assert all(document.text.strip() for document in documents)


@pytest.mark.slow
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30).filter(str.strip), max_size=6))
def test_jsonl_comes_back(texts):
    whole = "\n".join(json.dumps({"text": text}) for text in texts).encode()
    documents, _ = read(("x.jsonl", whole))
    assert [document.text for document in documents] == texts
