"""The pinned lists of packages agree with pyproject.toml."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_lists_are_made_from_pyproject() -> None:
    made = runpy.run_path(str(ROOT / ".ci" / "requirements.py"))["requirements"]()
    assert made.keys() == {"requirements.txt", "requirements-dev.txt"}
    for name, text in made.items():
        assert (ROOT / name).read_text() == text, f"{name}: run `make requirements`"


def test_every_package_is_pinned_exactly() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        pins = [line for line in (ROOT / name).read_text().splitlines() if not line.startswith(("#", "-r "))]
        assert pins and all("==" in pin for pin in pins)
