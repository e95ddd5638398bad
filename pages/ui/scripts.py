"""The scripts of assets/components as the browser gets them: ES modules, compressed, and kept by it for good.

Their address carries a hash of all of them (`VERSION`): what lies at an address never changes, and a module finds the
others by their relative paths. Streamlit is given only `stub(name)`, a line that imports the component.
"""

import gzip
import hashlib
import json
from pathlib import Path

from core.figures.palette import THEME

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "components"


def _read() -> dict[str, bytes]:
    """Every module by its path below assets/components; the palette is made from theme.json."""
    found = {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in sorted(FOLDER.rglob("*.js"))}
    return found | {"shared/palette.js": f"export const THEME = {json.dumps(THEME)};\n".encode()}


MODULES = _read()
VERSION = hashlib.sha256(b"".join(name.encode() + body for name, body in MODULES.items())).hexdigest()[:12]
_GZIPPED = {name: gzip.compress(body, 6) for name, body in MODULES.items()}


def stub(name: str) -> str:
    """The script of the component `name` as Streamlit is given it. The app may lie below the root of its host; a module
    that could not be fetched is asked for again a second later, unless the page has been left."""
    assert f"{name}/{name}.js" in MODULES
    return (
        f'const address = "assets/components/{VERSION}/{name}/{name}.js";\n'
        'const root = location.origin + location.pathname.replace(/[^/]*\\/?$/, "");\n'
        "const load = () => import(new URL(address, root).href);\n"
        "const again = () => new Promise((done) => setTimeout(done, 1000)).then(load);\n"
        "export default (await load().catch(again)).default;\n"
    )


def module(version: str, name: str, compressed: bool) -> bytes | None:
    """The text of a module, or None: there is no such one, or it is of another version of the app."""
    return (_GZIPPED if compressed else MODULES).get(name) if version == VERSION else None
