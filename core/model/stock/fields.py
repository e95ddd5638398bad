"""The fields of a foreign JSON object, taken one by one with a clear word about each that is not what it must be."""

import math
from collections.abc import Mapping
from typing import Any

from core.model.description import CheckpointError


class Fields:
    """A JSON object that is read field by field; null counts as left out. `prefix`: where it stands, for messages."""

    def __init__(self, given: Mapping[str, Any], prefix: str = "") -> None:
        self.given, self.prefix = given, prefix

    def __contains__(self, name: str) -> bool:
        return name in self.given

    def get(self, name: str, otherwise: Any = None) -> Any:  # noqa: ANN401 (JSON)
        value = self.given.get(name)
        return otherwise if value is None else value

    def whole(self, *names: str, otherwise: int | None = None) -> int:
        """The first of these fields that is there: a whole number."""
        for name in names:
            if (value := self.given.get(name)) is not None:
                if type(value) is not int:
                    raise self.wrong(name, "a whole number")
                return value
        if otherwise is None:
            raise CheckpointError(f"config.json lacks {self.prefix}{names[0]}")
        return otherwise

    def number(self, name: str, otherwise: float | None = None) -> float:
        value = self.given.get(name)
        if value is None and otherwise is not None:
            return otherwise
        if value is None:
            raise CheckpointError(f"config.json lacks {self.prefix}{name}")
        if type(value) not in (int, float) or not math.isfinite(value):
            raise self.wrong(name, "a number")
        return float(value)

    def flag(self, name: str, otherwise: bool) -> bool:
        value = self.get(name, otherwise)
        if type(value) is not bool:
            raise self.wrong(name, "true or false")
        return value

    def table(self, name: str) -> Mapping[str, Any]:
        value = self.get(name, {})
        if not isinstance(value, dict):
            raise self.wrong(name, "a table of fields")
        return value

    def demand(self, allowed: Mapping[str, tuple[Any, ...]]) -> None:
        """CheckpointError for the first field with a value that is none of those it may have."""
        for name, values in allowed.items():
            if (value := self.given.get(name)) not in values:
                raise CheckpointError(
                    f"config.json has {self.prefix}{name} {str(value)[:60]!r}, which Glassbox does not compute"
                )

    def wrong(self, name: str, wanted: str) -> CheckpointError:
        return CheckpointError(
            f"config.json has {self.prefix}{name} {str(self.given.get(name))[:60]!r}, and {wanted} is needed"
        )
