"""How many of what, in sentences."""

from __future__ import annotations


def counted(number: int, thing: str, one: str = "", more: str = "") -> str:
    """``1 line``, ``2 lines``; with verbs, ``1 line is left``, ``2 lines are left``."""
    plural = "" if number == 1 else "es" if thing.endswith(("s", "x", "ch", "sh")) else "s"
    verb = one if number == 1 else more
    return f"{number} {thing}{plural}{f' {verb}' if verb else ''}"
