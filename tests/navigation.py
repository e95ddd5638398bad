"""The pages of the app, as pages/index.py lists them, in its order."""

import ast
from pathlib import Path

INDEX = Path(__file__).parents[1] / "pages" / "index.py"


def _pages() -> dict[str, str]:
    found = {}
    for node in ast.walk(ast.parse(INDEX.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "st.Page":
            given = {word.arg: word.value for word in node.keywords}
            found[ast.literal_eval(node.args[0]).removesuffix(".py")] = ast.literal_eval(given["title"])
    return found


TITLES = _pages()  # file name -> what the navigation calls it
PAGES = tuple(TITLES)  # the first one is also at ""
