"""What is believed of a target: the Link as stored, as read, and after whatever went wrong.

Every change of a Link that is no acknowledged push goes through here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from connectors.contract import Ambiguous, Gone, Rejected, Target, Unknown
from flows.gathering import REJECTED
from flows.journaling import Journal
from flows.outcomes import Outcome, Result
from flows.wiring import TargetLine
from mappings.adoption import MATCH_EMAIL, conflict
from mappings.contests import overwritten, with_overwritings
from mappings.deciding import CONTACTS, CREATE, IGNORE, RETRY
from mappings.intents import concerned, done
from mappings.model import (
    AccountFacts,
    Desired,
    Held,
    Later,
    Link,
    RequestId,
    Step,
    Subject,
    Undecided,
    Value,
    subject_id,
)
from state.store import Lease, Store, Todo, TodoKind


class Beliefs:
    """The Links of one run, kept under an account's lease."""

    def __init__(self, store: Store, now: Callable[[], int], journal: Journal | None = None) -> None:
        self._store, self._now, self._journal = store, now, journal
        self._sought: set[tuple[str, Subject]] = set()

    def believed(
        self,
        lease: Lease,
        line: TargetLine,
        facts: AccountFacts,
        desired: Desired,
        proved: bool,
        watch: bool,
        result: Result,
    ) -> Link:
        """The stored Link; born from, or overruled by, what was fetched. Raises Claimed."""
        link = self.latest(desired)
        if successor := line.successor(facts, desired, link):
            return self._go_over(lease, desired, link, successor, proved, watch, result)
        if line.held is None or (link.external_id and not line.fetched):
            return link
        held = line.held(facts, desired)
        if held is None or (link.pending_key and link.external_id):
            return link
        if not watch and link.state == "ok" and overwritten(link, held, desired):
            return replace(link, state="doubted")  # A fact may be late; the target itself is asked.
        if held.pending:
            result.outcome, result.pending_since = Outcome.WAITING, link.acknowledged_at or self._now()
        believed = replace(
            link, external_id=held.external_id, values={**link.values, **held.values},
            state=link.state if link.unsure or link.state == "parked" else "pending" if held.pending else "ok",
        )  # fmt: skip
        if believed != link and not watch:
            return self._adopt(lease, link, believed, held, desired)
        return believed

    def _go_over(
        self, lease: Lease, desired: Desired, link: Link, held: Held, proved: bool, watch: bool, result: Result
    ) -> Link:
        """Nothing of what the one before held is believed of another object; only a look made just now shows that."""
        fresh = replace(link, external_id=held.external_id, values={}, sets={}, overwritten={}, state="ok")
        if watch:
            return replace(fresh, values=held.values)
        if not proved:
            result.outcome, result.retry, result.unproved = Outcome.WAITING, True, True
            return link
        return self.adopt(lease, desired, fresh, held)

    def latest(self, desired: Desired) -> Link:
        links = self._store.links([desired.subject])
        return links.get((desired.target, desired.subject)) or Link(desired.target, desired.subject)

    def must_read(self, link: Link, target: Target) -> bool:
        """A foreign pending key or a Link in doubt: the target is read before anything else is sent."""
        if target.kind == "message":
            return False
        return link.unsure or bool(link.pending_key and link.external_id)

    def read(self, lease: Lease, target: Target, desired: Desired, link: Link) -> Link:
        held = self.find(target, desired, link, link.pending_since)
        if held is None:
            return self.after_gone(lease, target, desired, link)
        known = with_overwritings(link, held, desired, self._now()) if link.state == "doubted" else link
        return self.adopt(lease, desired, known, concerned(link, held))

    def find(self, target: Target, desired: Desired, link: Link, since: int | None) -> Held | None:
        """Asked with the id that the Link names, and the ids of what other targets made, where they are known."""
        values = self.resolve(desired.values) or desired.values
        if desired.once and link.pending_body:  # Where it may have been made, whatever a new one would say.
            values = {**values, **link.pending_body}
        sure = {**desired.beside, MATCH_EMAIL: False} if self._shared(desired) else desired.beside
        try:
            return target.find(replace(desired, values=values, beside=sure, external_id=link.external_id), since)
        except Ambiguous:
            # A person decided that nobody there is meant.
            if self._store.decided([desired.subject], desired.target).get(desired.subject) == CREATE:
                return None
            raise

    def _shared(self, desired: Desired) -> bool:
        """An e-mail that several users have says nothing of who a contact is."""
        if not desired.beside.get(MATCH_EMAIL):
            return False
        key = f"email:{str(desired.values.get('email')).casefold()}"
        return len(self._store.offering([key]).get(key, {})) > 1

    def look_for(self, lease: Lease, target: Target, desired: Desired, link: Link, result: Result) -> Link:
        """What must be there already becomes ours. Raises Rejected where it is not."""
        held = self.find(target, desired, link, None)
        if held is None:
            raise Rejected(f"{target.name}: what the product names is not there, and no other one is made")
        result.changed |= {held.changed} if held.changed else set()
        result.outcome = Outcome.APPLIED
        result.pending_since = self._now() if held.pending else None
        return self.adopt(lease, desired, link, held)

    def adopt(self, lease: Lease, desired: Desired, link: Link, held: Held, before: Link | None = None) -> Link:
        """What was read replaces what was believed; the next update gets a new key. ``before``: the Link as it was when
        this visit came, where that has written down its own intent since. A set whose members are accounts
        is read only as far as it should hold them, so what we had put there and is to be taken off stays believed."""
        unread = {name: set(link.sets.get(name, ())) - desired.sets.get(name, frozenset()) for name in desired.ids}
        sets = dict(link.sets) | {
            name: tuple(sorted({*members, *unread.get(name, ())})) for name, members in held.sets.items()
        }
        read = replace(
            link,
            external_id=held.external_id,
            values={**link.values, **held.values},
            sets=sets,
            sent={**link.sent, **held.sent},
            state="ok",
            parked_for="",
            sequence=link.sequence + 1,
        )
        return self._adopt(lease, before or link, read, held, desired)

    def born(self, lease: Lease, link: Link, held: Held, desired: Desired) -> Link:
        """Known by what was fetched."""
        values = {**link.values, **held.values}
        return self._adopt(
            lease, link, replace(link, external_id=held.external_id, values=values, state="ok"), held, desired
        )

    def _adopt(self, lease: Lease, before: Link, read: Link, held: Held, desired: Desired) -> Link:
        """With a line in the journal where it shows that a push was done whose answer nobody has heard."""
        sent = done(before, held, desired)
        if sent is None or self._journal is None or self._store.journaled(sent.key):
            return self._store.adopt(lease, read, held.changed, now=self._now())
        line = self._journal.line(before, sent, held)
        adopted = self._store.adopt(lease, read, held.changed, now=self._now(), journal=[line])
        self._journal.count(before.target)
        return adopted

    def after_unknown(self, lease: Lease, target: Target, desired: Desired, error: Unknown) -> Link:
        """A message is repeated later under its key, or dropped; a state is read at the next turn of the loop."""
        link = self.latest(desired)
        if target.unknown == "repeat":
            raise error
        if link.external_id or not error.stored or target.unknown == "drop":
            return link
        held = self.find(target, desired, link, link.pending_since)
        if held is not None:
            return self.adopt(lease, desired, link, held)
        return self._store.adopt(lease, replace(link, attempt=link.attempt + 1))

    def drop(self, lease: Lease, desired: Desired, link: Link) -> Link:
        """A message that may have been sent, by us or by whoever had the account before, counts as sent."""
        sent = next((o for o in desired.occurrences if link.pending_key.endswith(f":{o.key}")), None)
        name = link.external_id or f"({desired.target} {desired.subject})"
        held = Held(name, sent={sent.key: sent.at} if sent else {})
        return self.adopt(lease, desired, link, held, replace(link, pending_key=""))

    def after_gone(self, lease: Lease, target: Target, desired: Desired, link: Link) -> Link:
        """What the Link names is not there: make it again where that is allowed, else a person decides."""
        again = target.gone == "recreate" or (target.gone == "once" and link.attempt == 1)
        reason = f"{target.name}: {link.external_id or desired.subject} is no longer there"
        if not again:
            raise Gone(f"{reason}; not made again")
        told = self._line(lease, link, f"{reason}; made again once", "gone", decision=IGNORE)
        line = told if target.gone != "recreate" else None
        return self._store.adopt(lease, Link(link.target, link.subject, attempt=link.attempt + 1), line=line)

    def sought(self, lease: Lease, target: Target, step: Step) -> bool:
        """Whoever a message is for is not there any more: another one may be by now, or is made again. True where that
        will be read before the message is sent again, once in a run."""
        to = {(value.target, value.subject) for value in step.values.values() if isinstance(value, Later)}
        if target.kind != "message" or to <= self._sought:
            return False
        self._sought |= to
        reason = "whoever was to be told is not there"
        doubted = self._store.doubt(sorted(to), self._now(), reason)
        if doubted:  # Another account may have written them last.
            self._store.mark([lease.account_id], self._now(), reason)
        return doubted

    def resolve(self, values: Mapping[str, Value]) -> dict[str, Value] | None:
        """Ids of what other targets made; None while one of them is not there yet."""
        resolved: dict[str, Value] = {}
        for name, value in values.items():
            if isinstance(value, Later):
                found = self._store.links([value.subject]).get((value.target, value.subject))
                if found is None or not found.external_id:
                    return None
                value = found.external_id
            resolved[name] = value
        return resolved

    def park(self, lease: Lease, link: Link, mark: str, reason: str, watch: bool, kind: TodoKind = "parked") -> None:
        """Only this Link, until what it should hold changes; without a ``mark`` until the next look."""
        if watch:
            return
        decision = RETRY if kind in ("parked", "gone") else ""
        self._park(lease, link, mark, self._line(lease, link, reason, kind, decision=decision))

    def _park(self, lease: Lease, link: Link, mark: str, line: Todo) -> None:
        """In one commit with its line: a parked Link is passed over from then on."""
        self._store.adopt(lease, replace(link, state="parked", parked_for=mark), line=line)

    def conflict(self, lease: Lease, link: Link, mark: str, error: Ambiguous, watch: bool) -> None:
        """Parked; a person chooses among the candidates, or neither."""
        if watch:
            return
        contacts = link.target == CONTACTS
        asked = conflict(error.reason, error.candidates) if contacts else Undecided(str(error), decision=RETRY)
        self._park(lease, link, mark, self._line(lease, link, asked.reason, "conflict", asked.proposal, asked.decision))

    def _line(
        self, lease: Lease, link: Link, reason: str, kind: TodoKind, proposal: str = "", decision: str = ""
    ) -> Todo:
        return Todo(
            kind, link.subject, link.target, reason, proposal, self._now(),
            account_id=lease.account_id, decision=decision,
        )  # fmt: skip

    def give_back(self, lease: Lease, desired: Desired, reason: str) -> None:
        """A refused create has used nothing up. It is parked, a later one has another key, and its request answered."""
        link = self.latest(desired)
        refused = replace(link, state="parked", parked_for=REJECTED, attempt=link.attempt + 1)
        line = self._line(lease, link, reason, "parked", decision=IGNORE)
        self._store.adopt(lease, refused, release=RequestId(subject_id(desired.subject)), line=line)
        self._store.mark([lease.account_id], self._now(), "a request's create was refused")
