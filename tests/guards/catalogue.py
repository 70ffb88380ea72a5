"""The rows of catalogue.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


@dataclass(frozen=True, slots=True)
class Edit:
    """Takes a guard out: ``old``, which stands in ``file`` exactly once, becomes ``new``."""

    file: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        """Raises LookupError where ``old`` is not there exactly once."""
        text = (root / self.file).read_text()
        if text.count(self.old) != 1:
            raise LookupError(f"{self.file} has {text.count(self.old)} times: {self.old}")
        (root / self.file).write_text(text.replace(self.old, self.new))


@dataclass(frozen=True, slots=True)
class Row:
    """``tests``: pytest node ids; the first of them fails without ``guard``."""

    number: int
    fault: str
    holds: str
    tests: tuple[str, ...]
    guard: tuple[Edit, ...]


def rows() -> list[Row]:
    found = tomllib.loads((HERE / "catalogue.toml").read_text())["row"]
    return [
        Row(
            one["number"],
            one["fault"],
            one["holds"],
            tuple(one["tests"]),
            tuple(Edit(**edit) for edit in one.get("guard", ())),
        )
        for one in found
    ]
