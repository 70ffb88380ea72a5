"""Names in Intercom: made before they are used, and never taken from others unasked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.contract import Declaration, Declares, Tagged
from flows.asking import ask
from flows.settings import Failed
from flows.wiring import Systems
from mappings.model import Name


def declare(systems: Systems) -> dict[str, str]:
    """Make every tag and attribute that the targets which are on need; returns the ids of all tags (House.tags)."""
    tags: dict[str, str] = {}
    for target in _declaring(systems):
        ask("Intercom", lambda target=target: target.declare(systems.names))  # type: ignore[misc]
        tags |= target.tag_ids if isinstance(target, Tagged) else {}
    return tags


def follow_tags(systems: Systems, ids: Mapping[str, str]) -> None:
    """What was declared before (House.tags): those that are gone are not made again."""
    for line in systems.targets:
        if isinstance(line.target, Tagged):
            line.target.follow_tags(ids)


def claim(systems: Systems, ours: Collection[str]) -> list[str]:
    """``ours`` (House.names) and what ``declare`` will make: to be stored before it does, so that a start in between
    does not take it for somebody else's. Raises Failed naming what is in the way or was made by others."""
    found = survey(_declaring(systems), systems.names, ours)
    if found.hindrances:
        raise Failed(f"{found.refused}.")
    # A house that an earlier version set up knows no names: what it declared is its own.
    if ours and found.foreign:
        raise Failed(
            f"{found.foreign[0]} exists in Intercom and was not made here. Rename it in [names] of instep.toml, or use "
            "what is there: `instep adopt`, then `instep go-live --accept-names`."
        )
    return sorted({*ours, *found.foreign, *found.missing})


def names_wait(systems: Systems, unreachable: Collection[str]) -> bool:
    """Whether a system that names have to be made in cannot be reached."""
    on = [line.target for line in systems.targets if systems.mode(line.target.name) == "on"]
    return any(isinstance(target, Declares) and target.system in unreachable for target in on)


def _declaring(systems: Systems) -> list[Declares]:
    lines = [line.target for line in systems.targets if systems.mode(line.target.name) == "on"]
    return [target for target in lines if isinstance(target, Declares)]


@dataclass(slots=True)
class Survey:
    """Of names as House.names has them. ``foreign``: they exist already though we did not make them; ``missing``: to be
    made; ``hindrances``: what stands in the way, each with what to do."""

    foreign: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    hindrances: list[str] = field(default_factory=list)

    @property
    def refused(self) -> str:
        return f"Intercom cannot take our names: {'; '.join(self.hindrances)}"


def survey(declaring: Sequence[Declares], names: Sequence[Name], ours: Collection[str]) -> Survey:
    """What targets will meet when they declare. Nothing is made."""
    found = Survey()
    for target in declaring:
        there: Declaration = ask("Intercom", lambda target=target: target.declaration(names))  # type: ignore[misc]
        found.foreign += [spelled(name) for name in there.existing if spelled(name) not in ours]
        found.missing += [spelled(name) for name in there.missing]
        found.hindrances += [problem for problem in there.hindrances if problem not in found.hindrances]
    found.foreign.sort()
    return found


def spelled(name: Name) -> str:
    """``tag sub:active``, ``contact attribute mrr``."""
    return f"{name.kind} {name.name}" if name.kind == "tag" else f"{name.kind} attribute {name.name}"
