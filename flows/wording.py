"""How many of what, in sentences."""

from __future__ import annotations

from collections.abc import Mapping


def counted(number: int, thing: str, one: str = "", more: str = "") -> str:
    """``1 line``, ``2 lines``; with verbs, ``1 line is left``, ``2 lines are left``."""
    plural = "" if number == 1 else "es" if thing.endswith(("s", "x", "ch", "sh")) else "s"
    verb = one if number == 1 else more
    return f"{number} {thing}{plural}{f' {verb}' if verb else ''}"


def tried_again(retrying: Mapping[str, int]) -> str:
    """``retrying``: accounts by the system to blame, as in a Backlog."""
    blamed = ", ".join(sorted(system for system in retrying if system))
    why = f" ({blamed} failed)" if blamed else ""
    return f"{counted(sum(retrying.values()), 'account')} did not go through{why} and will be tried again"
