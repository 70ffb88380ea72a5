"""A tag of ours that people deleted in the vendor's pages: made again for everybody, or used no more."""

from __future__ import annotations

from connectors.contract import ConnectorError, Tagged
from flows.asking import ask
from flows.braking import deleted_tag
from flows.house import Instep
from flows.looking import STRANGE
from flows.settings import Misuse

TAGS = "tags"


def restore(instep: Instep, name: str, by: str) -> int:
    """Make it again, or use the one that has its name by now; returns how many contacts get it. Raises Misuse."""
    target = _target(instep, name)
    before = instep.house.tags.get(name)
    ask("Intercom", lambda: target.restore_tag(name))
    missing, unused = target.tag_ids[name] != before, name in instep.house.retired
    if not missing and not unused:
        raise Misuse(f"The tag {name} is there: nothing is to be restored.")
    retired = [other for other in instep.house.retired if other != name]
    known = {"tags": {**instep.house.tags, **target.tag_ids}, "retired": retired}
    return instep.store.end_name(target.name, (TAGS, name), missing, by, instep.now(), known, everybody=unused)


def retire(instep: Instep, name: str, by: str) -> int:
    """Use it no more: nobody gets it, nothing is taken off. Returns how many waited for it. Raises Misuse."""
    target = _target(instep, name)
    known = {"retired": sorted({*instep.house.retired, name})}
    return instep.store.end_name(target.name, (TAGS, name), False, by, instep.now(), known)


def tell_deleted(instep: Instep) -> None:
    """One line of todo for each that somebody needs, which ends by itself where a list was wrong and the tag is there,
    or the tag is retired; those that Intercom does not tell of now are for the next run."""
    systems, store, retired = instep.systems, instep.store, {*instep.house.retired}
    for target in (line.target for line in systems.targets if systems.mode(line.target.name) == "on"):
        if not isinstance(target, Tagged) or target.system in instep.unreachable:
            continue
        try:
            lost = {*target.lost_tags()} - retired
        except (ConnectorError, *STRANGE):
            continue
        told = {line.subject for line in store.todo() if (line.kind, line.target) == ("held", target.name)}
        for name in sorted(systems.config.owned_tags):
            if name not in lost and f"tag:{name}" in told:
                store.end_name(target.name, (TAGS, name), False, "", instep.now(), {})
            elif name in lost and (many := sum(store.needing(target.name, TAGS, name))):
                store.todo_add([deleted_tag(target.name, name, many, instep.now())])


def _target(instep: Instep, name: str) -> Tagged:
    if name not in instep.systems.config.owned_tags:
        raise Misuse(f"{name} is no tag of Instep: `instep tags` lists them.")
    return next(line.target for line in instep.systems.targets if isinstance(line.target, Tagged))
