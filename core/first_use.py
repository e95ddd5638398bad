"""Names of a package that are imported when they are first asked for, because most of their modules need torch."""

from collections.abc import Callable, Mapping
from importlib import import_module


def on_first_use(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """The `__getattr__` of `package` (PEP 562): `homes` is the module within it for each name, as "streaming" for
    "generate". Raises AttributeError for any other name."""

    def attribute(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return attribute
