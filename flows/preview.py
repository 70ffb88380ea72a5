"""The dry run: what a sync would send for one account, step by step, without sending or storing anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from flows.braking import Foresight
from flows.gathering import gather
from flows.wiring import Systems, TargetLine
from mappings.brake import mark_of
from mappings.lifecycle import life
from mappings.model import AccountFacts, AccountId, Desired, Later, Link, RequestId, Scalar, Step, Subject, Value
from mappings.plan import fold, leave_out, next_step, version_of
from state.store import Store

Links = dict[tuple[str, Subject], Link]


@dataclass(frozen=True, slots=True)
class Planned:
    """One step that a sync would take. ``then``: only once something before it has become ready. ``before``: what the
    target holds now of the values sent. ``held``: the limit because of which the brake would hold it. ``mark``: of the
    step as the brake knows it."""

    account_id: AccountId
    step: Step
    then: bool = False
    before: Mapping[str, Scalar] = field(default_factory=dict)
    held: str = ""
    mark: str = ""


def preview(
    store: Store,
    systems: Systems,
    account: AccountId,
    now: int,
    born_at: int,
    salt: str,
    foresight: Foresight | None = None,
) -> list[Planned]:
    """All steps for ``account`` in the order of a sync. What earlier steps would bring is folded into later ones.
    ``foresight``: what the brake would hold; without it nothing is."""
    domains = systems.config.trials.one_per_domain
    facts = gather(store, account, born_at, systems.pseudonyms, domains, systems.tickets, planned=True)
    links: Links = {}
    planned: list[Planned] = []
    seen: set[RequestId] = set()
    while True:
        facts, turn = _turn(store, systems, facts, links, now, salt, foresight)
        planned += turn
        asked = life(facts, systems.config, systems.catalog, now, systems.managed).accepted
        new = {accepted.request.request_id for accepted in asked} - seen
        if not new or not turn:
            return planned
        seen |= new


def _turn(
    store: Store,
    systems: Systems,
    facts: AccountFacts,
    links: Links,
    now: int,
    salt: str,
    foresight: Foresight | None,
) -> tuple[AccountFacts, list[Planned]]:
    """Every target once; requests are carried out one a turn."""
    planned: list[Planned] = []
    then = False
    for line in systems.targets:
        if systems.mode(line.target.name) == "off":
            continue
        current = life(facts, systems.config, systems.catalog, now, systems.managed, systems.zone)
        brake = foresight if systems.mode(line.target.name, facts.account_id) == "on" else None
        steps: list[Planned] = []
        for desired in line.wanted(facts, current, systems.config):
            steps += _steps(store, line, facts, desired, links, salt, brake)
        planned += [replace(step, then=then) for step in steps]
        sent = [one.step for one in steps if not one.held]
        for step in sent:
            facts = line.expect(facts, step, now) if line.expect else facts
        then = then or (line.unfinished and bool(sent))
    return facts, planned


def _steps(
    store: Store,
    line: TargetLine,
    facts: AccountFacts,
    desired: Desired,
    links: Links,
    salt: str,
    foresight: Foresight | None,
) -> Iterator[Planned]:
    key = (desired.target, desired.subject)
    link = links.get(key) or _link(store, line, facts, desired)
    if desired.problem or _waits(store, link, desired):
        return
    while step := next_step(desired, link, salt):
        before = {name: link.values.get(name) for name in step.values}
        held = foresight.holds(facts.account_id, step) if foresight else ""
        named = replace(step, values=_named(store, step.values, links))
        yield Planned(facts.account_id, named, before=before, held=held, mark=mark_of(step))
        if held and step.whole:
            break
        desired, link = (leave_out(desired, step), link) if held else (desired, fold(link, step))
    links[key] = link


def _waits(store: Store, link: Link, desired: Desired) -> bool:
    """It was refused as it is, or a person has to say first who it is there."""
    if link.state != "parked":
        return False
    if link.parked_for == version_of(desired):
        return True
    return not link.external_id and store.in_conflict(link.subject, link.target)


def _link(store: Store, line: TargetLine, facts: AccountFacts, desired: Desired) -> Link:
    """The stored one, or what the facts say is held."""
    key = (desired.target, desired.subject)
    link = store.links([desired.subject]).get(key) or Link(*key)
    if successor := line.successor(facts, desired, link):
        return replace(link, external_id=successor.external_id, values=successor.values, state="ok")
    if line.held and (line.fetched or not link.external_id) and (held := line.held(facts, desired)):
        link = replace(link, external_id=held.external_id, values={**link.values, **held.values})
    return link


def _named(store: Store, values: Mapping[str, Value], links: Links) -> dict[str, Value]:
    """Ids that are not known yet are shown by what they will name."""
    named: dict[str, Value] = {}
    for name, value in values.items():
        if isinstance(value, Later):
            key = (value.target, value.subject)
            link = links.get(key) or store.links([value.subject]).get(key)
            value = link.external_id if link and link.external_id else f"({value.target} {value.subject})"
        named[name] = value
    return named
