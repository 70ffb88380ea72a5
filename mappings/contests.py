"""Fields that others keep overwriting: found out, left as they are, and over once both sides hold the same."""

from __future__ import annotations

from dataclasses import replace

from mappings.model import Desired, Held, Link
from mappings.plan import differs

DAY = 86_400


def overwritten(link: Link, held: Held, desired: Desired) -> frozenset[str]:
    """Fields that we have written and that hold something else now, though nothing of ours is on its way there. What is
    always sent whole, a state that follows in its own time, is nobody's to overwrite."""
    if desired.whole or link.acknowledged_at is None or link.pending_key or held.external_id != link.external_id:
        return frozenset()
    known = desired.values.keys() & held.values.keys() & link.values.keys()
    return frozenset(name for name in known if differs(link.values[name], held.values[name]))


def with_overwritings(link: Link, held: Held, desired: Desired, now: int) -> Link:
    """The Link that remembers what was ``overwritten`` when it was read; a contested field stays so, however long."""
    recent = {name: [at for at in times if at > now - DAY] for name, times in link.overwritten.items()}
    again = {name: [*recent.get(name, ()), now] for name in overwritten(link, held, desired) - link.contested}
    contested = {name: times for name, times in link.overwritten.items() if name in link.contested}
    return replace(link, overwritten={name: times for name, times in (recent | again | contested).items() if times})


def left_to_others(link: Link, desired: Desired) -> list[str]:
    """Contested fields that should hold something else."""
    there = sorted(link.contested & desired.values.keys())
    return [name for name in there if differs(desired.values[name], link.values.get(name))]


def concluded(link: Link, desired: Desired) -> Link:
    """Without the contests that are over: both sides hold the same. If it begins again within a day, so does this."""
    over = (link.contested & desired.values.keys()) - set(left_to_others(link, desired))
    return replace(link, overwritten={n: times[-1:] if n in over else times for n, times in link.overwritten.items()})
