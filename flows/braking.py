"""The brake within the loop: what a step counts against, what is held, and what a dry run can say of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from threading import Lock

from connectors.contract import Missing
from flows.wording import counted
from mappings import config
from mappings.brake import (
    CHANGES,
    CONTESTED,
    CREATES,
    DELETIONS,
    FIELD,
    INFERRED,
    NAMES,
    REMOVALS,
    SAYS,
    mark_of,
    told,
    what_of,
)
from mappings.model import AccountId, Desired, Step, Subject
from state.store import Braked, Cause, Hold, Lease, Limit, Store, Todo


def limits_of(brake: config.Brake) -> dict[str, Limit]:
    """Kind -> how many of it in 24 hours."""
    shares = {REMOVALS: brake.removals, INFERRED: brake.inferred, CHANGES: brake.bursts, CREATES: brake.bursts}
    limits = {kind: Limit(kind, found.floor, found.share) for kind, found in shares.items()}
    return {**limits, DELETIONS: Limit(DELETIONS, brake.instance_deletions_a_day)}


def hold_of(step: Step, account: AccountId, kind: str, since: int) -> Hold:
    """What this step is known as while it is held."""
    return Hold(step.target, step.subject, what_of(step), kind, account, mark_of(step), told(step), since)


def _kind(step: Step, cause: Cause) -> str:
    """The limit that counts; empty for none. What an adoption report showed was accepted with it; what a sweep or a new
    configuration takes away was said by nobody."""
    if step.brake == DELETIONS:
        return DELETIONS
    if cause == "accepted":
        return ""
    return INFERRED if step.brake == REMOVALS and cause == "inferred" else step.brake


class Brakes:
    """For one worker. ``now`` is the mapping clock."""

    def __init__(self, store: Store, brake: config.Brake, now: Callable[[], int]) -> None:
        self._store, self._now, self._limits = store, now, limits_of(brake)
        self._missing: dict[str, int] = {}
        self._telling = Lock()

    def limit(self, lease: Lease, step: Step) -> tuple[Limit | None, Hold | None]:
        """What this step counts against, and what it is held as where a person has to approve it."""
        kind = _kind(step, lease.cause)
        if not kind:
            return None, None
        held = None if kind == DELETIONS else hold_of(step, lease.account_id, kind, self._now())
        return self._limits[kind], held

    def hold(self, lease: Lease, step: Step, error: Braked) -> str:
        """Keep it, and tell; returns what of the subject is held."""
        held = hold_of(step, lease.account_id, error.kind, self._now())
        self._store.hold(lease, held, _line(held, error.most))
        return held.what

    def look_again(self) -> None:
        """Names that this worker missed may be there by now."""
        self._missing.clear()

    def must_exist(self, step: Step) -> None:
        """Raises Missing for a name that this worker has not found before."""
        if step.operation == "add" and step.member[1] in self._missing:
            raise Missing(step.member[1])

    def hold_name(self, lease: Lease, step: Step, name: str) -> str:
        """Whatever needs a deleted name waits; one line tells of all. Returns what of the subject is held."""
        held = hold_of(step, lease.account_id, NAMES, self._now())
        with self._telling:  # So that the line counts what other threads hold.
            if name not in self._missing:
                self._missing[name], _ = self._store.needing(step.target, *step.member)
            many = self._missing[name] + self._store.waiting(held)
            self._store.hold(lease, held, deleted_tag(step.target, name, many, self._now()))
        return held.what

    def hold_field(self, lease: Lease, desired: Desired, name: str) -> str:
        """A contested field is not written; one line for each field tells of all. Returns what of the subject is
        held."""
        what = f"{FIELD}{name}"
        says = f"{name} is left to others, who keep overwriting it"
        held = Hold(desired.target, desired.subject, what, CONTESTED, lease.account_id, "", says, self._now())
        with self._telling:
            many = counted(self._store.waiting(held, accounts=True), "account", "keeps", "keep")
            reason = f"others keep overwriting {name} there: {many} what they wrote"
            proposal = "find out who writes it, and have one of us stop; then `retry` writes ours again"
            self._store.hold(lease, held, Todo("held", what, desired.target, reason, proposal, self._now()))
        return what

    def ease(
        self,
        lease: Lease,
        still: Collection[tuple[str, Subject, str]],
        targets: Collection[str],
        unsettled: Collection[tuple[str, Subject]],
    ) -> None:
        """What was held of this account in ``targets`` and is not wanted any more, or was done; of what is
        ``unsettled`` nobody knows."""
        known = [h for h in self._store.holds(lease.account_id) if h.target in targets]
        sure = [h for h in known if (h.target, h.subject) not in unsettled]
        gone = [h for h in sure if (h.target, h.subject, h.what) not in still]
        if gone:
            self._store.drop_holds(gone)


def deleted_tag(target: str, name: str, many: int, now: int) -> Todo:
    """``many``: who wore it and who waits for it. The reason stays the same, so that a person is told once."""
    people = counted(many, "contact", "is", "are")
    proposal = f"make it again ({people} to wear it), or `instep tags retire {name}` to use it no more"
    command = f"instep tags restore {name}"
    reason = f"the tag {name} was deleted there: nobody gets it"
    return Todo("held", f"tag:{name}", target, reason, proposal, since=now, command=command)


def _line(held: Hold, most: int) -> Todo:
    reason = f"held by the brake: {held.says}; more than {most} {SAYS[held.kind]} within 24 hours"
    proposal = f"approve it if it is meant; `instep approve --kind {held.kind}` for all of them"
    command = f"instep approve {held.account_id}"
    return Todo(
        "held", held.subject, held.target, reason, proposal, held.since, account_id=held.account_id, command=command
    )


class Foresight:
    """For a dry run over many accounts: which steps would be held, after all those planned before. ``changed``: so is
    the configuration."""

    def __init__(self, store: Store, brake: config.Brake, now: int, changed: bool = False) -> None:
        self._store, self._limits = store, limits_of(brake)
        self._usual: Cause = "inferred" if changed else ""
        self._causes = {} if changed else store.causes()
        self._held = {(h.target, h.subject, h.what): h for h in store.holds()}
        self._counted = store.counted(now)
        self._spent = Counter((kind, target) for kind, target, _ in self._counted)
        self._most: dict[tuple[str, str], int] = {}

    def holds(self, account: AccountId, step: Step) -> str:
        """The kind of limit that holds this step; empty where it would be sent."""
        kind = _kind(step, self._causes.get(account, self._usual))
        if not kind:
            return ""
        known = self._held.get((step.target, step.subject, what_of(step)))
        if known and known.mark == mark_of(step):
            return "" if known.approved_by else known.kind
        if known and known.kind == kind:
            return kind
        counted = (kind, step.target, step.subject)
        if counted in self._counted:
            return ""
        pair = (kind, step.target)
        if pair not in self._most:
            self._most[pair] = self._store.allowed(self._limits[kind], step.target)
        if self._spent[pair] >= self._most[pair]:
            return kind
        self._spent[pair] += 1
        self._counted.add(counted)
        return ""
