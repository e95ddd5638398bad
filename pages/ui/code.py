"""The Python behind a figure: how it comes by model, text and trace, and the value that it gives, which the page shows.

    view.code.gives("trace.embed", embed)
    view.code.with_import("core.analysis.stream.lens", "logit_lens").gives("logit_lens(…).top", top)

Of the imports and the first lines only those are written that the lines below them need. tests/pages/test_code.py runs
the code of every figure and compares what it gives with `value`.
"""

import ast
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache


class Timed(float):
    """Seconds, or what was reckoned from them: the same code gives others each time."""


@dataclass(frozen=True, eq=False)
class Code:
    """imports: (module, name), name "" for the module itself. head: assignments, each on a line of its own. body: the
    lines after them; the last is an expression. value: what it gives, as the page shows it, or a function that works
    that out where the page itself does not."""

    imports: tuple[tuple[str, str], ...] = ()
    head: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    value: object = None

    def with_import(self, module: str, *names: str) -> "Code":
        """With names imported from a module, or the module itself."""
        return replace(self, imports=(*self.imports, *((module, name) for name in names or ("",))))

    def with_lines(self, *lines: str) -> "Code":
        """With further assignments, each written only where it is needed."""
        return replace(self, head=(*self.head, *lines))

    def then(self, *lines: str) -> "Code":
        """With lines that are always written."""
        return replace(self, body=(*self.body, *lines))

    def gives(self, expression: str, value: object) -> "Code":
        """Whole: `expression` is `value`, which the page shows."""
        return replace(self, body=(*self.body, expression), value=value)

    @cached_property
    def text(self) -> str:
        """What a visitor copies."""
        lines = list(self.body)
        needed = set(_names("\n".join(lines)))
        for line in reversed(self.head):
            if _names_set_by(line) & needed:
                lines.insert(0, line)
                needed |= _names(line)
        modules: dict[str, list[str]] = {}
        for module, name in dict.fromkeys(self.imports):
            if (name or module.partition(".")[0]) in needed:
                modules.setdefault(module, []).append(name)
        imports = [
            f"from {module} import {', '.join(sorted(names))}" if names[0] else f"import {module}"
            for module, names in sorted(modules.items())
        ]
        return "\n".join([*imports, *[""] * bool(imports), *lines])


def reading_code(name: str, step: int, ids: str, interventions: str = "") -> Code:
    """Loads a model, changed or as it was learned, and traces a text: `checkpoint`, `tokenizer`, `ids`, `trace`.
    `ids` is the expression that gives them (`Prepared.python`)."""
    lines = (
        f"checkpoint = load_checkpoint({name!r}, step={step})",
        *([f"checkpoint = intervene(checkpoint, {interventions!r})"] if interventions else []),
        "tokenizer = checkpoint.tokenizer",
        f"ids = {ids}",
        "trace = run_trace(checkpoint.model, ids)",
    )
    code = Code(head=lines).with_import("core.model", "load_checkpoint", "run_trace")
    return code.with_import("core.analysis.interventions.intervene", "intervene")


@lru_cache(maxsize=2048)
def _names(lines: str) -> frozenset[str]:
    """Every name that the lines mention."""
    return frozenset(node.id for node in ast.walk(ast.parse(lines)) if isinstance(node, ast.Name))


@lru_cache(maxsize=2048)
def _names_set_by(line: str) -> frozenset[str]:
    names = (node for node in ast.walk(ast.parse(line)) if isinstance(node, ast.Name))
    return frozenset(node.id for node in names if isinstance(node.ctx, ast.Store))
