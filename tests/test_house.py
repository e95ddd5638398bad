"""The house of DESIGN.md: each storey imports only those below it, and what must not be imported is not."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STOREYS = (  # from the ground up
    "core.text", "core.data", "core.model", "core.generation", "core.analysis", "core.tuning", "core.prompting",
    "core.uses", "core.training", "core.runs", "core.jobs", "core.lab", "core.figures",
)  # fmt: skip
PAGES = {path.stem for path in (ROOT / "pages").glob("*.py")}
SOURCES = sorted([ROOT / "app.py", *(ROOT / "core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")])


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    """Every module that the file imports anywhere, with the names taken from it, as dotted paths."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the storey"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def under(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_each_storey_knows_only_those_below(path):
    module = module_of(path)
    for name in imports(path):
        if under(module, "core"):
            assert not under(name, "pages") and not under(name, "streamlit"), name
            floor = next((i for i, storey in enumerate(STOREYS) if under(module, storey)), len(STOREYS))
            for storey in STOREYS[floor + 1 :]:
                assert not under(name, storey), f"{module} imports {name}"
        if under(module, "pages"):
            assert not under(name, "torch"), f"{module} imports {name}"
            assert not under(name, "app")
            other = name.split(".")[1] if under(name, "pages") and name.count(".") else "ui"
            assert other == "ui", f"{module} imports the page {name}"


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_no_pickle_eval_or_raw_html(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in ("eval", "exec") and "pickle" not in called, called
            keywords = {word.arg for word in node.keywords}
            assert not keywords & {"unsafe_allow_html", "unsafe_allow_javascript"}, called
    assert not any(under(name, "pickle") for name in imports(path))


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_python_is_shown_by_the_truth_line_alone(path):
    """There, tests/pages/test_code.py runs it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "st.code":
            said = {word.arg: ast.unparse(word.value) for word in node.keywords}
            assert said.get("language") == "None" or module_of(path) == "pages.ui.caption"


def test_only_jobs_starts_processes():
    starters = {module_of(path) for path in SOURCES if any(under(n, "subprocess") for n in imports(path))}
    assert starters <= {"core.jobs.server"}


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_files_stay_short(path):
    lines = len(path.read_text().splitlines())
    assert lines < 400
    if path.parent == ROOT / "pages":
        assert lines <= 150, "a page is about 130 lines at most: move drawing to core.figures, logic to core"


def test_text_data_and_figures_do_not_load_torch():
    rooms = "core.text, core.data.build, core.data.pairs, core.data.sharded, core.figures.data, pages.ui.state"
    code = f"import sys, {rooms}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_the_server_and_its_pages_import_neither_plotly_nor_pandas():
    """They take a second, and two who import them at once see an error. Notebooks alone need plotly's objects."""
    heavy = ("plotly", "pandas")
    found = {module_of(path) for path in SOURCES if any(under(n, p) for n in imports(path) for p in heavy)}
    assert found == {"core.figures.notebook"}


def test_no_circles():
    """Module to module; a package's own __init__, which gathers names, may be asked for anywhere."""
    files = {module_of(path): path for path in SOURCES if path.name != "__init__.py"}
    arrows = {}
    for module, path in files.items():
        taken = imports(path)
        arrows[module] = {other for other in files if other != module and any(under(name, other) for name in taken)}
    while ends := {module for module, after in arrows.items() if not after & arrows.keys()}:
        arrows = {module: after for module, after in arrows.items() if module not in ends}
    assert not arrows, "these import one another in a circle, or lead into one"
