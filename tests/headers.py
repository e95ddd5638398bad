"""Reads assets/components/headers.d.ts, and says where a header is not of its type."""

import re
from collections.abc import Iterator
from typing import Any

from pages.ui.scripts import FOLDER

TOKEN = re.compile(r'"[^"]*"|[A-Za-z_]\w*|\d+|[{}()\[\]<>,;:|?]')
Type = tuple[
    Any, ...
]  # ("name", "string"), ("or", types), ("list", type), ("tuple", types), ("object", fields), ("map", type)


class Parser:
    """A recursive descent through the part of the language that the file uses."""

    def __init__(self, text: str) -> None:
        self.tokens = TOKEN.findall(re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S))
        self.at = 0

    def take(self, wanted: str = "") -> str:
        token = self.tokens[self.at]
        assert not wanted or token == wanted, f"{token} instead of {wanted}"
        self.at += 1
        return token

    def meets(self, token: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at] == token:
            self.at += 1
            return True
        return False

    def interfaces(self) -> dict[str, Type]:
        found: dict[str, Type] = {}
        while self.at < len(self.tokens):
            self.take("export")
            self.take("interface")
            name = self.take()
            inherited = found[self.take()][1] if self.meets("extends") else {}
            found[name] = ("object", inherited | self.fields())
        return found

    def fields(self) -> dict[str, tuple[bool, Type]]:
        """Name -> (may be missing, type)."""
        self.take("{")
        found = {}
        while not self.meets("}"):
            name, optional = self.take(), self.meets("?")
            self.take(":")
            found[name] = (optional, self.union())
            self.meets(";")
        return found

    def union(self) -> Type:
        types = [self.lists()]
        while self.meets("|"):
            types.append(self.lists())
        return types[0] if len(types) == 1 else ("or", types)

    def lists(self) -> Type:
        made = self.one()
        while self.meets("["):
            self.take("]")
            made = ("list", made)
        return made

    def one(self) -> Type:
        if self.meets("("):
            made = self.union()
            self.take(")")
            return made
        if self.meets("["):
            types = [self.union()]
            while self.meets(","):
                types.append(self.union())
            self.take("]")
            return ("tuple", types)
        if self.tokens[self.at] == "{":
            return ("object", self.fields())
        if self.meets("Record"):
            self.take("<")
            self.union()
            self.take(",")
            made = ("map", self.union())
            self.take(">")
            return made
        return ("name", self.take())


TYPES = Parser((FOLDER / "headers.d.ts").read_text()).interfaces()
PLAIN = {"string": str, "number": (int, float), "boolean": bool, "null": type(None)}


def faults(value: Any, wanted: Type, where: str = "") -> Iterator[str]:
    """What is wrong with a value, and where; nothing if it is of the type."""
    kind, inner = wanted
    if kind == "name" and inner in TYPES:
        yield from faults(value, TYPES[inner], where)
    elif kind == "name":
        literal = {f'"{value}"', str(value)} if not isinstance(value, bool) else set()
        fits = isinstance(value, PLAIN[inner]) if inner in PLAIN else inner in literal
        if not fits or (inner == "number" and isinstance(value, bool)):
            yield f"{where}: {value!r} is not {inner}"
    elif kind == "or":
        if all(any(faults(value, one)) for one in inner):
            yield f"{where}: {value!r} is none of {len(inner)} types"
    elif kind in ("list", "tuple"):
        types = [inner] * len(value) if kind == "list" and isinstance(value, list) else inner
        if not isinstance(value, list) or len(value) != len(types):
            yield f"{where}: {value!r} is no {kind} of that length"
        else:
            for i, (item, one) in enumerate(zip(value, types, strict=True)):
                yield from faults(item, one, f"{where}[{i}]")
    elif not isinstance(value, dict):
        yield f"{where}: {value!r} is no object"
    elif kind == "map":
        for key, item in value.items():
            yield from faults(item, inner, f"{where}.{key}")
    else:
        for name in value.keys() - inner.keys():
            yield f"{where}.{name} is not in headers.d.ts"
        for name, (optional, one) in inner.items():
            if name in value:
                yield from faults(value[name], one, f"{where}.{name}")
            elif not optional:
                yield f"{where}.{name} is missing"
