"""What a sweep or an audit found to differ, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from instep.screen import say, show, table

if TYPE_CHECKING:
    from flows.comparing import Compared, Difference

# How many ids a line shows; --json has them all.
MOST = 20


def show_compared(compared: Sequence[Compared]) -> None:
    """A line for each source or target, ids by reason, and the whole in one sentence."""
    from flows.comparing import by_reason, verdict

    if not compared:
        return
    differing = [one for one in compared if one.differences]
    if differing:
        rows = [(one.of, one.all, one.equal, len(one.differences)) for one in differing]
        show(table(("compared", "all#", "equal#", "differ#"), rows))
    for (of, reason), found in by_reason(compared).items():
        say(f"  {of}: {reason} ({len(found)}): {', '.join(_shown(one) for one in found[:MOST])}{_more(found)}")
    say(f"{verdict(compared)}.")


def _shown(difference: Difference) -> str:
    return f"{difference.id} ({', '.join(difference.what)})" if difference.what else difference.id


def _more(found: Sequence[Difference]) -> str:
    return f" and {len(found) - MOST} more" if len(found) > MOST else ""
