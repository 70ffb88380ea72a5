"""One line a source, one line a target: what connects a connector class with its mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from connectors.contract import Source, Target
from flows.pseudonyms import Pseudonyms
from flows.tickets import Tickets
from mappings.catalog import Catalog
from mappings.config import Config
from mappings.exclusion import excluded
from mappings.lifecycle import Life
from mappings.model import AccountFacts, AccountId, Desired, Fact, Held, Link, Mode, Name, Record, Step

Wanted = Callable[[AccountFacts, Life, Config], Iterable[Desired]]


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source and how its records become facts. ``steady``: kinds of fact that do not vanish all at once; where
    most of them do, the source is out of order."""

    source: Source
    facts: Callable[[Record], list[Fact]]
    steady: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class TargetLine:
    """A target and what it should hold.

    ``held``: what the facts say it holds; asked when a Link is born, and at every plan when ``fetched`` (what was
    fetched replaces what we believed). ``left``: whether the facts say that what has this id is not used any more: then
    the Link goes over to what is ``held``. ``expect``: the facts once a step was done, for a plan. ``unfinished``: an
    accepted push may still be on its way, so a plan lists what follows as "then". ``redeem``: what a create uses up.
    ``excluded_too``: an excluded account has a right to it: an answer to its requests, and to be erased. ``since``:
    what happened before (unix seconds) is known there, not told; later than our birth for a target that came later.
    ``retired``:
    deleted tags that are used no more.
    """

    target: Target
    desired: Wanted
    held: Callable[[AccountFacts, Desired], Held | None] | None = None
    left: Callable[[AccountFacts, str], bool] | None = None
    fetched: bool = False
    expect: Callable[[AccountFacts, Step, int], AccountFacts] | None = None
    unfinished: bool = False
    redeem: Callable[[AccountFacts, Step], list[tuple[str, str]]] | None = None
    excluded_too: bool = False
    since: int = 0
    retired: frozenset[str] = frozenset()

    def wanted(self, facts: AccountFacts, life: Life, config: Config) -> list[Desired]:
        """What the target should hold for this account; one that is excluded is left alone."""
        if excluded(facts, config) and not self.excluded_too:
            return []
        if self.since > facts.born_at:
            facts = replace(facts, born_at=self.since)
        found = self.desired(facts, life, config)
        return [self._without_retired(desired) for desired in found] if self.retired else list(found)

    def successor(self, facts: AccountFacts, desired: Desired, link: Link) -> Held | None:
        """What the Link goes over to; None where it stays, also while something is pending of what it names."""
        if not (self.left and self.held) or link.pending_key or not self.left(facts, link.external_id):
            return None
        return self.held(facts, desired)

    def _without_retired(self, desired: Desired) -> Desired:
        sets = {name: members - self.retired for name, members in desired.sets.items()}
        return replace(desired, sets=sets, keep=desired.keep | self.retired)


@dataclass(frozen=True, slots=True)
class Systems:
    """Everything connected, in the order in which it is read and written. ``zone``: the calendar of accounts that name
    none. ``pilots``: target -> the only accounts that it is on for."""

    sources: Sequence[SourceLine]
    targets: Sequence[TargetLine]
    config: Config
    catalog: Catalog
    managed: bool
    modes: Mapping[str, Mode] = field(default_factory=dict)
    pilots: Mapping[str, Sequence[AccountId]] = field(default_factory=dict)
    names: Sequence[Name] = ()
    zone: str = "UTC"
    pseudonyms: Pseudonyms = field(default_factory=Pseudonyms)
    tickets: Tickets = field(default_factory=Tickets)

    @property
    def target_names(self) -> list[str]:
        return [line.target.name for line in self.targets]

    def mode(self, target: str, account: AccountId | None = None) -> Mode:
        """For anybody, or for ``account``: a target that is on for pilots watches everybody else."""
        mode = self.modes.get(target, "watch")
        left_out = account is not None and target in self.pilots and account not in self.pilots[target]
        return "watch" if mode == "on" and left_out else mode

    def source_of(self, kind: str) -> SourceLine | None:
        """The source that fetches roots of this kind."""
        return next((line for line in self.sources if kind in line.source.kinds), None)
