"""Writes requirements*.txt from pyproject.toml, the one list of dependencies: `make requirements`."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAD = "# Made from pyproject.toml by `make requirements`: {}.\n"


def requirements() -> dict[str, str]:
    """File name -> contents. Extras that name an extra of ours are written out."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]

    def written_out(names: list[str]) -> list[str]:
        ours = {f"{project['name']}[{extra}]": extra for extra in extras}
        return [pin for name in names for pin in (written_out(extras[ours[name]]) if name in ours else [name])]

    run = HEAD.format("what Glassbox needs to run") + "".join(f"{pin}\n" for pin in project["dependencies"])
    dev = HEAD.format("what its tests need on top") + "-r requirements.txt\n"
    return {
        "requirements.txt": run,
        "requirements-dev.txt": dev + "".join(f"{pin}\n" for pin in sorted(written_out(extras["dev"]))),
    }


if __name__ == "__main__":
    for name, text in requirements().items():
        (ROOT / name).write_text(text)
