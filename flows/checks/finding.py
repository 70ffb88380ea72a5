"""The shape of everything that `check` finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``text`` says what is so and, unless it is ok, what to do; ids only."""

    about: str
    level: Level
    text: str


Findings = Iterator[Finding]
