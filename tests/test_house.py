"""The house of DESIGN.md: each storey imports only those below it, and what must not be imported is not."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

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


@cache
def nodes(path: Path) -> list[ast.Import | ast.ImportFrom | ast.Call]:
    """What the file imports and calls, anywhere."""
    kinds = ast.Import | ast.ImportFrom | ast.Call
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, kinds)]


@cache
def imports(path: Path) -> set[str]:
    """Every module that the file imports anywhere, with the names taken from it, as dotted paths."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the storey"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@cache
def calls(path: Path) -> list[tuple[str, dict[str | None, ast.expr]]]:
    """(what is called, its keywords), of every call in the file."""
    found = (node for node in nodes(path) if isinstance(node, ast.Call))
    return [(ast.unparse(node.func), {word.arg: word.value for word in node.keywords}) for node in found]


def under(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def test_each_storey_knows_only_those_below():
    for path in SOURCES:
        module = module_of(path)
        for name in imports(path):
            wrong = f"{module} imports {name}"
            if under(module, "core"):
                assert not under(name, "pages") and not under(name, "streamlit"), wrong
                floor = next((i for i, storey in enumerate(STOREYS) if under(module, storey)), len(STOREYS))
                assert not any(under(name, storey) for storey in STOREYS[floor + 1 :]), wrong
            if under(module, "pages"):
                assert not under(name, "torch") and not under(name, "app"), wrong
                other = name.split(".")[1] if under(name, "pages") and name.count(".") else "ui"
                assert other == "ui", f"{module} imports the page {name}"


def test_no_pickle_eval_or_raw_html():
    for path in SOURCES:
        for called, keywords in calls(path):
            assert called not in ("eval", "exec") and "pickle" not in called, (path, called)
            assert not keywords.keys() & {"unsafe_allow_html", "unsafe_allow_javascript"}, (path, called)
        assert not any(under(name, "pickle") for name in imports(path)), path


def test_python_is_shown_by_the_truth_line_alone():
    """There, tests/pages/test_code.py runs it."""
    for path in SOURCES:
        shown = [keywords.get("language") for called, keywords in calls(path) if called == "st.code"]
        as_python = [word for word in shown if word is None or ast.unparse(word) != "None"]
        assert not as_python or module_of(path) == "pages.ui.caption", path


def test_only_jobs_starts_processes():
    starters = {module_of(path) for path in SOURCES if any(under(n, "subprocess") for n in imports(path))}
    assert starters <= {"core.jobs.processes"}


def test_files_stay_short():
    lines = {path: len(path.read_text().splitlines()) for path in SOURCES}
    assert {path for path, count in lines.items() if count >= 400} == set()
    long = {path for path, count in lines.items() if path.parent == ROOT / "pages" and count > 150}
    assert not long, "a page is about 130 lines at most: move drawing to core.figures, logic to core"


def test_text_data_and_figures_do_not_load_torch():
    rooms = "core.text, core.data.build, core.data.pairs, core.data.sharded, core.figures.data, pages.ui.state"
    code = f"import sys, {rooms}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_torch_is_imported_before_what_is_inside_it():
    """Who begins with torch.nn holds that module's lock and waits for torch's, and a thread that imports torch the
    other way round: Python gives one of them a torch that is not whole yet, and its visitor an error."""
    for path in SOURCES:
        lines = sorted(
            (node.lineno, name)
            for node in nodes(path)
            for name in ([node.module] if isinstance(node, ast.ImportFrom) and node.module else
                         [alias.name for alias in node.names] if isinstance(node, ast.Import) else [])
            if under(name, "torch")
        )  # fmt: skip
        assert not lines or lines[0][1] == "torch", path


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
