"""docs/first-day.md as its reader follows it: the commands of the day, and what a hand writes into instep.toml."""

from __future__ import annotations

import shlex
from itertools import takewhile
from pathlib import Path

Command = tuple[str, ...]

PAGE = Path(__file__).parents[2] / "docs" / "first-day.md"
# They ask, and are told so.
ASKING = (("init", "--product"), ("go-live",))


def commands() -> list[Command]:
    """In their order, word by word without ``instep``."""
    return [tuple(shlex.split(line)[1:]) for line in _block("The whole day in ten commands")]


def preparing() -> list[Command]:
    """Those before the adoption."""
    return list(takewhile(lambda command: command[0] != "adopt", commands()))


def agreed(command: Command) -> Command:
    """With the yes that a person types."""
    return (*command, "--yes") if any(command[: len(words)] == words for words in ASKING) else command


def by_hand() -> str:
    """What `check` asks for, for instep.toml."""
    return "\n" + "\n".join(_block("ours gets another name")) + "\n"


def _block(after: str) -> list[str]:
    """The first indented lines behind these words."""
    lines = PAGE.read_text("utf-8").partition(after)[2].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("    "))
    return [line.strip() for line in takewhile(lambda line: line.startswith("    "), lines[start:])]
