"""Documents from files that somebody brings: txt, md, html, jsonl, csv, and zips of these. What cannot be read is said.

Nothing is written to disk: a name in a zip is only a name. Of a zip no more is unpacked than may be.
"""

import csv
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.data.document import Document
from core.text.files import decode_file

MOST_BYTES = 20_000_000  # of all files together, as they come
MOST_UNPACKED = 40_000_000  # of what lies in zips, all together
MOST_FILES = 1000  # in a zip
MOST_DOCUMENTS = 200_000
LONGEST_CELL = 10_000_000  # characters of a field of a csv
FORMATS = {
    "txt": "text", "text": "text", "md": "text", "markdown": "text", "html": "html", "htm": "html", "xhtml": "html",
    "jsonl": "jsonl", "ndjson": "jsonl", "csv": "csv", "zip": "zip",
}  # fmt: skip
READABLE = "txt, md, html, jsonl, csv and zip files"
TOO_MUCH = f"It was left out: unpacked, the zips would have more than {MOST_UNPACKED // 1_000_000} MB together."
TEXT_FIELDS = ("text", "content", "body", "document", "raw_content")
csv.field_size_limit(LONGEST_CELL)


@dataclass(frozen=True, slots=True)
class Read:
    """What became of one file: how many documents it gave, and what was left out, and why."""

    name: str
    documents: int
    bytes: int
    note: str = ""


class Files:
    """Reads files one after another; `reports` says what became of each of them."""

    def __init__(self) -> None:
        self.reports: list[Read] = []
        self._unpacked = 0
        self._count = 0

    def read(self, files: Iterable[tuple[str, bytes]]) -> Iterator[Document]:
        """The documents of (name, content) pairs, numbered from 0. Never raises for what is in a file."""
        taken = 0
        for name, data in files:
            taken += len(data)
            if taken > MOST_BYTES:
                size = f"with it the files would have more than {MOST_BYTES // 1_000_000} MB together"
                self.reports.append(Read(name, 0, len(data), f"It was left out: {size}."))
                taken -= len(data)
                continue
            yield from self._file(name, data, in_zip=False)

    def _file(self, name: str, data: bytes, in_zip: bool) -> Iterator[Document]:
        before, notes = self._count, list[str]()
        kind = FORMATS.get(name.rpartition(".")[2].lower() if "." in name else "", "")
        if problem := self._problem(kind, data, in_zip):
            self.reports.append(Read(name, 0, len(data), problem))
            return
        if kind == "zip":
            yield from self._zip(name, data)
            return
        text, note = decode_file(data)
        if note:
            notes.append(note.strip())
        if text.count("\x00") > 0 or _is_binary(text):
            self.reports.append(Read(name, 0, len(data), "It was left out: this is not text."))
            return
        for found in _READERS[kind](text, notes):
            if self._count >= MOST_DOCUMENTS:
                notes.append(f"Only the first {MOST_DOCUMENTS:,} documents of all files were read.")
                break
            yield Document(self._count, found, {"format": "html" if kind == "html" else "text", "file": name})
            self._count += 1
        got = self._count - before
        self.reports.append(Read(name, got, len(data), " ".join(notes) or ("" if got else "Nothing was found in it.")))

    def _problem(self, kind: str, data: bytes, in_zip: bool) -> str:
        if not kind:
            return f"It was left out: only {READABLE} are read."
        if not data.strip():
            return "It was left out: it is empty."
        if kind == "zip" and in_zip:
            return "It was left out: a zip within a zip is not opened."
        return ""

    def _zip(self, name: str, data: bytes) -> Iterator[Document]:
        try:
            archive = zipfile.ZipFile(io.BytesIO(data))
            members = [member for member in archive.infolist() if not member.is_dir()]
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeDecodeError):
            self.reports.append(Read(name, 0, len(data), "It was left out: it is damaged, or no zip file."))
            return
        if len(members) > MOST_FILES:
            note = f"Of its {len(members):,} files only the first {MOST_FILES:,} were looked at."
            self.reports.append(Read(name, 0, len(data), note))
        for member in members[:MOST_FILES]:
            inside = f"{name} › {member.filename}"
            if _escapes(member.filename):
                note = "It was left out: its name leads out of the zip, as only a malicious or damaged one does."
                self.reports.append(Read(inside, 0, 0, note))
                continue
            if _hidden(member.filename):
                continue
            try:
                content = self._unpack(archive, member)
            except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, ValueError):
                self.reports.append(Read(inside, 0, 0, "It was left out: it cannot be unpacked."))
                continue
            if content is None:
                self.reports.append(Read(inside, 0, 0, TOO_MUCH))
                continue
            self._unpacked += len(content)
            yield from self._file(inside, content, in_zip=True)

    def _unpack(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes | None:
        """What the zip says about the size is not believed: reading stops where there is no room left."""
        room = MOST_UNPACKED - self._unpacked
        with archive.open(member) as file:
            content = file.read(room + 1)
        return content if len(content) <= room else None


def _escapes(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or (len(name) > 1 and name[1] == ":")


def _hidden(name: str) -> bool:
    """What some systems put into every zip."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2] in (".DS_Store", "Thumbs.db")


def _is_binary(text: str) -> bool:
    """Text has hardly any control characters, and not too many bytes that spell nothing."""
    sample = text[:100_000]
    strange = sum(c == "\ufffd" or (c < " " and c not in "\t\n\r\f") for c in sample)
    return strange > 0.3 * len(sample)


def _whole(text: str, _notes: list[str]) -> Iterator[str]:
    if text.strip():
        yield text


def _jsonl(text: str, notes: list[str]) -> Iterator[str]:
    """A document for each line: a string, or an object with a field that holds the text."""
    broken, without, first = 0, 0, 0
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            broken, first = broken + 1, first or number
            continue
        found = value if isinstance(value, str) else _field(value)
        if found is None or not found.strip():
            without += 1
            continue
        yield found
    if broken:
        notes.append(
            f"Line {first:,} is no JSON and was left out." if broken == 1 else
            f"{broken:,} lines are no JSON and were left out, the first of them {first:,}."
        )  # fmt: skip
    if without:
        lines = "1 line has" if without == 1 else f"{without:,} lines have"
        notes.append(f"{lines} no text in a field called {', '.join(TEXT_FIELDS)}; left out.")


def _field(value: object) -> str | None:
    if not isinstance(value, dict):
        return None
    return next((value[name] for name in TEXT_FIELDS if isinstance(value.get(name), str)), None)


def _csv(text: str, notes: list[str]) -> Iterator[str]:
    """A document for each row: the column called text, content, …, or else the one with the longest cells."""
    try:
        dialect: type[csv.Dialect] | str = csv.Sniffer().sniff(text[:20_000], ",;\t|")
    except csv.Error:
        dialect = "excel"
    rows = csv.reader(io.StringIO(text, newline=""), dialect)
    try:
        table = [row for row in rows if any(cell.strip() for cell in row)]
    except csv.Error as error:
        notes.append(f"It was left out: its rows cannot be told apart ({error}).")
        return
    if not table:
        return
    header = [cell.strip().lower() for cell in table[0]]
    named = next((header.index(name) for name in TEXT_FIELDS if name in header), None)
    if named is None:
        width = max(map(len, table))
        named = max(range(width), key=lambda i: sum(len(row[i]) for row in table if i < len(row)))
        notes.append(f"No column is called {', '.join(TEXT_FIELDS)}: column {named + 1}, the longest, was read.")
        body = table
    else:
        body = table[1:]
    short = 0
    for row in body:
        if named < len(row) and row[named].strip():
            yield row[named]
        else:
            short += 1
    if short:
        notes.append(f"{short:,} rows have nothing in that column, and were left out.")


_READERS = {"text": _whole, "html": _whole, "jsonl": _jsonl, "csv": _csv}
